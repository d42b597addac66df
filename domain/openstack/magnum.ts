import * as z from 'zod';
import { MagnumHaError } from '../errors';
import { type Clock, poll } from '../world';
import { bodyOf, flag, listOf, optionalListOf, shown, shownNumber } from './answers';
import { detailOf, UnexpectedAnswer } from './errors';
import type { HttpClient } from './http';
import type { Answer, HttpRequest } from './http-messages';
import type { Keystone } from './keystone';

/** Magnum's API version in the header `OpenStack-API-Version`: 1.1 has all but node groups (1.9) and clusters of no workers (1.10). */
export type Microversion = '1.1' | '1.9' | '1.10';

/** Several templates or clusters have the wanted name, and Magnum cannot say which is meant (409). */
class DuplicateNameInMagnum extends MagnumHaError {
  override readonly name = 'DuplicateNameInMagnum';

  constructor(kind: 'cluster template' | 'cluster', name: string, url: string) {
    const command = kind === 'cluster' ? 'openstack coe cluster' : 'openstack coe cluster template';
    super(
      `Several ${kind}s are named ${name} (${url}): Magnum allows it, but then none can be looked up by name. Find them with ` +
        `\`${command} list\`, delete or rename all but the right one by UUID, and start again. An administrator sees those of all ` +
        'projects: if the others are not yours, give yours another name in the site document.',
    );
  }
}

/**
 * What has the wanted name is another project's: from Rocky on Magnum shows an administrator everybody's, from Train on it
 * lets him change them too.
 */
class OwnedByAnotherProject extends MagnumHaError {
  override readonly name = 'OwnedByAnotherProject';

  constructor(kind: 'cluster template' | 'cluster', name: string, url: string, project: string) {
    super(
      `The ${kind} ${name} (${url}) belongs to another project (${project}) than that of the openstack section, and was not ` +
        'touched. Give yours another name in the site document, or correct openstack.projectName.',
    );
  }
}

/** Magnum cannot read what it has stored about a cluster, as happens when [trust] was wrong while it was created. */
class ClusterUnreadable extends MagnumHaError {
  override readonly name = 'ClusterUnreadable';

  constructor(name: string, answer: Answer) {
    super(
      `Magnum at ${answer.url} answers ${answer.status} to a look-up of the cluster ${name}: ${detailOf(answer)}. Its row was ` +
        'spoilt, most likely because [trust] was wrong when it was created. Correct [trust], delete the cluster by its UUID ' +
        '(the table `cluster` of the database has it), and start again.',
    );
  }
}

const service = z.object({
  id: shownNumber,
  // The conductor's [DEFAULT] host.
  host: z.string().nullish(),
  binary: z.string(),
  state: shown,
  report_count: shownNumber,
  created_at: shown,
  updated_at: shown,
});
/** A row of `GET /v1/mservices`; only conductors register. */
export type MagnumService = z.infer<typeof service>;
const services = z.object({ mservices: listOf(service) });

/** Not told before Queens (6.0.0). */
const projectId = z.string().nullish();
const template = z.looseObject({ uuid: z.string(), project_id: projectId, public: flag });
/** A cluster template with all its attributes, under Magnum's names. */
export type TemplateAttributes = z.infer<typeof template>;

const addresses = optionalListOf(z.string());
const cluster = z
  .object({
    uuid: z.string(),
    name: shown,
    project_id: projectId,
    cluster_template_id: z.string(),
    // Nothing as long as the conductor has not written the first status.
    status: z.string().nullish(),
    status_reason: shown,
    node_count: z.number(),
    master_count: z.number(),
    // As the driver stores it: nothing, or some other ID, if the driver does not use Heat.
    stack_id: z.string().nullish(),
    api_address: shown,
    node_addresses: addresses,
    master_addresses: addresses,
    faults: z.record(z.string(), shown).nullish().catch(undefined),
  })
  .transform((one) => ({ ...one, name: one.name ?? one.uuid }));
/** A cluster as `GET /v1/clusters/{uuid or name}` shows it. */
export type MagnumCluster = z.infer<typeof cluster>;

const nodeGroup = z.object({ is_default: flag, role: shown, node_count: z.number() });
const nodeGroups = z.object({ nodegroups: z.array(nodeGroup) });

/** What is answered to a request for a cluster, or for a change of one. */
const accepted = z.object({ uuid: z.string() });

/** A step of a JSON patch; only attributes at the root are ever replaced. */
export interface PatchStep {
  readonly op: 'replace' | 'remove';
  readonly path: `/${string}`;
  readonly value?: string | number | boolean;
}

/**
 * How long a cluster may be unreadable: from Train on a conductor writes it first and its node groups after that, and in between Magnum
 * answers that its `master_count` is 0, as it answers to what is spoilt for good. Seen on Magnum 15 on a busy machine.
 */
const WRITTEN = { forMs: 10_000, everyMs: 500 };

/**
 * Magnum's API, version 1, as one user sees it.
 *
 * All methods throw `OpenStackApiError` if Magnum refuses, `OpenStackUnavailable` and `OpenStackUnreachable` if it
 * does not answer, and what `Keystone` throws; those that change something throw `AnswerLost` too.
 */
export class MagnumClient {
  constructor(
    private readonly http: HttpClient,
    private readonly keystone: Keystone,
    private readonly clock: Clock,
    private readonly region: string,
    private readonly endpointInterface: 'public' | 'internal' | 'admin',
  ) {}

  /** The conductors that ever registered. `state` is `up` for 180 s after the last heartbeat even of a dead one. */
  async services(): Promise<MagnumService[]> {
    const answer = await this.send({ method: 'GET', path: '/mservices' });
    return read(answer, 200, services, 'a list of services').mservices;
  }

  /**
   * A template by UUID or name, or undefined if there is none. It may be another project's, if that made it public.
   * @throws DuplicateNameInMagnum, OwnedByAnotherProject
   */
  async template(uuidOrName: string): Promise<TemplateAttributes | undefined> {
    const answer = await this.send({ method: 'GET', path: `/clustertemplates/${encodeURIComponent(uuidOrName)}` });
    if (answer.status === 404) return undefined;
    if (answer.status === 409) throw new DuplicateNameInMagnum('cluster template', uuidOrName, answer.url);
    const found = read(answer, 200, template, 'a cluster template');
    if (found.public === true || (await this.owns(found))) return found;
    throw new OwnedByAnotherProject('cluster template', uuidOrName, answer.url, found.project_id ?? '');
  }

  /** Whether something is of this user's own project. */
  async owns({ project_id: project }: { readonly project_id?: string | null | undefined }): Promise<boolean> {
    return project == null || project === (await this.keystone.projectId());
  }

  /** Creates a template. Magnum allows several of one name: look it up first. */
  async createTemplate(attributes: Readonly<Record<string, unknown>>): Promise<TemplateAttributes> {
    const answer = await this.send({ method: 'POST', path: '/clustertemplates', body: attributes });
    return read(answer, 201, template, 'a cluster template');
  }

  /** Changes a template; refused while a cluster uses it. */
  async patchTemplate(uuid: string, patch: readonly PatchStep[]): Promise<TemplateAttributes> {
    const answer = await this.send({ method: 'PATCH', path: `/clustertemplates/${uuid}`, body: patch });
    return read(answer, 200, template, 'a cluster template');
  }

  /**
   * A cluster by UUID or name, or undefined if there is none, or no conductor has taken its creation up yet.
   * @throws DuplicateNameInMagnum, OwnedByAnotherProject, ClusterUnreadable
   */
  async cluster(uuidOrName: string): Promise<MagnumCluster | undefined> {
    const path = `/clusters/${encodeURIComponent(uuidOrName)}`;
    const { found: answer } = await poll(this.clock, WRITTEN, async () => {
      const found = await this.send({ method: 'GET', path });
      return { done: found.status !== 400, found };
    });
    if (answer.status === 404) return undefined;
    if (answer.status === 409) throw new DuplicateNameInMagnum('cluster', uuidOrName, answer.url);
    if (answer.status === 400) throw new ClusterUnreadable(uuidOrName, answer);
    const found = read(answer, 200, cluster, 'a cluster');
    if (await this.owns(found)) return found;
    throw new OwnedByAnotherProject('cluster', uuidOrName, answer.url, found.project_id ?? '');
  }

  /**
   * How many of a cluster's workers are in other node groups than the default one. Those have stacks of their own, and came with
   * Train: no Magnum before has any.
   */
  async furtherWorkers(uuid: string): Promise<number> {
    const answer = await this.send({ method: 'GET', path: `/clusters/${uuid}/nodegroups`, microversion: '1.9' });
    if (answer.status === 404 || answer.status === 406) return 0;
    const { nodegroups } = read(answer, 200, nodeGroups, 'a list of node groups');
    return nodegroups
      .filter(({ is_default, role }) => !is_default && role !== 'master')
      .reduce((sum, { node_count }) => sum + node_count, 0);
  }

  /**
   * Asks for a cluster and returns its UUID. Magnum allows several of one name: look it up first.
   *
   * That it is accepted proves nothing: the cluster appears once a conductor takes the request up.
   */
  async createCluster(attributes: Readonly<Record<string, unknown>>, microversion: Microversion): Promise<string> {
    const answer = await this.send({ method: 'POST', path: '/clusters', body: attributes, microversion });
    return read(answer, 202, accepted, "a cluster's UUID").uuid;
  }

  /** Asks for a change of a cluster. That it is accepted proves nothing: a conductor ignores it while another runs. */
  async patchCluster(uuid: string, patch: readonly PatchStep[], microversion: Microversion): Promise<void> {
    const answer = await this.send({ method: 'PATCH', path: `/clusters/${uuid}`, body: patch, microversion });
    read(answer, 202, accepted, "a cluster's UUID");
  }

  private async send({
    method,
    path,
    body,
    microversion = '1.1',
  }: Omit<HttpRequest, 'url' | 'headers'> & { path: string; microversion?: Microversion }): Promise<Answer> {
    const once = async (token: string) =>
      this.http.request({
        method,
        url: (await this.keystone.endpoint('container-infra', this.region, this.endpointInterface)) + path,
        headers: { 'x-auth-token': token, 'openstack-api-version': `container-infra ${microversion}` },
        ...(body !== undefined && { body }),
      });
    const token = await this.keystone.token();
    const answer = await once(token);
    if (answer.status !== 401) return answer;
    // Revoked before its time, or Keystone's keys were rotated; a refused request has changed nothing.
    this.keystone.forget(token);
    return once(await this.keystone.token());
  }
}

function read<T>(answer: Answer, status: number, schema: z.ZodType<T>, expected: string): T {
  const body = bodyOf(answer, schema, expected);
  if (answer.status !== status) throw new UnexpectedAnswer(answer, expected);
  return body;
}
