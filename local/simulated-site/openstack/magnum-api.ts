import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Clock, Random } from '../../../domain/world';
import type { Cloud } from './cloud';
import { createTemplate, deleteTemplate, findTemplate, patchTemplate, showTemplate } from './cluster-templates';
import {
  findCluster,
  listClusters,
  listNodeGroups,
  newCluster,
  patchedNodeCount,
  resizedNodeCount,
  showCluster,
} from './clusters';
import type { Message } from './cluster-work';
import type { Conductors } from './conductor';
import type { OpenStackFaults } from './faults';
import { baseOf, readJson, sendJson, sendPage } from './http';
import type { Token } from './keystone';
import { errorBody, MagnumError, PecanError, UnhandledError } from './magnum-error';
import type { Settings } from './settings';
import { isoTime, type ServiceRow, type Store } from './store';

interface Given {
  readonly store: Store;
  readonly cloud: Cloud;
  readonly faults: OpenStackFaults;
  readonly conductors: Conductors;
  readonly tokens: Map<string, Token>;
  readonly settings: Settings;
  /** How long it waits for a conductor through which it reads the database; undefined if it reads on its own. */
  readonly replyTimeoutMs: number | undefined;
  readonly clock: Clock;
  readonly random: Random;
}

/** A request whose token and version were taken. */
interface Call {
  readonly method: string;
  /** The parts of the path after /v1. */
  readonly path: readonly string[];
  readonly body: unknown;
  /** The microversion's second number. */
  readonly minor: number;
  /** How the client addresses the API. */
  readonly base: string;
  /** The ID of the client's project. */
  readonly project: string | null;
}

interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const MINIMUM = 1;
const MAXIMUM = 10;
/** service_down_time: for so long a conductor counts as up without a heartbeat. */
const SERVICE_DOWN_MS = 180_000;

/** One process of magnum-api, as configured when it started. */
export function createMagnumApi(given: Given): RequestListener {
  return (request, response) => {
    // Only a client that goes away while it sends makes this fail.
    serve(request, response, given).catch(() => response.destroy());
  };
}

async function serve(request: IncomingMessage, response: ServerResponse, given: Given): Promise<void> {
  const body = await readJson(request);
  const { method = 'GET', url = '/' } = request;
  const path = url
    .replace(/\?.*/, '')
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  const base = baseOf(request);
  if (path.length === 0) {
    sendJson(response, 200, versions(base));
    return;
  }
  const isPublic = path.length === 1 && path[0] === 'v1';
  if (!isPublic && !admitted(request, response, given)) return;

  const minor = microversion(request.headers['openstack-api-version'], response);
  if (minor === undefined) return;
  const project = given.tokens.get(String(request.headers['x-auth-token']))?.projectId ?? null;
  const call = { method, path: path[0] === 'v1' ? path.slice(1) : path, body, minor, base, project };
  let refusal: MagnumError | undefined;
  if (!isPublic && given.replyTimeoutMs !== undefined) {
    // Without RabbitMQ it tries to connect for ever.
    if (!given.settings.rabbit) return;
    refusal = unauthorized(given.settings) ?? (await refusedByConductor(call, given, given.replyTimeoutMs));
  }
  given.conductors.catchUp();
  let reply: Reply;
  try {
    reply = isPublic ? { status: 200, body: v1(base) } : answered(call, given, refusal);
  } catch (error) {
    if (!(error instanceof UnhandledError)) throw error;
    response.writeHead(500, { 'Content-Type': 'text/html; charset=utf-8' });
    response.end('<!doctype html>\n<html lang=en>\n<title>500 Internal Server Error</title>\n');
    return;
  }
  if (method !== 'GET' && given.faults.answersLost > 0) {
    given.faults.answersLost -= 1;
    request.socket.destroy();
  } else if (reply.body === undefined) {
    response.writeHead(reply.status, reply.headers).end();
  } else {
    sendJson(response, reply.status, reply.body, reply.headers);
  }
}

/** Whether keystonemiddleware lets a request pass; else it has answered. */
function admitted(
  request: IncomingMessage,
  response: ServerResponse,
  { settings, tokens, faults, clock }: Given,
): boolean {
  const id = request.headers['x-auth-token'];
  // Without a token there is nothing to ask Keystone about.
  if (typeof id === 'string' && (faults.keystoneDown || settings.tokens === 'refused')) {
    sendPage(response, 503, 'The Keystone service is temporarily unavailable.');
    return false;
  }
  const token = typeof id === 'string' ? tokens.get(id) : undefined;
  if (token && token.expiresAt > clock.now()) {
    if (settings.tokens !== 'unconfigured') return true;
    // The middleware does without, but Magnum's own code does not.
    sendJson(response, 500, errorBody(new MagnumError(500, "'NoneType' object has no attribute 'rstrip'")));
    return false;
  }
  const message = 'The request you have made requires authentication.';
  sendJson(
    response,
    401,
    { error: { code: 401, title: 'Unauthorized', message } },
    { 'WWW-Authenticate': `Keystone uri="${settings.keystone}"` },
  );
  return false;
}

/** The version that is asked for, with the headers that tell so, or undefined if it is refused. */
function microversion(header: string | string[] | undefined, response: ServerResponse): number | undefined {
  const asked = typeof header === 'string' ? header : `container-infra 1.${MINIMUM}`;
  const [service, wanted = '', ...more] = asked.trim().split(/ +/);
  const known = service?.toLowerCase() === 'container-infra';
  if (!known || !/^(latest|\d+\.\d+)$/i.test(wanted) || more.length > 0) {
    const what = known ? 'value' : 'service type';
    sendJson(response, 406, errorBody(new PecanError(406, `Invalid ${what} for OpenStack-API-Version header`)));
    return undefined;
  }
  const [major, minor = 0] = wanted.toLowerCase() === 'latest' ? [1, MAXIMUM] : wanted.split('.').map(Number);
  response.setHeader('OpenStack-API-Minimum-Version', `container-infra 1.${MINIMUM}`);
  response.setHeader('OpenStack-API-Maximum-Version', `container-infra 1.${MAXIMUM}`);
  response.setHeader('Vary', 'OpenStack-API-Version');
  response.setHeader('OpenStack-API-Version', `container-infra ${major}.${minor}`);
  if (major === 1 && minor >= MINIMUM && minor <= MAXIMUM) return minor;
  const why =
    major === 1
      ? `Version ${major}.${minor} was requested but the minor version is not supported by this service. `
      : `Mutually exclusive versions requested. Version ${major}.${minor} requested but not supported by this service.`;
  const error = {
    code: 'magnum.microversion-unsupported',
    title: 'Requested microversion is unsupported',
    // Under another name than in all other errors.
    description: `${why}The supported version range is: [container-infra 1.${MINIMUM}, container-infra 1.${MAXIMUM}].`,
    max_version: `1.${MAXIMUM}`,
    min_version: `1.${MINIMUM}`,
    links: [{ rel: 'help', href: 'http://docs.openstack.org/api-guide/compute/microversions.html' }],
  };
  sendJson(response, 406, { errors: [error] });
  return undefined;
}

/** What a policy comes to when Keystone gives no token of the trustees' domain. */
function unauthorized({ trustee }: Settings, remote = ''): MagnumError | undefined {
  if (trustee === 'refused') return new MagnumError(403, 'reason: Keystone client authentication failed');
  if (trustee === undefined) return undefined;
  return new MagnumError(
    500,
    `${remote}Invalid input for field 'identity/password/user/password': None is not of type 'string'`,
  );
}

/** What goes wrong if the program magnum-api reads the database through a conductor, or undefined. */
async function refusedByConductor({ method, path }: Call, { conductors, random }: Given, timeoutMs: number) {
  const conductor = await conductors.consumer(timeoutMs);
  if (!conductor) {
    return new MagnumError(500, `Timed out waiting for a reply to message ID ${random.bytes(16).toString('hex')}`);
  }
  if (conductor.databaseError !== undefined) return new MagnumError(500, `Remote error: ${conductor.databaseError}`);
  // A conductor counts clusters under a policy of its own.
  const creates = method === 'POST' && path.join() === 'clusters';
  return creates ? unauthorized(conductor, 'Remote error: BadRequest ') : undefined;
}

function answered(call: Call, given: Given, refusal: MagnumError | undefined): Reply {
  try {
    if (refusal) throw refusal;
    const { databaseError } = given.settings;
    if (given.replyTimeoutMs === undefined && databaseError !== undefined) throw new MagnumError(500, databaseError);
    return route(call, given);
  } catch (error) {
    if (!(error instanceof MagnumError)) throw error;
    return { status: error.status, body: errorBody(error) };
  }
}

function route(call: Call, given: Given): Reply {
  const [collection, ...rest] = call.path;
  if (collection === 'mservices' && call.method === 'GET' && rest.length === 0) {
    return { status: 200, body: { mservices: given.store.services.map((row) => showService(row, given.clock.now())) } };
  }
  if (collection === 'clustertemplates') return templates(call, rest, given);
  if (collection === 'clusters') return clusters(call, rest, given);
  throw new PecanError(404, '');
}

function templates(
  { method, body, base, project }: Call,
  [ident, ...deeper]: string[],
  { store, cloud, clock }: Given,
): Reply {
  if (deeper.length > 0) throw new PecanError(404, '');
  if (method === 'POST' && ident === undefined) {
    const row = createTemplate(store, cloud, body, { project, now: clock.now() });
    const { labels } = row;
    // The one place where Magnum shows labels as they were given.
    const created = { ...showTemplate(row, base), labels };
    return { status: 201, body: created, headers: { Location: `${base}/v1/clustertemplates/${row.uuid}` } };
  }
  if (method === 'GET' && (ident === undefined || ident === 'detail')) {
    return { status: 200, body: { clustertemplates: store.clusterTemplates.map((row) => showTemplate(row, base)) } };
  }
  if (ident === undefined) throw new PecanError(405, '');
  if (method === 'GET') return { status: 200, body: showTemplate(findTemplate(store, ident), base) };
  if (method === 'PATCH')
    return { status: 200, body: showTemplate(patchTemplate(store, cloud, ident, { body, now: clock.now() }), base) };
  if (method === 'DELETE') {
    deleteTemplate(store, ident);
    return { status: 204 };
  }
  throw new PecanError(405, '');
}

function clusters({ method, body, minor, base, project }: Call, [ident, ...deeper]: string[], given: Given): Reply {
  const { store, cloud } = given;
  if (method === 'POST' && deeper.join('/') === 'actions/resize' && ident !== undefined) {
    const nodeCount = resizedNodeCount(body, minor);
    const { uuid } = findCluster(store, ident);
    return cast({ kind: 'resize', uuid, nodeCount }, uuid, given);
  }
  if (method === 'GET' && deeper.join('/') === 'nodegroups' && ident !== undefined) {
    if (minor < 9) throw new PecanError(406, '');
    return { status: 200, body: { nodegroups: listNodeGroups(findCluster(store, ident)) } };
  }
  if (deeper.length > 0) throw new PecanError(404, '');
  if (method === 'POST' && ident === undefined) {
    const cluster = newCluster(store, cloud, body, { minor, project });
    return cast({ kind: 'create', cluster }, cluster.uuid, given);
  }
  if (method === 'GET' && ident === undefined) return { status: 200, body: { clusters: listClusters(store, base) } };
  if (method === 'GET' && ident === 'detail') {
    return { status: 200, body: { clusters: store.clusters.map((row) => showCluster(row, base)) } };
  }
  if (ident === undefined) throw new PecanError(405, '');
  const row = findCluster(store, ident);
  if (method === 'GET') return { status: 200, body: showCluster(row, base) };
  if (method === 'PATCH') {
    const nodeCount = patchedNodeCount(row, body, minor);
    return cast({ kind: 'update', uuid: row.uuid, nodeCount }, row.uuid, given);
  }
  if (method === 'DELETE')
    return { ...cast({ kind: 'delete', uuid: row.uuid }, row.uuid, given), status: 204, body: undefined };
  throw new PecanError(405, '');
}

/** Hands a request to the conductors; whether it gets there, or any is there, the API cannot tell. */
function cast(message: Message, uuid: string, { conductors, settings }: Given): Reply {
  if (settings.rabbit) conductors.cast(message);
  return { status: 202, body: { uuid } };
}

function showService({ id, host, report_count, createdAt, updatedAt }: ServiceRow, now: number) {
  return {
    host,
    binary: 'magnum-conductor',
    state: now - updatedAt <= SERVICE_DOWN_MS ? 'up' : 'down',
    id,
    report_count,
    disabled: false,
    disabled_reason: null,
    created_at: isoTime(createdAt),
    updated_at: isoTime(updatedAt),
  };
}

function versions(base: string) {
  return {
    name: 'OpenStack Magnum API',
    description: 'Magnum is an OpenStack project which aims to provide container cluster management.',
    versions: [
      {
        id: 'v1',
        links: [{ href: `${base}/v1/`, rel: 'self' }],
        status: 'CURRENT',
        max_version: `1.${MAXIMUM}`,
        min_version: `1.${MINIMUM}`,
      },
    ],
  };
}

function v1(base: string) {
  const collections = ['clustertemplates', 'clusters', 'certificates', 'mservices'].map((name) => [
    name,
    [
      { href: `${base}/v1/${name}/`, rel: 'self' },
      { href: `${base}/${name}/`, rel: 'bookmark' },
    ],
  ]);
  return {
    id: 'v1',
    media_types: [{ base: 'application/json', type: 'application/vnd.openstack.magnum.v1+json' }],
    links: [{ href: `${base}/v1/`, rel: 'self' }],
    ...(Object.fromEntries(collections) as Record<string, unknown>),
  };
}
