import type { SiteConnection } from '../commands/site-connection';
import { type Before, cycle, type CycleAction, type CycleStep } from '../pacemaker/cycle';
import { startAgain, startsNowhere } from '../pacemaker/start-again';

/** A step of the cycle, or of the way back from one in which HAProxy did not come up. */
export type StepAction = CycleAction | 'start-again';

/** What came of a step. */
export interface Step extends CycleStep {
  /** Whether pacemaker has given up to start HAProxy, on every controller. */
  readonly startsNowhere: boolean;
}

/** The actions after which HAProxy is waited for. */
const STARTING: readonly StepAction[] = ['enable', 'poll-started', 'start-again'];

/**
 * Takes a step. `start-again` makes pacemaker forget that HAProxy did not start, and enables it.
 *
 * @throws the errors of `cycle` and `startAgain`
 */
export async function cycleStep(connection: SiteConnection, action: StepAction, before: Before | null): Promise<Step> {
  if (action === 'start-again') await startAgain(connection);
  const step = await cycle(connection, action === 'start-again' ? 'enable' : action, before);
  const isAwaited = STARTING.includes(action) && !step.done;
  // If nobody can tell, HAProxy is waited for.
  const nowhere = isAwaited && (await startsNowhere(connection).catch(() => false));
  return { ...step, startsNowhere: nowhere };
}
