import { setTimeout as sleep } from 'node:timers/promises';
import { MagnumHaError } from '../errors';
import type { Cluster } from '../site/document';
import type { Mode } from '../site/load';
import { AnswerLost } from './errors';
import type { MagnumClient, MagnumCluster, Microversion } from './magnum';
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

/** A cluster has failed, or is in a state from which nothing but a decision of an operator leads on. */
class ClusterFailed extends MagnumHaError {
  override readonly name = 'ClusterFailed';

  constructor({ name, uuid, status, status_reason, faults }: MagnumCluster) {
    const reasons = [
      status_reason,
      ...Object.entries(faults ?? {}).map(([group, fault]) => `${group}: ${fault ?? ''}`),
    ];
    const text = reasons.filter(Boolean).join('; ') || 'Magnum gives no reason; see magnum-conductor.log';
    const cut = text.length > 2000 ? `${text.slice(0, 2000)}… (${text.length - 2000} more characters)` : text;
    super(
      `The cluster ${name} (${uuid}) is ${status ?? 'without status'}: ${cut}. ${advice(status ?? '', name, uuid)}`,
    );
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
const PICK_UP_MS = 10_000;
const PAUSE_MS = 200;

/**
 * Looks a cluster up by its name and, in mode `apply`, creates it or changes its number of workers.
 *
 * Returns as soon as a conductor has taken the request up, at the latest 10 s later; `pollCluster` tells the rest. Safe to
 * repeat. A number of managers or a template that differ cannot be changed, nor can workers while something else is in
 * progress: these are reported as differing. Magnum's create_timeout is not compared: it has no meaning after the creation.
 *
 * @throws ClusterFailed (mode `apply`) when the cluster exists, but has failed or is being deleted
 * @throws ClusterTemplateMissing, RequestNotTaken, DuplicateNameInMagnum and the other errors of MagnumClient
 */
export async function ensureCluster(client: MagnumClient, wanted: Cluster, mode: Mode): Promise<ClusterResult> {
  const [found, template] = await Promise.all([client.cluster(wanted.name), client.template(wanted.clusterTemplate)]);
  if (!found) {
    if (mode === 'check') return missing(wanted);
    if (!template) throw new ClusterTemplateMissing(wanted.name, wanted.clusterTemplate);
    return create(client, wanted, template.uuid);
  }
  const differences = differencesOf(found, wanted, template?.uuid);
  if (stuck(found)) {
    if (mode === 'apply') throw new ClusterFailed(found);
    return result(found, 'differs', [
      { field: 'status', found: found.status, wanted: 'CREATE_COMPLETE' },
      ...differences,
    ]);
  }
  if (differences.length === 0) return result(found, 'unchanged', []);
  const resizable = complete(found) && differences.some(({ field }) => field === 'node_count');
  if (mode === 'check' || !resizable) return result(found, 'differs', differences);
  const resized = await resize(client, found, wanted.workers);
  const left = differencesOf(resized, wanted, template?.uuid);
  return left.length > 0 ? result(resized, 'differs', left) : result(resized, 'resized', differences);
}

/**
 * How far a cluster is. One that cannot be found counts as not done: no conductor has taken its creation up yet.
 *
 * @param workers where given, it is not done before it has so many: a status read right after a resize may be the old one
 * @throws ClusterFailed with Magnum's status_reason and faults
 */
export async function pollCluster(client: MagnumClient, uuid: string, workers?: number): Promise<ClusterProgress> {
  const found = await client.cluster(uuid);
  if (!found) return { uuid, done: false, status: 'REQUESTED' };
  if (stuck(found)) throw new ClusterFailed(found);
  return {
    uuid,
    done: complete(found) && (workers === undefined || found.node_count === workers),
    status: found.status ?? 'REQUESTED',
    ...(found.status_reason && { statusReason: found.status_reason }),
    managers: found.master_count,
    workers: found.node_count,
    ...(found.api_address && { apiAddress: found.api_address }),
    managerAddresses: found.master_addresses,
    workerAddresses: found.node_addresses,
  };
}

async function create(client: MagnumClient, wanted: Cluster, templateUuid: string): Promise<ClusterResult> {
  const attributes = {
    name: wanted.name,
    cluster_template_id: templateUuid,
    master_count: wanted.managers,
    node_count: wanted.workers,
    create_timeout: wanted.createTimeoutMinutes,
  };
  let uuid: string | undefined;
  try {
    uuid = await client.createCluster(attributes, microversionFor(wanted.workers));
  } catch (error) {
    if (!(error instanceof AnswerLost)) throw error;
    // A repetition at once would find nothing by that name and make a second one.
    const created = await takenUp(() => client.cluster(wanted.name));
    if (!created) throw error;
    return result(created, 'created', []);
  }
  const reference = uuid;
  const created = await takenUp(() => client.cluster(reference));
  return created
    ? result(created, 'created', [])
    : { ...missing(wanted), uuid, action: 'created', status: 'REQUESTED' };
}

async function resize(client: MagnumClient, { name, uuid }: MagnumCluster, workers: number): Promise<MagnumCluster> {
  const changed = async () => {
    const now = await client.cluster(uuid);
    return now?.node_count === workers || (now && !complete(now)) ? now : undefined;
  };
  try {
    const patch = [{ op: 'replace', path: '/node_count', value: workers }] as const;
    await client.patchCluster(uuid, patch, microversionFor(workers));
  } catch (error) {
    if (!(error instanceof AnswerLost)) throw error;
  }
  const resized = await takenUp(changed);
  if (!resized) throw new RequestNotTaken(`to resize the cluster ${name} to ${workers} workers`);
  return resized;
}

/** Asks until there is something, for as long as a conductor may take. */
async function takenUp<T>(ask: () => Promise<T | undefined>): Promise<T | undefined> {
  for (const deadline = Date.now() + PICK_UP_MS; ;) {
    const found = await ask();
    if (found !== undefined || Date.now() >= deadline) return found;
    await sleep(PAUSE_MS);
  }
}

function differencesOf(found: MagnumCluster, wanted: Cluster, templateUuid: string | undefined): Difference[] {
  const fields: Difference[] = [
    { field: 'cluster_template_id', found: found.cluster_template_id, wanted: templateUuid ?? wanted.clusterTemplate },
    { field: 'master_count', found: found.master_count, wanted: wanted.managers },
    { field: 'node_count', found: found.node_count, wanted: wanted.workers },
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

function complete({ status }: MagnumCluster): boolean {
  return status?.endsWith('_COMPLETE') === true && status !== 'DELETE_COMPLETE';
}

function stuck({ status }: MagnumCluster): boolean {
  return status?.endsWith('_FAILED') === true || status?.startsWith('DELETE_') === true;
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
