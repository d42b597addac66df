import type { HistoryEvent } from './history';
import { PRICES } from './prices';
import type { Step } from './trace';

/** Memory of a function. A test holds it against the deployed ones. */
export const FUNCTION_GIGABYTES = 0.5;

/** What an execution costs, about: Lambda bills the function's own time, which the history does not tell to the millisecond. */
export interface Cost {
  readonly transitions: number;
  readonly invocations: number;
  readonly gigabyteSeconds: number;
  readonly dollars: number;
  readonly prices: { readonly asOf: string; readonly region: string };
}

export function costOf(events: readonly HistoryEvent[], steps: readonly Step[]): Cost {
  const entered = events.filter(({ type = '' }) => type.endsWith('StateEntered')).length;
  const attempts = steps.flatMap((step) => (step.ofFunction ? step.attempts : []));
  // Each retry is a transition, too.
  const retries = steps.reduce((sum, { attempts: all }) => sum + Math.max(0, all.length - 1), 0);
  const seconds = attempts.reduce((sum, { startedAt, endedAt = startedAt }) => sum + endedAt - startedAt, 0) / 1000;
  const transitions = entered + retries;
  const gigabyteSeconds = seconds * FUNCTION_GIGABYTES;
  const dollars =
    transitions * PRICES.transition + gigabyteSeconds * PRICES.gigabyteSecond + attempts.length * PRICES.request;
  const { asOf, region } = PRICES;
  return { transitions, invocations: attempts.length, gigabyteSeconds, dollars, prices: { asOf, region } };
}
