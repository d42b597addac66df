import { MagnumHaError } from '../errors';
import type { Cluster } from '../site/document';
import type { Mode } from '../site/load';
import { type Clock, poll } from '../world';
import {
  type ClusterClients,
  clusterFailed,
  complete,
  completeInMagnum,
  failedInHeatOnly,
  look,
  stuck,
} from './cluster-view';
import type { Difference } from './difference';
import { AnswerLost } from './errors';
import type { MagnumCluster, Microversion } from './magnum';

/** What became of a wanted cluster. */
export interface ClusterResult {
  readonly name: string;
  readonly uuid?: string;
  /** `missing` only in mode `check`; `differs` also if Magnum cannot change what differs, or not now. */
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

/** How long a conductor may take to pick up what the API put into RabbitMQ: well below a second as a rule. */
const PICK_UP = { forMs: 10_000, everyMs: 200 };

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
  // Also if somebody else has asked Magnum for it, such as an attempt of this task whose answer was lost.
  if (left.length === 0) return { ...result(changed, 'resized', differences), done: false };
  return { ...result(changed, 'differs', left), done: done && !asked };
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
    // An immediate repetition would find no cluster of that name and create a second one.
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
 * @param further how many of them are in other groups than the default one
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
