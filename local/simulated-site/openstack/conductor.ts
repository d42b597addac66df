import type { Clock } from '../../../domain/world';
import type { Timings } from '../timings';
import type { Cloud } from './cloud';
import { has } from './cloud';
import type { ClusterFailure, OpenStackFaults } from './faults';
import type { Settings } from './settings';
import { type ClusterRow, isoTime, type ServiceRow, type StackRow, type Store } from './store';

/** What the API puts into RabbitMQ for the conductors. */
export type Message =
  | { readonly kind: 'create'; readonly cluster: NewCluster }
  | { readonly kind: 'update' | 'resize'; readonly uuid: string; readonly nodeCount: number }
  | { readonly kind: 'delete'; readonly uuid: string };

/** A cluster that no conductor has taken up yet. */
export type NewCluster = Pick<
  ClusterRow,
  'uuid' | 'name' | 'cluster_template_id' | 'keypair' | 'master_count' | 'node_count' | 'create_timeout' | 'attributes'
>;

/** The conductors of a site, and the queue they share. */
export interface Conductors {
  /** Starts one and returns what stops it. Throws where it dies of its configuration. */
  start(controller: string, settings: Settings): () => void;
  /** Lets one die. */
  drop(controller: string): void;
  stopAll(): void;
  /** Puts a message into RabbitMQ, where it waits for a conductor. */
  cast(message: Message): void;
  /** Waits for a conductor that takes messages, and gives its settings; undefined where none does in so many milliseconds. */
  consumer(timeoutMs: number): Promise<Settings | undefined>;
  /** @throws Error while a message waits */
  readonly image: ConductorsImage;
  /** Lets those that run be as others were, with the rows that these had. */
  resume(image: ConductorsImage, rows: readonly ServiceRow[]): void;
  /** Does whatever should have happened by now: heartbeats, messages, and what Heat has come to. */
  catchUp(): void;
}

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

interface Given {
  readonly store: Store;
  readonly cloud: Cloud;
  readonly faults: OpenStackFaults & { takeClusterFailure(): ClusterFailure | undefined };
  readonly clock: Clock;
  readonly timings: Timings;
}

const UPDATABLE = /^(CREATE|UPDATE|RESUME|RESTORE|ROLLBACK|SNAPSHOT|CHECK|ADOPT)_COMPLETE$/;
/** A resize is also taken while another is in progress, or after one that failed. */
const RESIZABLE =
  /^(UPDATE_(FAILED|IN_PROGRESS)|(CREATE|UPDATE|RESUME|RESTORE|ROLLBACK|SNAPSHOT|CHECK|ADOPT)_COMPLETE)$/;

/** The conductors of a site; time passes for them only when somebody looks. */
export function createConductors({ store, cloud, faults, clock, timings }: Given): Conductors {
  const processes: Process[] = [];
  const queue: { readonly message: Message; readonly at: number }[] = [];
  const waiting = new Set<() => void>();
  let turn = 0;

  return {
    start,
    drop,
    stopAll,
    cast,
    consumer,
    catchUp,
    get image() {
      if (queue.length > 0) throw new Error('A message waits for a conductor');
      return {
        processes: processes.map(({ controller, startedAt, beatAt, row }) => ({
          controller,
          startedAt,
          beatAt,
          row: row?.id,
        })),
        turn,
      };
    },
    resume: (image, rows) => {
      ({ turn } = image);
      store.services.splice(0, store.services.length, ...structuredClone(rows));
      for (const { controller, startedAt, beatAt, row: id } of image.processes) {
        const process = processes.find((one) => one.controller === controller);
        const row = store.services.find((one) => one.id === id);
        if (process) Object.assign(process, { startedAt, beatAt, row });
      }
    },
  };

  function start(controller: string, settings: Settings): () => void {
    drop(controller);
    if (settings.fatal !== undefined) throw new Error(settings.fatal);
    const now = clock.now();
    const process = { controller, settings, startedAt: now, row: register(settings, now), beatAt: now };
    processes.push(process);
    for (const resume of waiting) resume();
    return () => {
      if (processes.includes(process)) drop(controller);
    };
  }

  /** Without its database it runs on, and tries again at each heartbeat. */
  function register(settings: Settings, now: number): ServiceRow | undefined {
    if (settings.databaseError !== undefined) return undefined;
    const host = settings.host ?? null;
    const known = store.services.find((row) => row.host === host);
    if (known) {
      known.report_count += 1;
      known.updatedAt = now;
      return known;
    }
    const row = { id: store.services.length + 1, host, report_count: 1, createdAt: now, updatedAt: now };
    store.services.push(row);
    return row;
  }

  function drop(controller: string): void {
    catchUp();
    const index = processes.findIndex((process) => process.controller === controller);
    if (index < 0) return;
    processes.splice(index, 1);
    // What it had not yet told Heat, nobody will.
    for (const row of store.clusters) if (row.work?.by === controller && !row.work.taken) delete row.work;
  }

  function stopAll(): void {
    catchUp();
    for (const { controller } of [...processes]) drop(controller);
  }

  function cast(message: Message): void {
    queue.push({ message, at: clock.now() });
  }

  async function consumer(timeoutMs: number): Promise<Settings | undefined> {
    const found = () => processes.find(({ settings }) => settings.rabbit)?.settings;
    return (
      found() ??
      new Promise((resolve) => {
        const end = (settings: Settings | undefined) => {
          cancel();
          waiting.delete(resume);
          resolve(settings);
        };
        const resume = () => {
          const settings = found();
          if (settings) end(settings);
        };
        const cancel = clock.after(timeoutMs, () => {
          end(undefined);
        });
        waiting.add(resume);
      })
    );
  }

  function catchUp(): void {
    const now = clock.now();
    for (const process of processes) beat(process, now);
    while (takeNext(now));
    if (processes.length > 0 && !faults.clusterStuck) finish(now);
  }

  function beat(process: Process, now: number): void {
    const period = timings.heartbeat;
    const beats = Math.floor((now - process.beatAt) / period);
    if (beats < 1) return;
    process.beatAt += beats * period;
    if (!process.row) {
      process.row = register(process.settings, process.beatAt);
      return;
    }
    process.row.report_count += beats;
    process.row.updatedAt = process.beatAt;
  }

  function takeNext(now: number): boolean {
    const [next] = queue;
    const consumers = processes.filter(({ row, settings }) => row && settings.rabbit);
    const consumer = consumers[turn % Math.max(consumers.length, 1)];
    if (!next || !consumer) return false;
    const takenAt = Math.max(next.at + timings.clusterPickUp, consumer.startedAt);
    if (takenAt > now) return false;
    queue.shift();
    turn += 1;
    const { message } = next;
    if (message.kind === 'create') create(message.cluster, consumer, takenAt);
    else change(message, consumer.controller, takenAt);
    return true;
  }

  function create(cluster: NewCluster, { controller: by, settings }: Process, now: number): void {
    const row: ClusterRow = {
      ...cluster,
      status: 'CREATE_IN_PROGRESS',
      status_reason: null,
      furtherGroups: [],
      stack: null,
      api_address: null,
      node_addresses: [],
      faults: {},
      created_at: isoTime(now),
      updated_at: null,
      poisoned: false,
    };
    store.clusters.push(row);
    const refusal = refusalOf(row, settings);
    if (refusal !== undefined) {
      Object.assign(row, { status: 'CREATE_FAILED', status_reason: refusal, poisoned: !settings.trust });
      return;
    }
    row.stack = {
      id: store.uuid(),
      name: `${row.name.slice(0, 30).replaceAll(/[_.]/g, '-')}-${row.uuid.slice(0, 12)}`.toLowerCase(),
      status: 'CREATE_IN_PROGRESS',
      reason: 'Stack CREATE started',
      workers: row.node_count,
      updatedAt: null,
    };
    const failure = networkFailure(row, cloud) ?? faults.takeClusterFailure();
    const doneAt = now + timings.cluster * (failure ? 0.25 : 1);
    row.work = { by, takenAt: now, taken: true, doneAt, outcome: failure ?? 'complete' };
  }

  function change(message: Exclude<Message, { kind: 'create' }>, by: string, now: number): void {
    const row = store.clusters.find(({ uuid }) => uuid === message.uuid);
    if (!row) return;
    if (message.kind === 'delete') {
      if (row.stack) begin(row, row.stack, 'DELETE', now);
      else row.status = 'DELETE_IN_PROGRESS';
      row.work = { by, takenAt: now, taken: true, doneAt: now + timings.cluster / 8, outcome: 'gone' };
      return;
    }
    // Too late to say no: the API has answered 202 already.
    if (!(message.kind === 'resize' ? RESIZABLE : UPDATABLE).test(row.status)) return;
    if (message.kind === 'update' && message.nodeCount === row.node_count) return;
    row.node_count = message.nodeCount;
    const takenAt = now + timings.heatTakes;
    const outcome = faults.takeClusterFailure() ?? 'complete';
    row.work = { by, takenAt, taken: false, doneAt: takenAt + timings.cluster, outcome };
  }

  /** Heat takes a change, and the conductor says so. */
  function begin(row: ClusterRow, stack: StackRow, verb: 'UPDATE' | 'DELETE', now: number): void {
    Object.assign(stack, { status: `${verb}_IN_PROGRESS`, reason: `Stack ${verb} started`, updatedAt: isoTime(now) });
    if (verb === 'UPDATE') stack.workers = row.node_count;
    row.status = `${verb}_IN_PROGRESS`;
    row.status_reason = null;
    row.updated_at = isoTime(now);
  }

  function finish(now: number): void {
    for (const row of [...store.clusters]) {
      const { work, stack } = row;
      if (work && stack && !work.taken && work.takenAt <= now) {
        work.taken = true;
        begin(row, stack, 'UPDATE', work.takenAt);
      }
      if (!work || work.doneAt > now) continue;
      delete row.work;
      const verb = row.status.split('_', 1)[0] ?? '';
      row.updated_at = isoTime(work.doneAt);
      if (work.outcome === 'gone') {
        store.clusters.splice(store.clusters.indexOf(row), 1);
      } else if (work.outcome === 'complete') {
        row.status = `${verb}_COMPLETE`;
        row.status_reason = null;
        row.api_address = 'tcp://172.24.4.100:2375';
        row.node_addresses = Array.from({ length: row.node_count }, (_, index) => `172.24.4.${101 + index}`);
        Object.assign(stack ?? {}, { status: row.status, reason: `Stack ${verb} completed successfully` });
      } else {
        const { statusReason, faults: byGroup } = work.outcome;
        row.status = `${verb}_FAILED`;
        row.status_reason = statusReason;
        row.faults = { ...byGroup };
        Object.assign(stack ?? {}, { status: row.status, reason: Object.values(byGroup)[0] ?? statusReason });
      }
    }
  }
}

/** Why a conductor does not even ask Heat, in the order in which it finds out. */
function refusalOf({ uuid, attributes }: ClusterRow, settings: Settings): string | undefined {
  if (!settings.trust) return `Failed to create trustee or trust for Cluster: ${uuid}`;
  if (!settings.certificates) return `Failed to create certificates for Cluster: ${uuid}`;
  // Whether there is Octavia for the masters' load balancer is asked with an administrator's token.
  if (attributes['master_lb_enabled'] === true && !settings.admin) return 'Failed to list services.';
  const { docker_volume_type: type } = (attributes['labels'] ?? {}) as Record<string, unknown>;
  if (attributes['docker_volume_size'] !== null && type === undefined && !settings.volumeType) {
    return 'Required parameter docker_volume_type not provided.';
  }
  return undefined;
}

/** What Heat makes of the cluster's network. */
function networkFailure({ attributes }: ClusterRow, cloud: Cloud): ClusterFailure | undefined {
  const { fixed_network: network, fixed_subnet: subnet } = attributes;
  if (typeof network !== 'string') return undefined;
  const absent = (kind: string, name: string) =>
    `resources[0]: resources.swarm_primary_master.Property error: resources.swarm_master_eth0.properties.${kind}: ` +
    `Error validating value '${name}': Unable to find ${kind} with name or id '${name}'`;
  const reason = !has(cloud.networks, network)
    ? absent('network', network)
    : typeof subnet !== 'string'
      ? 'BadRequest: resources.swarm_primary_master.resources[0].resources.swarm_master_eth0: Invalid input for operation: IP allocation requires subnet_id or ip_address.'
      : !has(cloud.subnets, subnet)
        ? absent('subnet', subnet)
        : undefined;
  if (reason === undefined) return undefined;
  const fault = `Resource CREATE failed: ${reason}`;
  return {
    statusReason: 'default-master failed, default-worker failed',
    faults: { 'default-master': fault, 'default-worker': fault },
  };
}
