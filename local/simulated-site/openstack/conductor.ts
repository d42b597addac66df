import type { Clock } from '../../../domain/world';
import type { Timings } from '../timings';
import type { Cloud } from './cloud';
import { type ClusterFaults, ClusterWork, type Message } from './cluster-work';
import type { Settings } from './settings';
import type { ServiceRow, Store } from './store';

/** Conductors that have nothing to do, for another site to start from. */
export interface ConductorsImage {
  readonly processes: readonly { controller: string; startedAt: number; beatAt: number; row: number | undefined }[];
  readonly turn: number;
}

interface Process {
  readonly controller: string;
  readonly settings: Settings;
  startedAt: number;
  /** Its row of service-list; undefined until it has found its tables. */
  row: ServiceRow | undefined;
  beatAt: number;
}

interface ConductorsOptions {
  readonly store: Store;
  readonly cloud: Cloud;
  readonly faults: ClusterFaults;
  readonly clock: Clock;
  readonly timings: Timings;
}

/** The conductors of a site, and the queue they share; time passes for them only when somebody looks. */
export class Conductors {
  private readonly processes: Process[] = [];
  private readonly queue: { readonly message: Message; readonly at: number }[] = [];
  private readonly waiting = new Set<() => void>();
  private readonly store: Store;
  private readonly faults: ClusterFaults;
  private readonly clock: Clock;
  private readonly timings: Timings;
  private readonly work: ClusterWork;
  private turn = 0;

  constructor({ store, cloud, faults, clock, timings }: ConductorsOptions) {
    this.store = store;
    this.faults = faults;
    this.clock = clock;
    this.timings = timings;
    this.work = new ClusterWork(store, cloud, faults, timings);
  }

  /** Starts one and returns what stops it. Throws if it dies of its configuration. */
  start(controller: string, settings: Settings): () => void {
    this.drop(controller);
    if (settings.fatal !== undefined) throw new Error(settings.fatal);
    const now = this.clock.now();
    const process = { controller, settings, startedAt: now, row: this.register(settings, now), beatAt: now };
    this.processes.push(process);
    for (const resume of this.waiting) resume();
    return () => {
      if (this.processes.includes(process)) this.drop(controller);
    };
  }

  /** Without its database it runs on, and tries again at each heartbeat. */
  private register(settings: Settings, now: number): ServiceRow | undefined {
    if (settings.databaseError !== undefined) return undefined;
    const host = settings.host ?? null;
    const known = this.store.services.find((row) => row.host === host);
    if (known) {
      known.report_count += 1;
      known.updatedAt = now;
      return known;
    }
    const row = { id: this.store.services.length + 1, host, report_count: 1, createdAt: now, updatedAt: now };
    this.store.services.push(row);
    return row;
  }

  /** Lets one die. */
  drop(controller: string): void {
    this.catchUp();
    const index = this.processes.findIndex((process) => process.controller === controller);
    if (index < 0) return;
    this.processes.splice(index, 1);
    // What it had not yet told Heat, nobody will.
    for (const row of this.store.clusters) if (row.work?.by === controller && !row.work.taken) delete row.work;
  }

  stopAll(): void {
    this.catchUp();
    for (const { controller } of [...this.processes]) this.drop(controller);
  }

  /** Puts a message into RabbitMQ, where it waits for a conductor. */
  cast(message: Message): void {
    this.queue.push({ message, at: this.clock.now() });
  }

  /** Waits for a conductor that takes messages, and gives its settings; undefined if there is none for that many milliseconds. */
  async consumer(timeoutMs: number): Promise<Settings | undefined> {
    const found = () => this.processes.find(({ settings }) => settings.rabbit)?.settings;
    return (
      found() ??
      new Promise((resolve) => {
        const end = (settings: Settings | undefined) => {
          cancel();
          this.waiting.delete(resume);
          resolve(settings);
        };
        const resume = () => {
          const settings = found();
          if (settings) end(settings);
        };
        const cancel = this.clock.after(timeoutMs, () => {
          end(undefined);
        });
        this.waiting.add(resume);
      })
    );
  }

  /** Does what is due by now: heartbeats, messages, and the progress of Heat's stacks. */
  catchUp(): void {
    const now = this.clock.now();
    for (const process of this.processes) this.beat(process, now);
    while (this.takeNext(now));
    if (this.processes.length > 0 && !this.faults.clusterStuck) this.work.finish(now);
  }

  private beat(process: Process, now: number): void {
    const period = this.timings.heartbeat;
    const beats = Math.floor((now - process.beatAt) / period);
    if (beats < 1) return;
    process.beatAt += beats * period;
    if (!process.row) {
      process.row = this.register(process.settings, process.beatAt);
      return;
    }
    process.row.report_count += beats;
    process.row.updatedAt = process.beatAt;
  }

  private takeNext(now: number): boolean {
    const [next] = this.queue;
    const consumers = this.processes.filter(({ row, settings }) => row && settings.rabbit);
    const consumer = consumers[this.turn % Math.max(consumers.length, 1)];
    if (!next || !consumer) return false;
    const takenAt = Math.max(next.at + this.timings.clusterPickUp, consumer.startedAt);
    if (takenAt > now) return false;
    this.queue.shift();
    this.turn += 1;
    const { message } = next;
    if (message.kind === 'create') this.work.create(message.cluster, consumer.controller, consumer.settings, takenAt);
    else this.work.change(message, consumer.controller, takenAt);
    return true;
  }

  /** @throws Error while a message waits */
  get image(): ConductorsImage {
    if (this.queue.length > 0) throw new Error('A message waits for a conductor');
    const processes = this.processes.map(({ controller, startedAt, beatAt, row }) => ({
      controller,
      startedAt,
      beatAt,
      row: row?.id,
    }));
    return { processes, turn: this.turn };
  }

  /** Lets those that run be as others were, with the rows that these had. */
  resume(image: ConductorsImage, rows: readonly ServiceRow[]): void {
    this.turn = image.turn;
    this.store.services.splice(0, this.store.services.length, ...structuredClone(rows));
    for (const { controller, startedAt, beatAt, row: id } of image.processes) {
      const process = this.processes.find((one) => one.controller === controller);
      const row = this.store.services.find((one) => one.id === id);
      if (process) Object.assign(process, { startedAt, beatAt, row });
    }
  }
}
