import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { Worker } from 'node:worker_threads';
import { type Clock, clockOf } from '../../domain/world';
import { TimerHeap } from '../timer-heap';

/** How long nothing must happen before time is skipped, in real milliseconds. */
const QUIET_MS = 1;

/** Above this, a timer of Node fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Requests under way in this thread, which take real time, and what comes with the next turn of its loop. */
const UNDER_WAY = /Req|ConnectWrap|WriteWrap|ShutdownWrap|ProcessWrap|Immediate/;

/**
 * A clock for something that really runs, with sockets and in several threads: it tells the real time plus what was
 * skipped. While it is driven, it skips to the next timer whenever nothing else goes on.
 */
export interface FastForwardClock extends Clock {
  /** Lets time be skipped until `work` is done. Several works can be driven at a time. */
  drive<T>(work: Promise<T>): Promise<T>;
  /** How much was skipped so far, in milliseconds: one BigInt64, for `workerData`. */
  readonly skipped: SharedArrayBuffer;
  /** Takes the timers of a worker's clock (`worker-clock.mjs`), until the worker ends. */
  attach(worker: Worker): AttachedWorker;
  /** Forgets all timers. */
  clear(): void;
}

/** A worker whose timers stand with those of this thread. */
export interface AttachedWorker {
  /** Whether it has an invocation. Without one it is frozen, as Lambda does it: its timers wait for the next. */
  setBusy(busy: boolean): void;
}

/** What a worker's clock sends. */
type FromWorker =
  | { readonly kind: 'set'; readonly timer: number; readonly at: number }
  | { readonly kind: 'cancel'; readonly timer: number }
  | Pong;

/** The answer to a ping, which comes after everything that the worker sent before. */
interface Pong {
  readonly kind: 'pong';
  /** How many events its loop has handled so far; the ping is one of them. */
  readonly events: number;
  readonly isUnderWay: boolean;
}

/** A packet that waits in the kernel for an acknowledgement would look like quiet, so all are sent at once. */
for (const channel of ['net.client.socket', 'net.server.socket']) {
  subscribe(channel, (message) => (message as { socket: Socket }).socket.setNoDelay(true));
}

/** Makes a clock. */
export function fastForwardClock(): FastForwardClock {
  const clock = new FastForward();
  return {
    ...clockOf(
      () => clock.now(),
      (ms, action) => clock.after(ms, action),
    ),
    skipped: clock.skipped,
    drive: (work) => clock.drive(work),
    attach: (worker) => clock.attach(worker),
    clear: () => {
      clock.clear();
    },
  };
}

class FastForward {
  readonly skipped = new SharedArrayBuffer(8);
  readonly #skipped = new BigInt64Array(this.skipped);
  readonly #timers = new TimerHeap();
  readonly #workers = new Set<WorkerTimers>();
  #driven = 0;
  #watching = false;
  #alarm: NodeJS.Timeout | undefined;

  now(): number {
    return Date.now() + Number(Atomics.load(this.#skipped, 0));
  }

  after(ms: number, action: () => void): () => void {
    return this.at(this.now() + Math.max(0, ms), action);
  }

  at(moment: number, action: () => void): () => void {
    const remove = this.#timers.add(moment, action);
    this.#setAlarm();
    void this.#watch();
    return () => {
      remove();
      this.#setAlarm();
    };
  }

  async drive<T>(work: Promise<T>): Promise<T> {
    this.#driven++;
    void this.#watch();
    try {
      return await work;
    } finally {
      this.#driven--;
    }
  }

  attach(worker: Worker): AttachedWorker {
    const timers = new WorkerTimers(this, worker);
    this.#workers.add(timers);
    worker.once('exit', () => {
      this.#workers.delete(timers);
      timers.end();
    });
    return timers;
  }

  clear(): void {
    this.#timers.clear();
    clearTimeout(this.#alarm);
  }

  /** Time that passes by itself counts, too. */
  #setAlarm(): void {
    clearTimeout(this.#alarm);
    const first = this.#timers.first();
    if (!first) return;
    const left = Math.min(Math.max(0, first.at - this.now()), LONGEST_TIMER_MS);
    this.#alarm = setTimeout(() => {
      this.#ring();
    }, left);
  }

  #ring(): void {
    for (let first = this.#timers.first(); first && first.at <= this.now(); first = this.#timers.first()) {
      this.#timers.take();
      first.action();
    }
    this.#setAlarm();
  }

  /** Skips time as long as anything is driven. */
  async #watch(): Promise<void> {
    if (this.#watching) return;
    this.#watching = true;
    while (this.#driven > 0 && this.#timers.size > 0) {
      // The work may be done meanwhile.
      if ((await this.#isQuiet()) && this.#driven > 0) this.#skip();
    }
    this.#watching = false;
  }

  #skip(): void {
    const first = this.#timers.first();
    if (!first) return;
    const gap = Math.ceil(first.at - this.now());
    if (gap > 0) Atomics.add(this.#skipped, 0, BigInt(gap));
    this.#ring();
  }

  /**
   * Whether nothing has happened for a while, here and in the workers, and nothing is on its way between them: what one
   * thread has sent lies ready for the other, whose loop takes it at the latest in the turn of the ping. It may take it after
   * the ping in that turn, so only the answer to a second ping shows it.
   */
  async #isQuiet(): Promise<boolean> {
    // Events are counted after their turn of the loop, in which they come after timers.
    await new Promise(setImmediate);
    const before = events();
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    await new Promise(setImmediate);
    if (events() !== before || isUnderWay()) return false;
    return (await this.#areWorkersQuiet()) && (await this.#areWorkersQuiet()) && !isUnderWay();
  }

  async #areWorkersQuiet(): Promise<boolean> {
    const busy = [...this.#workers].filter((worker) => worker.isBusy);
    const quiet = await Promise.all(busy.map((worker) => worker.isQuiet()));
    return !quiet.includes(false);
  }
}

/** The timers of one worker, and whether anything happens in it. */
class WorkerTimers implements AttachedWorker {
  readonly #removals = new Map<number, () => void>();
  #overdue: number[] = [];
  #busy = false;
  /** What it said last. */
  #last: Pong = { kind: 'pong', events: NaN, isUnderWay: true };
  /** Whether something was sent to it since it was asked: its loop may take that and the question for one event. */
  #told = false;
  #answer: (pong: Pong | undefined) => void = () => undefined;

  constructor(
    private readonly clock: FastForward,
    private readonly worker: Worker,
  ) {
    worker.on('message', (message: FromWorker) => {
      this.#receive(message);
    });
  }

  get isBusy(): boolean {
    return this.#busy;
  }

  setBusy(busy: boolean): void {
    this.#busy = busy;
    if (!busy) return;
    this.#told = true;
    for (const timer of this.#overdue.splice(0)) this.#tell({ kind: 'ring', timer });
  }

  /** Whether nothing but this question has happened since it was asked last. */
  async isQuiet(): Promise<boolean> {
    const told = this.#told;
    this.#told = false;
    const pong = await new Promise<Pong | undefined>((resolve) => {
      this.#answer = resolve;
      this.worker.postMessage({ kind: 'ping' });
    });
    if (!pong) return false;
    const before = this.#last;
    this.#last = pong;
    return !told && !before.isUnderWay && !pong.isUnderWay && pong.events === before.events + 1;
  }

  end(): void {
    for (const remove of this.#removals.values()) remove();
    this.#answer(undefined);
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case 'set': {
        const { timer, at } = message;
        const ring = () => {
          this.#ring(timer);
        };
        this.#removals.set(timer, this.clock.at(at, ring));
        break;
      }
      case 'cancel':
        this.#removals.get(message.timer)?.();
        this.#removals.delete(message.timer);
        this.#overdue = this.#overdue.filter((timer) => timer !== message.timer);
        break;
      case 'pong':
        this.#answer(message);
    }
  }

  #ring(timer: number): void {
    this.#removals.delete(timer);
    if (this.#busy) this.#tell({ kind: 'ring', timer });
    else this.#overdue.push(timer);
  }

  #tell(message: { readonly kind: 'ring'; readonly timer: number }): void {
    this.#told = true;
    this.worker.postMessage(message);
  }
}

/** How many events this thread's loop has handled. */
function events(): number {
  return performance.nodeTiming.uvMetricsInfo.events;
}

function isUnderWay(): boolean {
  return process.getActiveResourcesInfo().some((name) => UNDER_WAY.test(name));
}
