import { MagnumHaError } from '../errors';
import type { Cluster } from '../site/document';
import type { Mode } from '../site/load';
import { type Clock, poll } from '../world';
import { AnswerLost, cut } from './errors';
import type { Stack } from './heat';
import type { MagnumCluster, Microversion } from './magnum';
import type { OpenStackSession } from './session';
import type { Difference } from './templates';

/** What became of a wanted cluster. */
export interface ClusterResult {
  readonly name: string;
  readonly uuid?: string;
  /** `missing` only in mode `check`; `differs` also where Magnum cannot change what differs, or not now. */
  readonly action: 'created' | 'resized' | 'unchanged' | 'missing' | 'differs';
  /** Magnum's status, such as CREATE_IN_PROGRESS; `REQUESTED` as long as no conductor has taken the creation up. */
  readonly status?: string;
  /** How many managers it has, or is to have. */
  readonly managers: number;
  /** How many workers it has, or is to have; managers are not among them. */
  readonly workers: number;
  /** What differed before (`resized`), or differs still (`differs`); fields under Magnum's names. */
  readonly differences: readonly Difference[];
}

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

/** What clusters are looked at with: Magnum has them, Heat makes them. */
export type ClusterClients = Pick<OpenStackSession, 'magnum' | 'heat' | 'clock'>;

/** A cluster as Magnum and Heat have it. */
interface Seen {
  readonly cluster: MagnumCluster;
  /** Undefined where Heat has none for it. */
  readonly stack: Stack | undefined;
  /** How many workers are being made: Magnum shows a new number seconds before it asks Heat for it. */
  readonly workers: number;
}

/** A cluster has failed, or is in a state from which nothing but a decision of an operator leads on. */
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
    const text = cut(said.replace(/\.$/, ''), MAGNUM_REASONS);
    super(
      `The cluster ${name} (${uuid}) is ${status ?? 'without status'}: ${text}. ${resources}${advice(status ?? '', name, uuid)}`,
    );
  }
}

/** A cluster is not complete although its time is over. */
class ClusterDeadlineExceeded extends MagnumHaError {
  override readonly name = 'ClusterDeadlineExceeded';

  constructor(name: string, minutes: number, what: string) {
    super(`The cluster ${name} is not complete after ${minutes} minutes: ${what}`);
  }
}

/** A cluster's template is not there. */
class ClusterTemplateMissing extends MagnumHaError {
  override readonly name = 'ClusterTemplateMissing';

  constructor(cluster: string, template: string) {
    super(`The cluster ${cluster} cannot be created: no cluster template is named ${template}. Create that first.`);
  }
}

/** Magnum accepted a request about a cluster, but no conductor has taken it up. */
class RequestNotTaken extends MagnumHaError {
  override readonly name = 'RequestNotTaken';

  constructor(what: string) {
    super(
      `Magnum's API accepted ${what}, but no conductor has taken it up. Check that magnum-conductor runs on the controllers ` +
        "and reaches RabbitMQ with the API's own user and virtual host; the request waits there and is done when one does.",
    );
  }
}

/** How long a conductor may take to pick up what the API put into RabbitMQ: it takes well below a second. */
const PICK_UP = { forMs: 10_000, everyMs: 200 };
/** So many characters of Magnum's reasons stand in an error. */
const MAGNUM_REASONS = 2000;

/**
 * Looks a cluster up by its name and, in mode `apply`, creates it or changes its number of workers.
 *
 * Returns as soon as a conductor has taken the request up, at the latest 10 s later; `pollCluster` tells the rest unless it
 * is `done`. Safe to repeat. A number of managers or a template that differ cannot be changed, nor can workers while
 * something else is in progress: these are reported as differing. Magnum's create_timeout is not compared: it has no
 * meaning after the creation.
 *
 * @throws ClusterFailed (mode `apply`) when the cluster exists, but has failed or is being deleted
 * @throws ClusterTemplateMissing, RequestNotTaken, DuplicateNameInMagnum, OwnedByAnotherProject and the other errors of
 * MagnumClient and HeatClient
 */
export async function ensureCluster(
  clients: ClusterClients,
  wanted: Cluster,
  mode: Mode,
): Promise<ClusterResult & { readonly done: boolean }> {
  const { magnum } = clients;
  const [seen, template] = await Promise.all([look(clients, wanted.name), magnum.template(wanted.clusterTemplate)]);
  if (!seen) {
    if (mode === 'check') return { ...missing(wanted), done: true };
    if (!template) throw new ClusterTemplateMissing(wanted.name, wanted.clusterTemplate);
    return { ...(await create(clients, wanted, template.uuid)), done: false };
  }
  const { cluster, workers } = seen;
  // A check waits for nothing.
  const done = mode === 'check' || complete(seen);
  const differences = differencesOf(cluster, workers, wanted, template?.uuid);
  if (stuck(seen)) {
    if (mode === 'apply') throw await clusterFailed(clients, seen);
    const status = failedInHeatOnly(seen) ? seen.stack?.status : cluster.status;
    const failure = { field: 'status', found: status, wanted: 'CREATE_COMPLETE' };
    return { ...result(cluster, 'differs', [failure, ...differences]), done };
  }
  if (differences.length === 0) return { ...result(cluster, 'unchanged', []), done };
  if (mode === 'check') return { ...result(cluster, 'differs', differences), done };

  // What is asked for is the size of the default node group: Magnum leaves the others as they are.
  const further = cluster.node_count === wanted.workers ? 0 : await magnum.furtherWorkers(cluster.uuid);
  const asked = complete(seen) && cluster.node_count !== wanted.workers && wanted.workers >= further;
  const changed = asked ? await resize(clients, cluster, wanted.workers, further) : cluster;
  const left = differencesOf(changed, changed.node_count, wanted, template?.uuid);
  // Also where somebody else has asked Magnum for it, such as an attempt of this task whose answer was lost.
  if (left.length === 0) return { ...result(changed, 'resized', differences), done: false };
  return { ...result(changed, 'differs', left), done: done && !asked };
}

/**
 * How far a cluster is. One that cannot be found counts as not done: no conductor has taken its creation up yet.
 *
 * It is done when Magnum and Heat both say so: for seconds after a resize Magnum shows the new number of workers with the
 * status of before.
 *
 * @param cluster what `ensureCluster` returned; it is not done before it has so many workers
 * @param minutes where given, its time is over after so many
 * @throws ClusterFailed with Magnum's status_reason and faults, and the resources that failed in Heat
 * @throws ClusterDeadlineExceeded where its time is over, with the resources that are not complete
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
    throw new ClusterDeadlineExceeded(name, minutes, seen ? await whatLacks(clients, seen) : NOT_TAKEN);
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

/** @param tolerant whether it is no error that Heat does not answer */
async function look({ magnum, heat }: ClusterClients, uuidOrName: string, tolerant = false): Promise<Seen | undefined> {
  const cluster = await magnum.cluster(uuidOrName);
  if (!cluster) return undefined;
  const { node_count: asked, stack_id: id } = cluster;
  // What has failed is told whether Heat answers or not.
  if (!id || stuckInMagnum(cluster)) return { cluster, stack: undefined, workers: asked };
  // In this order: what Heat has come to may be newer than what Magnum says, never older.
  const stack = await heat.stack(id).catch((error: unknown) => {
    if (!tolerant) throw error;
    return { status: 'unknown', workers: asked };
  });
  const told = stack?.workers ?? asked;
  const workers = told === asked ? told : told + (await magnum.furtherWorkers(cluster.uuid));
  return { cluster, stack, workers };
}

async function create(
  { magnum: client, clock }: ClusterClients,
  wanted: Cluster,
  templateUuid: string,
): Promise<ClusterResult> {
  const attributes = {
    name: wanted.name,
    cluster_template_id: templateUuid,
    master_count: wanted.managers,
    node_count: wanted.workers,
    create_timeout: wanted.createTimeoutMinutes,
  };
  let uuid: string;
  try {
    uuid = await client.createCluster(attributes, microversionFor(wanted.workers));
  } catch (error) {
    if (!(error instanceof AnswerLost)) throw error;
    // A repetition at once would find nothing by that name and make a second one.
    const created = await takenUp(clock, () => client.cluster(wanted.name));
    if (!created) throw error;
    return result(created, 'created', []);
  }
  const created = await takenUp(clock, () => client.cluster(uuid));
  return created
    ? result(created, 'created', [])
    : { ...missing(wanted), uuid, action: 'created', status: 'REQUESTED' };
}

/**
 * @param workers in all node groups together
 * @param further how many of them are beside the default one
 */
async function resize(
  { magnum: client, clock }: ClusterClients,
  { name, uuid }: MagnumCluster,
  workers: number,
  further: number,
): Promise<MagnumCluster> {
  const count = workers - further;
  const changed = async () => {
    const now = await client.cluster(uuid);
    return now && (now.node_count === workers || !completeInMagnum(now)) ? now : undefined;
  };
  try {
    const patch = [{ op: 'replace', path: '/node_count', value: count }] as const;
    await client.patchCluster(uuid, patch, microversionFor(count));
  } catch (error) {
    if (!(error instanceof AnswerLost)) throw error;
  }
  const resized = await takenUp(clock, changed);
  if (!resized) throw new RequestNotTaken(`to resize the cluster ${name} to ${workers} workers`);
  return resized;
}

/** Asks until there is something, for as long as a conductor may take. */
async function takenUp<T>(clock: Clock, ask: () => Promise<T | undefined>): Promise<T | undefined> {
  const { found } = await poll(clock, PICK_UP, async () => {
    const seen = await ask();
    return { done: seen !== undefined, found: seen };
  });
  return found;
}

function differencesOf(
  found: MagnumCluster,
  workers: number,
  wanted: Cluster,
  templateUuid: string | undefined,
): Difference[] {
  const fields: Difference[] = [
    { field: 'cluster_template_id', found: found.cluster_template_id, wanted: templateUuid ?? wanted.clusterTemplate },
    { field: 'master_count', found: found.master_count, wanted: wanted.managers },
    { field: 'node_count', found: workers, wanted: wanted.workers },
  ];
  return fields.filter((field) => field.found !== field.wanted);
}

function result(found: MagnumCluster, action: ClusterResult['action'], differences: Difference[]): ClusterResult {
  const { name, uuid, status, master_count: managers, node_count: workers } = found;
  return { name, uuid, action, status: status ?? 'REQUESTED', managers, workers, differences };
}

function missing({ name, managers, workers }: Cluster): ClusterResult {
  return { name, action: 'missing', managers, workers, differences: [] };
}

/** Magnum refuses zero workers below 1.10. */
function microversionFor(workers: number): Microversion {
  return workers === 0 ? '1.10' : '1.1';
}

function complete({ cluster, stack, workers }: Seen): boolean {
  const idle = stack === undefined || /_(COMPLETE|FAILED)$/.test(stack.status);
  return completeInMagnum(cluster) && idle && workers === cluster.node_count;
}

function completeInMagnum({ status }: MagnumCluster): boolean {
  return status?.endsWith('_COMPLETE') === true && status !== 'DELETE_COMPLETE';
}

function stuck(seen: Seen): boolean {
  return stuckInMagnum(seen.cluster) || failedInHeatOnly(seen);
}

function stuckInMagnum({ status }: MagnumCluster): boolean {
  return status?.endsWith('_FAILED') === true || status?.startsWith('DELETE_') === true;
}

/** Whether Magnum has not noticed: it looks after what is in progress only. A failed check or snapshot is no matter here. */
function failedInHeatOnly({ cluster, stack }: Seen): boolean {
  return completeInMagnum(cluster) && /^(CREATE|UPDATE|ROLLBACK)_FAILED$/.test(stack?.status ?? '');
}

async function clusterFailed({ heat }: ClusterClients, seen: Seen): Promise<ClusterFailed> {
  const { stack_id: id, status } = seen.cluster;
  const asked = id && status !== 'DELETE_IN_PROGRESS';
  return new ClusterFailed(seen, asked ? `${await heat.describeIncomplete(id)} ` : '');
}

const NOT_TAKEN = 'no conductor has taken its creation up. Check magnum-conductor and RabbitMQ on the controllers.';

/** What keeps a cluster from being complete, and what to do. */
async function whatLacks({ heat }: ClusterClients, { cluster, stack, workers }: Seen): Promise<string> {
  const { uuid, status, status_reason, node_count, stack_id } = cluster;
  const said = `Magnum's last status is ${status ?? 'none'}${status_reason ? ` (${cut(status_reason, MAGNUM_REASONS)})` : ''}`;
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

/** Magnum makes an address of what a load balancer gives, also of nothing: `tcp://:2375`. */
function hasHost(address: string | null | undefined): address is string {
  return address != null && address !== '' && !/^\w+:\/\/:/.test(address);
}

function advice(status: string, name: string, uuid: string): string {
  if (status === 'DELETE_IN_PROGRESS') return 'Wait until it is gone, then start again and it is created anew.';
  if (status === 'UPDATE_FAILED') {
    return `Remove the cause, then \`openstack coe cluster resize ${uuid} COUNT\` (it still takes one that failed), and start again.`;
  }
  return (
    `It is not deleted and created anew on its own: see \`openstack stack resource list -n 5 STACK\`, remove the cause, then ` +
    `\`openstack coe cluster delete ${uuid}\`, and start again once ${name} is gone.`
  );
}
