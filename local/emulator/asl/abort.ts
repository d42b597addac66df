import { setMaxListeners } from 'node:events';
import type { Clock } from '../../../domain/world';

/** A signal that follows another one and can be aborted by itself. */
export interface Inner {
  readonly signal: AbortSignal;
  abort(reason: unknown): void;
  /** Stops following; to be called when the work is over. */
  release(): void;
}

/**
 * Makes a signal that is aborted with `outer`, or before it.
 *
 * @param reason what it is aborted with when `outer` is. @default the reason of `outer`
 */
export function inside(outer: AbortSignal, reason = (): unknown => outer.reason): Inner {
  const controller = new AbortController();
  // Every iteration of a Map follows it.
  setMaxListeners(0, controller.signal);
  const follow = () => {
    controller.abort(reason());
  };
  if (outer.aborted) follow();
  else outer.addEventListener('abort', follow);
  return {
    signal: controller.signal,
    abort: (own) => {
      controller.abort(own);
    },
    release: () => {
      outer.removeEventListener('abort', follow);
    },
  };
}

/**
 * Gives `work` a signal that is aborted with what `reason` gives after the limit, or with the outer signal's reason when that is
 * aborted first. The work has to heed its signal; the timer is gone when this settles.
 */
export async function withLimit<T>(
  clock: Clock,
  seconds: number | undefined,
  reason: () => unknown,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (seconds === undefined) return work(outer);
  const inner = inside(outer);
  const cancel = clock.after(seconds * 1000, () => {
    inner.abort(reason());
  });
  try {
    return await work(inner.signal);
  } finally {
    cancel();
    inner.release();
  }
}

/** Settles as `work` does, or rejects with the signal's reason as soon as that is aborted. Its listener is removed either way. */
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
