import { type Clock, clockOf } from '../domain/world';

/** When virtual time begins, unless said otherwise: a moment like any other. */
const START = Date.UTC(2026, 0, 5, 9, 0, 0);

/** How often the event loop turns before nothing more is taken to happen without time passing. */
const QUIET_TURNS = 2;

interface Timer {
  readonly at: number;
  /** Those of one moment run in the order in which they were asked for. */
  readonly order: number;
  readonly action: () => void;
}

/** A clock whose time passes only while `drive` waits for something, and then at once from one timer to the next. */
export interface VirtualClock extends Clock {
  /**
   * Lets time pass until `work` is done: whenever nothing more happens by itself, the next timer is due.
   *
   * @throws Error where nothing happens any more and there is no timer: `work` would never end
   */
  drive<T>(work: Promise<T>): Promise<T>;
  /** Forgets all timers. */
  clear(): void;
}

/** Makes a clock of its own for one simulated world. */
export function virtualClock(start: number = START): VirtualClock {
  const timers = new TimerHeap();
  let now = start;
  let orders = 0;
  const clock = clockOf(
    () => now,
    (ms, action) => {
      const timer = { at: now + Math.max(0, ms), order: orders++, action };
      timers.add(timer);
      return () => {
        timers.remove(timer);
      };
    },
  );
  return {
    ...clock,
    clear: () => {
      timers.clear();
    },
    drive: async (work) => {
      let over = false;
      const done = work.finally(() => (over = true));
      // Whoever awaits `done` below hears of a failure.
      done.catch(() => undefined);
      for (;;) {
        for (let turn = 0; turn < QUIET_TURNS; turn++) await new Promise(setImmediate);
        // It is set by what has happened meanwhile.
        // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition
        if (over) return done;
        const timer = timers.next();
        if (!timer) throw new Error('Virtual time stands still: nothing is waited for, and the work is not done');
        now = Math.max(now, timer.at);
        timer.action();
      }
    },
  };
}

/** Timers, the earliest first: a binary heap. One that is removed stays until its turn comes. */
class TimerHeap {
  readonly #heap: Timer[] = [];
  readonly #live = new Set<Timer>();

  add(timer: Timer): void {
    this.#live.add(timer);
    const heap = this.#heap;
    let index = heap.push(timer) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#before(index, parent)) break;
      this.#swap(index, parent);
      index = parent;
    }
  }

  remove(timer: Timer): void {
    this.#live.delete(timer);
  }

  next(): Timer | undefined {
    for (let timer = this.#pop(); timer; timer = this.#pop()) if (this.#live.delete(timer)) return timer;
    return undefined;
  }

  clear(): void {
    this.#heap.length = 0;
    this.#live.clear();
  }

  #pop(): Timer | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (!first || !last || first === last) return first;
    heap[0] = last;
    for (let index = 0; ;) {
      let least = index;
      for (const child of [2 * index + 1, 2 * index + 2]) {
        if (child < heap.length && this.#before(child, least)) least = child;
      }
      if (least === index) return first;
      this.#swap(index, least);
      index = least;
    }
  }

  #before(one: number, other: number): boolean {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    if (!a || !b) return false;
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  #swap(one: number, other: number): void {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    if (!a || !b) return;
    this.#heap[one] = b;
    this.#heap[other] = a;
  }
}
