import { MagnumHaError } from '../errors';
import { shorten } from './errors';
import type { Stack } from './heat';
import type { MagnumCluster } from './magnum';
import type { OpenStackSession } from './session';

/** The clients that tell about clusters: Magnum has them, Heat makes them. */
export type ClusterClients = Pick<OpenStackSession, 'magnum' | 'heat' | 'clock'>;

/** A cluster as Magnum and Heat have it. */
export interface Seen {
  readonly cluster: MagnumCluster;
  /** Undefined if Heat has none for it. */
  readonly stack: Stack | undefined;
  /** How many workers are being made: Magnum shows a new number seconds before it asks Heat for it. */
  readonly workers: number;
}

/** A cluster has failed, or is in a state that only an operator can end. */
class ClusterFailed extends MagnumHaError {
  override readonly name = 'ClusterFailed';

  constructor(seen: Seen, resources: string) {
    const { name, uuid, status, status_reason, faults } = seen.cluster;
    const reasons = [
      ...(failedInHeatOnly(seen) ? [`its Heat stack is ${seen.stack?.status}: ${seen.stack?.reason}`] : []),
      status_reason,
      ...Object.entries(faults ?? {}).map(([group, fault]) => `${group}: ${fault ?? ''}`),
    ];
    const said = reasons.filter(Boolean).join('; ') || 'Magnum gives no reason; see magnum-conductor.log';
    const text = shorten(said.replace(/\.$/, ''), MAGNUM_REASONS);
    super(
      `The cluster ${name} (${uuid}) is ${status ?? 'without status'}: ${text}. ${resources}${advice(status ?? '', name, uuid)}`,
    );
  }
}

/** An error quotes at most this many characters of Magnum's reasons. */
export const MAGNUM_REASONS = 2000;

/** @param tolerant accepts that Heat does not answer */
export async function look(
  { magnum, heat }: ClusterClients,
  uuidOrName: string,
  tolerant = false,
): Promise<Seen | undefined> {
  const cluster = await magnum.cluster(uuidOrName);
  if (!cluster) return undefined;
  const { node_count: asked, stack_id: id } = cluster;
  // A failure is reported even if Heat does not answer.
  if (!id || stuckInMagnum(cluster)) return { cluster, stack: undefined, workers: asked };
  // In this order: Heat's state may be newer than what Magnum says, never older.
  const stack = await heat.stack(id).catch((error: unknown) => {
    if (!tolerant) throw error;
    return { status: 'unknown', workers: asked };
  });
  const told = stack?.workers ?? asked;
  const workers = told === asked ? told : told + (await magnum.furtherWorkers(cluster.uuid));
  return { cluster, stack, workers };
}

export function complete({ cluster, stack, workers }: Seen): boolean {
  const idle = stack === undefined || /_(COMPLETE|FAILED)$/.test(stack.status);
  return completeInMagnum(cluster) && idle && workers === cluster.node_count;
}

export function completeInMagnum({ status }: MagnumCluster): boolean {
  return status?.endsWith('_COMPLETE') === true && status !== 'DELETE_COMPLETE';
}

export function stuck(seen: Seen): boolean {
  return stuckInMagnum(seen.cluster) || failedInHeatOnly(seen);
}

function stuckInMagnum({ status }: MagnumCluster): boolean {
  return status?.endsWith('_FAILED') === true || status?.startsWith('DELETE_') === true;
}

/** Whether Heat failed and Magnum has not noticed: Magnum watches only what is in progress. A failed check or snapshot does not count. */
export function failedInHeatOnly({ cluster, stack }: Seen): boolean {
  return completeInMagnum(cluster) && /^(CREATE|UPDATE|ROLLBACK)_FAILED$/.test(stack?.status ?? '');
}

export async function clusterFailed({ heat }: ClusterClients, seen: Seen): Promise<ClusterFailed> {
  const { stack_id: id, status } = seen.cluster;
  const asked = id && status !== 'DELETE_IN_PROGRESS';
  return new ClusterFailed(seen, asked ? `${await heat.describeIncomplete(id)} ` : '');
}

function advice(status: string, name: string, uuid: string): string {
  if (status === 'DELETE_IN_PROGRESS') return 'Wait until it is gone, then start again: it is created again.';
  if (status === 'UPDATE_FAILED') {
    return `Remove the cause, then \`openstack coe cluster resize ${uuid} COUNT\` (it still takes one that failed), and start again.`;
  }
  return (
    `The workflow does not delete and create it again on its own: see \`openstack stack resource list -n 5 STACK\`, remove the cause, then ` +
    `\`openstack coe cluster delete ${uuid}\`, and start again once ${name} is gone.`
  );
}
