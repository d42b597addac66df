import type { SiteConnection } from '../commands/site-connection';
import { type Before, cycle, type CycleAction, type CycleStep } from '../pacemaker/cycle';
import { startsNowhere, takeFragmentBack } from './take-back';

/** A step of the cycle, or of the way back from one in which HAProxy did not come up. */
export type StepAction = CycleAction | 'take-back';

/** What came of a step. */
export interface Step extends CycleStep {
  /** The controllers on which the fragment of before was put back. */
  readonly takenBack: readonly string[];
  /** Whether pacemaker has given up to start HAProxy, on every controller. */
  readonly startsNowhere: boolean;
}

/** The actions after which HAProxy is waited for. */
const STARTING: readonly StepAction[] = ['enable', 'poll-started', 'take-back'];

/**
 * Takes a step. `take-back` puts the fragment of before back, and enables.
 *
 * @throws the errors of `cycle` and `takeFragmentBack`
 */
export async function cycleStep(connection: SiteConnection, action: StepAction, before: Before | null): Promise<Step> {
  const takenBack = action === 'take-back' ? await takeFragmentBack(connection) : [];
  const step = await cycle(connection, action === 'take-back' ? 'enable' : action, before);
  const isAwaited = STARTING.includes(action) && !step.done;
  // If nobody can tell, HAProxy is waited for.
  const nowhere = isAwaited && (await startsNowhere(connection).catch(() => false));
  return { ...step, takenBack, startsNowhere: nowhere };
}
