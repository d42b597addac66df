import type { State } from 'aws-cdk-lib/aws-stepfunctions';
import type { StateKit } from '../../states/kit';
import type { SiteVariables } from './variables';

/** What every phase of the site machine is built from. */
export interface PhaseContext {
  readonly kit: StateKit<SiteVariables>;
  /** Where a failed execution goes on: `Release site lock`. */
  readonly release: State;
}
