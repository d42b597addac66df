import type { Timings } from '../timings';
import { type Cloud, has } from './cloud';
import type { ClusterFailure, OpenStackFaults } from './faults';
import type { Settings } from './settings';
import { type ClusterRow, isoTime, type StackRow, type Store } from './store';

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

export type ClusterFaults = OpenStackFaults & { takeClusterFailure(): ClusterFailure | undefined };

const UPDATABLE = /^(CREATE|UPDATE|RESUME|RESTORE|ROLLBACK|SNAPSHOT|CHECK|ADOPT)_COMPLETE$/;
/** A resize is also taken while another is in progress, or after one that failed. */
const RESIZABLE =
  /^(UPDATE_(FAILED|IN_PROGRESS)|(CREATE|UPDATE|RESUME|RESTORE|ROLLBACK|SNAPSHOT|CHECK|ADOPT)_COMPLETE)$/;

/** What conductors do with clusters, and Heat after them. */
export class ClusterWork {
  constructor(
    private readonly store: Store,
    private readonly cloud: Cloud,
    private readonly faults: ClusterFaults,
    private readonly timings: Timings,
  ) {}

  /** A conductor takes the creation up, and asks Heat for the cluster. */
  create(cluster: NewCluster, by: string, settings: Settings, now: number): void {
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
    this.store.clusters.push(row);
    const refusal = refusalOf(row, settings);
    if (refusal !== undefined) {
      Object.assign(row, { status: 'CREATE_FAILED', status_reason: refusal, poisoned: !settings.trust });
      return;
    }
    row.stack = {
      id: this.store.uuid(),
      name: `${row.name.slice(0, 30).replaceAll(/[_.]/g, '-')}-${row.uuid.slice(0, 12)}`.toLowerCase(),
      status: 'CREATE_IN_PROGRESS',
      reason: 'Stack CREATE started',
      workers: row.node_count,
      updatedAt: null,
    };
    const failure = networkFailure(row, this.cloud) ?? this.faults.takeClusterFailure();
    const doneAt = now + this.timings.cluster * (failure ? 0.25 : 1);
    row.work = { by, takenAt: now, taken: true, doneAt, outcome: failure ?? 'complete' };
  }

  /** A conductor takes a change up. */
  change(message: Exclude<Message, { kind: 'create' }>, by: string, now: number): void {
    const row = this.store.clusters.find(({ uuid }) => uuid === message.uuid);
    if (!row) return;
    if (message.kind === 'delete') {
      if (row.stack) this.begin(row, row.stack, 'DELETE', now);
      else row.status = 'DELETE_IN_PROGRESS';
      row.work = { by, takenAt: now, taken: true, doneAt: now + this.timings.cluster / 8, outcome: 'gone' };
      return;
    }
    // Too late to say no: the API has answered 202 already.
    if (!(message.kind === 'resize' ? RESIZABLE : UPDATABLE).test(row.status)) return;
    if (message.kind === 'update' && message.nodeCount === row.node_count) return;
    row.node_count = message.nodeCount;
    const takenAt = now + this.timings.heatTakes;
    const outcome = this.faults.takeClusterFailure() ?? 'complete';
    row.work = { by, takenAt, taken: false, doneAt: takenAt + this.timings.cluster, outcome };
  }

  /** Heat takes a change, and the conductor says so. */
  private begin(row: ClusterRow, stack: StackRow, verb: 'UPDATE' | 'DELETE', now: number): void {
    Object.assign(stack, { status: `${verb}_IN_PROGRESS`, reason: `Stack ${verb} started`, updatedAt: isoTime(now) });
    if (verb === 'UPDATE') stack.workers = row.node_count;
    row.status = `${verb}_IN_PROGRESS`;
    row.status_reason = null;
    row.updated_at = isoTime(now);
  }

  /** What Heat has come to by now. */
  finish(now: number): void {
    for (const row of [...this.store.clusters]) {
      const { work, stack } = row;
      if (work && stack && !work.taken && work.takenAt <= now) {
        work.taken = true;
        this.begin(row, stack, 'UPDATE', work.takenAt);
      }
      if (!work || work.doneAt > now) continue;
      delete row.work;
      const verb = row.status.split('_', 1)[0] ?? '';
      row.updated_at = isoTime(work.doneAt);
      if (work.outcome === 'gone') {
        this.store.clusters.splice(this.store.clusters.indexOf(row), 1);
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
