import { type Clock, clockOf } from '../domain/world';
import { TimerHeap } from './timer-heap';

/** When virtual time begins, unless said otherwise: the moment does not matter. */
const START = Date.UTC(2026, 0, 5, 9, 0, 0);

/** How often the event loop turns before nothing more is taken to happen without time passing. */
const QUIET_TURNS = 2;
/** The same where Node speaks TLS, which hands things on from turn to turn: 4 are enough. */
export const QUIET_TURNS_OF_TLS = 8;

/** A clock whose time passes only while `drive` waits for something, and then at once from one timer to the next. */
export interface VirtualClock extends Clock {
  /**
   * Lets time pass until `work` is done: whenever nothing more happens by itself, the next timer is due.
   *
   * @throws Error if nothing happens any more and there is no timer: `work` would never end
   */
  drive<T>(work: Promise<T>): Promise<T>;
  /** How many timers there are. */
  readonly pending: number;
  /** Forgets all timers. */
  clear(): void;
}

/**
 * Makes a clock of its own for one simulated world.
 *
 * @param start in milliseconds since 1970
 * @param quietTurns so often the event loop turns in vain before time passes
 */
export function virtualClock(start: number = START, quietTurns = QUIET_TURNS): VirtualClock {
  const timers = new TimerHeap();
  let now = start;
  /** How many works are driven. */
  let driven = 0;
  let passing: Promise<void> | undefined;
  const clock = clockOf(
    () => now,
    (ms, action) => timers.add(now + Math.max(0, ms), action),
  );

  /** Lets time pass as long as anything is driven. */
  const pass = async (): Promise<void> => {
    for (;;) {
      for (let turn = 0; turn < quietTurns; turn++) await new Promise(setImmediate);
      if (driven === 0) return;
      const timer = timers.take();
      if (!timer) throw new Error('Virtual time stands still: nothing is waited for, and the work is not done');
      now = Math.max(now, timer.at);
      timer.action();
    }
  };

  return {
    ...clock,
    get pending() {
      return timers.size;
    },
    clear: () => {
      timers.clear();
    },
    drive: async (work) => {
      driven++;
      passing ??= pass().finally(() => (passing = undefined));
      try {
        // It ends before the work does only if time stands still.
        return await Promise.race([work, passing.then(() => work)]);
      } finally {
        driven--;
      }
    },
  };
}
