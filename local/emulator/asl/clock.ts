import { setTimeout } from 'node:timers/promises';

/** The only source of time in an execution: Wait, Retry intervals, timeouts, event timestamps, `$now()` and `$millis()`. */
export interface Clock {
  now(): Date;
  /** Resolves after `ms` milliseconds; rejects (or resolves) at once, leaving no timer, when `signal` is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * The same for a time limit of something that runs, which a clock that hurries the waits must not hurry.
   * @default sleep
   */
  limit?(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Above this, a Node timer fires immediately. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The wall clock. */
export const realClock: Clock = {
  now: () => new Date(),
  async sleep(ms, signal) {
    for (let left = ms; left > 0; left -= LONGEST_TIMER_MS) {
      await setTimeout(Math.min(left, LONGEST_TIMER_MS), undefined, { signal });
    }
  },
};

/** Sleeps; throws the signal's reason when it is aborted meanwhile. */
export async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
  signal.throwIfAborted();
}

/**
 * Gives `work` a signal that is aborted with `reason` after the limit, or with the outer signal's reason when that is
 * aborted first. The work has to heed its signal; the timer is gone when this settles.
 */
export async function withLimit<T>(
  clock: Clock,
  seconds: number | undefined,
  reason: unknown,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (seconds === undefined) return work(outer);
  const limit = new AbortController();
  const timer = new AbortController();
  const measured: Clock = {
    now: () => clock.now(),
    sleep: (ms, signal) => (clock.limit ?? clock.sleep).call(clock, ms, signal),
  };
  pause(measured, seconds * 1000, timer.signal).then(
    () => {
      limit.abort(reason);
    },
    () => undefined,
  );
  try {
    return await work(AbortSignal.any([outer, limit.signal]));
  } finally {
    timer.abort();
  }
}

/** Settles as `work` does, or rejects with the signal's reason as soon as that is aborted; leaves no listener behind. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
