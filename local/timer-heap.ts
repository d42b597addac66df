/** Something to do at a moment. */
export interface Timer {
  /** In milliseconds since 1970. */
  readonly at: number;
  readonly action: () => void;
}

interface Entry extends Timer {
  readonly order: number;
  live: boolean;
}

/** Timers, the earliest first; those of one moment in the order in which they were added. A binary heap. */
export class TimerHeap {
  #heap: Entry[] = [];
  #live = 0;
  #orders = 0;

  /** How many timers there are. */
  get size(): number {
    return this.#live;
  }

  /** @returns removes the timer, unless it was taken */
  add(at: number, action: () => void): () => void {
    const entry: Entry = { at, action, order: this.#orders++, live: true };
    this.#heap.push(entry);
    this.#rise(this.#heap.length - 1);
    this.#live++;
    return () => {
      if (!entry.live) return;
      entry.live = false;
      this.#live--;
      // Removed ones stay in the heap until their turn comes, or until most of it is removed ones.
      if (this.#heap.length > 64 && this.#live * 2 < this.#heap.length) this.#compact();
    };
  }

  /** The earliest timer, which stays. */
  first(): Timer | undefined {
    while (this.#heap[0]?.live === false) this.#pop();
    return this.#heap[0];
  }

  /** Takes the earliest timer out. */
  take(): Timer | undefined {
    if (!this.first()) return undefined;
    const entry = this.#pop();
    if (entry) entry.live = false;
    this.#live--;
    return entry;
  }

  clear(): void {
    for (const entry of this.#heap) entry.live = false;
    this.#heap = [];
    this.#live = 0;
  }

  #compact(): void {
    // What is sorted is a heap.
    this.#heap = this.#heap.filter(({ live }) => live).sort((a, b) => (isBefore(a, b) ? -1 : 1));
  }

  #pop(): Entry | undefined {
    const [first] = this.#heap;
    const last = this.#heap.pop();
    if (first && last && first !== last) {
      this.#heap[0] = last;
      this.#sink(0);
    }
    return first;
  }

  #rise(start: number): void {
    for (let index = start; index > 0;) {
      const parent = (index - 1) >> 1;
      if (!this.#swapIfBefore(index, parent)) return;
      index = parent;
    }
  }

  #sink(start: number): void {
    for (let index = start; ;) {
      const [left, right] = [2 * index + 1, 2 * index + 2];
      const [one, other] = [this.#heap[left], this.#heap[right]];
      const child = one && other && isBefore(other, one) ? right : left;
      if (!this.#swapIfBefore(child, index)) return;
      index = child;
    }
  }

  #swapIfBefore(lower: number, upper: number): boolean {
    const [child, parent] = [this.#heap[lower], this.#heap[upper]];
    if (!child || !parent || !isBefore(child, parent)) return false;
    this.#heap[lower] = parent;
    this.#heap[upper] = child;
    return true;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
