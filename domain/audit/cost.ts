import type { HistoryEvent } from './history';
import { PRICES } from './prices';
import type { Step } from './trace';

/** Memory of a function. A test holds it against the deployed ones. */
export const FUNCTION_GIGABYTES = 0.5;

/** Step Functions bills Express executions by chunks of 64 MB: 50 MB and the data, a tenth of a megabyte, are one. */
export const EXPRESS_GIGABYTES = 64 / 1024;

/** What an Express execution costs, besides its functions. A child of a distributed Map is a transition of its parent, too. */
export function expressCost(milliseconds: number): number {
  const billed = Math.ceil(milliseconds / 100) / 10;
  return PRICES.transition + PRICES.expressRequest + billed * EXPRESS_GIGABYTES * PRICES.expressGigabyteSecond;
}

/** What an execution costs, about: Lambda bills the function's own time, which the history does not tell to the millisecond. */
export interface Cost {
  readonly transitions: number;
  readonly invocations: number;
  readonly gigabyteSeconds: number;
  readonly dollars: number;
  readonly prices: { readonly asOf: string; readonly region: string };
}

/** @param look how many milliseconds it took, if it was a look of the fleet machine */
export function costOf(events: readonly HistoryEvent[], steps: readonly Step[], look: number | null): Cost {
  const entered = events.filter(({ type = '' }) => type.endsWith('StateEntered')).length;
  const attempts = steps.flatMap((step) => (step.ofFunction ? step.attempts : []));
  // Each retry is a transition, too.
  const retries = steps.reduce((sum, { attempts: all }) => sum + Math.max(0, all.length - 1), 0);
  const seconds = attempts.reduce((sum, { startedAt, endedAt = startedAt }) => sum + endedAt - startedAt, 0) / 1000;
  const transitions = look === null ? entered + retries : 1;
  const gigabyteSeconds = seconds * FUNCTION_GIGABYTES;
  const dollars =
    (look === null ? transitions * PRICES.transition : expressCost(look)) +
    gigabyteSeconds * PRICES.gigabyteSecond +
    attempts.length * PRICES.request;
  const { asOf, region } = PRICES;
  return { transitions, invocations: attempts.length, gigabyteSeconds, dollars, prices: { asOf, region } };
}
