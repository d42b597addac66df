import type { State } from 'aws-cdk-lib/aws-stepfunctions';
import type { StateKit } from '../../states/kit';
import type { SiteVariables } from './variables';

/** An apply that needs an authorization first looks and then changes: it enters a state of this bound twice. */
export const LOOKED_AND_DONE = { times: 2 };

/** What every phase of the site machine is built from. */
export interface PhaseContext {
  readonly kit: StateKit<SiteVariables>;
  /** Where a failed execution goes on: `Release site lock`. */
  readonly release: State;
}
