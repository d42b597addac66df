import { MagnumHaError } from '../errors';
import { type ClusterClients, clusterFailed, complete, look, MAGNUM_REASONS, type Seen, stuck } from './cluster-view';
import type { ClusterResult } from './clusters';
import { shorten } from './errors';

/** How far a cluster is. */
export interface ClusterProgress {
  readonly uuid: string;
  /** Whether it is complete. */
  readonly done: boolean;
  /** As in ClusterResult. */
  readonly status: string;
  readonly statusReason?: string;
  readonly managers?: number;
  readonly workers?: number;
  /** Where its COE's API answers. */
  readonly apiAddress?: string;
  readonly managerAddresses?: readonly string[];
  readonly workerAddresses?: readonly string[];
}

/** A cluster is not complete although its time is over. */
class ClusterDeadlineExceeded extends MagnumHaError {
  override readonly name = 'ClusterDeadlineExceeded';

  constructor(name: string, minutes: number, what: string) {
    super(`The cluster ${name} is not complete after ${minutes} minutes: ${what}`);
  }
}

/**
 * How far a cluster is. One that cannot be found counts as not done: no conductor has taken its creation up yet.
 *
 * It is done when Magnum and Heat both say so: for seconds after a resize Magnum shows the new number of workers with the
 * status of before.
 *
 * @param cluster what `ensureCluster` returned; it is not done before it has that many workers
 * @param minutes if given, its time is over after that many
 * @throws ClusterFailed with Magnum's status_reason and faults, and the resources that failed in Heat
 * @throws ClusterDeadlineExceeded if its time is over, with the resources that are not complete
 */
export async function pollCluster(
  clients: ClusterClients,
  { name, uuid = name, workers }: Pick<ClusterResult, 'name' | 'uuid' | 'workers'>,
  minutes?: number,
): Promise<ClusterProgress> {
  const seen = await look(clients, uuid, minutes !== undefined);
  if (seen && stuck(seen)) throw await clusterFailed(clients, seen);
  const done = seen !== undefined && complete(seen) && seen.cluster.node_count === workers;
  if (!done && minutes !== undefined) {
    throw new ClusterDeadlineExceeded(name, minutes, seen ? await whatIsMissing(clients, seen) : NOT_TAKEN);
  }
  if (!seen) return { uuid, done, status: 'REQUESTED' };
  const { cluster } = seen;
  return {
    uuid,
    done,
    status: cluster.status ?? 'REQUESTED',
    ...(cluster.status_reason && { statusReason: cluster.status_reason }),
    managers: cluster.master_count,
    workers: cluster.node_count,
    ...(hasHost(cluster.api_address) && { apiAddress: cluster.api_address }),
    managerAddresses: cluster.master_addresses,
    workerAddresses: cluster.node_addresses,
  };
}

const NOT_TAKEN = 'no conductor has taken its creation up. Check magnum-conductor and RabbitMQ on the controllers.';

/** What keeps a cluster from being complete, and what to do. */
async function whatIsMissing({ heat }: ClusterClients, { cluster, stack, workers }: Seen): Promise<string> {
  const { uuid, status, status_reason, node_count, stack_id } = cluster;
  const said = `Magnum's last status is ${status ?? 'none'}${status_reason ? ` (${shorten(status_reason, MAGNUM_REASONS)})` : ''}`;
  if (!stack) return `${said}, and Heat has no stack of it. See magnum-conductor.log.`;
  if (workers !== node_count && stack.status.endsWith('_COMPLETE')) {
    return (
      `Magnum has ${node_count} workers in its database, Heat was asked for ${workers}: the conductor that was to ask it has ` +
      `died, most likely. \`openstack coe cluster resize ${uuid} ${node_count}\` asks again.`
    );
  }
  return (
    `${said}, that of its Heat stack ${stack.status}. ${await heat.describeIncomplete(stack_id ?? '')} ` +
    'Remove the cause, and start again: it goes on from where the cluster is.'
  );
}

/** If the load balancer gives no address, Magnum still makes one: `tcp://:2375`. */
function hasHost(address: string | null | undefined): address is string {
  return address != null && address !== '' && !/^\w+:\/\/:/.test(address);
}
