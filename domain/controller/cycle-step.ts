import type { SiteConnection } from '../commands/site-connection';
import { type Before, cycle, type CycleAction, type CycleStep } from '../pacemaker/cycle';
import { startAgain, startsNowhere } from '../pacemaker/start-again';
import { startDown } from './start-down';

/** A step of the cycle, of the way back from one in which HAProxy did not come up, or what starts HAProxy without a cycle. */
export type StepAction = CycleAction | 'start-again' | 'start-down';

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
 * @param on where HAProxy does not run, for `start-down`
 * @throws the errors of `cycle`, `startAgain` and `startDown`
 */
export async function cycleStep(
  connection: SiteConnection,
  action: StepAction,
  before: Before | null,
  on: readonly string[] = [],
): Promise<Step> {
  if (action === 'start-down') return { ...(await startDown(connection, on)), startsNowhere: false };
  if (action === 'start-again') await startAgain(connection);
  const step = await cycle(connection, action === 'start-again' ? 'enable' : action, before);
  const isAwaited = STARTING.includes(action) && !step.done;
  // If nobody can tell, HAProxy is waited for.
  const nowhere = isAwaited && (await startsNowhere(connection).catch(() => false));
  return { ...step, startsNowhere: nowhere };
}
