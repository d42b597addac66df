import { type Clock, clockOf } from '../domain/world';
import { TimerHeap } from './timer-heap';

/** When virtual time begins, unless said otherwise: a moment like any other. */
const START = Date.UTC(2026, 0, 5, 9, 0, 0);

/** How often the event loop turns before nothing more is taken to happen without time passing. */
const QUIET_TURNS = 2;

/** A clock whose time passes only while `drive` waits for something, and then at once from one timer to the next. */
export interface VirtualClock extends Clock {
  /**
   * Lets time pass until `work` is done: whenever nothing more happens by itself, the next timer is due.
   *
   * @throws Error where nothing happens any more and there is no timer: `work` would never end. Also while another work
   *   is driven: for both, drive `Promise.all`
   */
  drive<T>(work: Promise<T>): Promise<T>;
  /** How many timers there are. */
  readonly pending: number;
  /** Forgets all timers. */
  clear(): void;
}

/** Makes a clock of its own for one simulated world. */
export function virtualClock(start: number = START): VirtualClock {
  const timers = new TimerHeap();
  let now = start;
  let driven = false;
  const clock = clockOf(
    () => now,
    (ms, action) => timers.add(now + Math.max(0, ms), action),
  );

  const drive = async <T>(work: Promise<T>): Promise<T> => {
    let over = false;
    const done = work.finally(() => (over = true));
    // Whoever awaits `done` below hears of a failure.
    done.catch(() => undefined);
    for (;;) {
      for (let turn = 0; turn < QUIET_TURNS; turn++) await new Promise(setImmediate);
      // It is set by what has happened meanwhile.
      // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition
      if (over) return done;
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
      if (driven) throw new Error('Virtual time is driven by another work already');
      driven = true;
      try {
        return await drive(work);
      } finally {
        driven = false;
      }
    },
  };
}
