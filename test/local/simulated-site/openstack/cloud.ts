import { readFileSync } from 'node:fs';
import { type IncomingMessage, request, type RequestListener } from 'node:http';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { magnumOptions, resolve } from '../../../../domain/config/options';
import { allSecretNames } from '../../../../domain/secrets/references';
import type { Site } from '../../../../domain/site/document';
import type { SecretReference } from '../../../../domain/site/fields';
import { parseSite } from '../../../../domain/site/parse';
import { type Clock, clockOf, realClock } from '../../../../domain/world';
import { seededRandom } from '../../../../local/random';
import { connection } from '../../../../local/simulated-site/duplex-pair';
import { serveHttp } from '../../../../local/simulated-site/http-server';
import {
  type OsloConfig,
  type SimulatedOpenStack,
  simulateOpenStack,
} from '../../../../local/simulated-site/openstack';

/** Secrets that break whatever does not escape them. */
const PASSWORD = `p@ss:w/rd#1 %41$x;"'`;

/** One of the project's own site documents, with changes. */
export function siteOf(name: 'golden' | 'guide', changed: Record<string, unknown> = {}): Site {
  const text = readFileSync(join(__dirname, `../../../../sites/${name}.json`), 'utf8');
  return parseSite(name, JSON.stringify({ ...(JSON.parse(text) as object), ...changed }));
}

/** Options that differ from what the product would write; undefined takes one away. */
export type Overrides = Readonly<Record<string, string | undefined>>;

/** magnum.conf as the product writes it for the first controller, read as oslo.config would. */
export function configOf(site: Site, overrides: Overrides = {}): OsloConfig {
  const [controller] = site.controllers;
  const options = new Map<string, string | undefined>(
    magnumOptions(site, controller).map(({ section, option, value }) => [
      `${section}.${option}`,
      resolve(value, secretOf).replaceAll('$$', '$'),
    ]),
  );
  for (const [name, value] of Object.entries(overrides)) options.set(name, value);
  return (section, option) => options.get(`${section}.${option}`);
}

/** The secret of an SSM parameter; each is another. RabbitMQ's has no slash, which oslo.messaging takes in no form. */
export function secretOf(name: string): string {
  const secret = `${PASSWORD}${name}`;
  return name.endsWith('rabbit-password') ? secret.replaceAll('/', '|') : secret;
}

/** A simulated OpenStack, addressed as at its site. */
export interface TestCloud {
  readonly site: Site;
  readonly openstack: SimulatedOpenStack;
  /** The time given, and what was passed. */
  readonly clock: Clock;
  /** The value of a secret. */
  secret(reference: SecretReference): string;
  /** How many connections were opened. */
  connections: number;
  /** A connection to an address of the site. */
  readonly connect: (host: string, port: number) => Promise<Duplex>;
  /** Sends a request to the Magnum API with a token (unless headers say otherwise) and microversion 1.1. */
  magnum(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<TestAnswer>;
  /** Sends a request to Keystone. */
  keystone(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<TestAnswer>;
  /** Reads from Heat with a token: paths behind its endpoint. */
  heat(path: string): Promise<TestAnswer>;
  /** Starts a conductor of a controller. */
  conductor(controller?: string, overrides?: Overrides): () => void;
  /** Puts another API, as configured, in the place of the one behind the VIP. */
  restartApi(overrides: Overrides): void;
  /** Puts anything in the place of Magnum's API. */
  serve(listener: RequestListener): void;
  /** Takes away what listens on a port of the VIP. */
  cut(port: number): void;
  /** Lets time pass. */
  pass(seconds: number): void;
  close(): Promise<void>;
}

interface TestAnswer {
  readonly status: number;
  /** Where the answer came from, in the end. */
  readonly path: string;
  readonly headers: Headers;
  readonly text: string;
  /** The body if it is JSON. */
  readonly json: Record<string, unknown> & { errors: { detail: string }[]; uuid: string };
}

/** Starts Keystone and a Magnum API, without a conductor. */
export function startCloud(
  site = siteOf('golden'),
  overrides: Overrides = {},
  given: Clock = realClock,
): Promise<TestCloud> {
  const secrets = Object.fromEntries(allSecretNames(site).map((name) => [name, secretOf(name)]));
  let passed = 0;
  const clock = clockOf(
    () => given.now() + passed,
    (ms, action) => given.after(ms, action),
  );
  const openstack = simulateOpenStack({ document: site, secrets, clock, random: seededRandom(1), api: 'wsgi' });
  let api = openstack.startMagnumApi(configOf(site, overrides));
  const servers = {
    keystone: openstack.keystone,
    magnum: ((incoming, response) => {
      api(incoming, response);
    }) as RequestListener,
    heat: openstack.apis.get(8004) ?? ((_, response) => response.destroy()),
  };
  const ports = new Map<string, RequestListener>([
    [`${site.virtualIp}:5000`, servers.keystone],
    [`${site.virtualIp}:35357`, servers.keystone],
    [`${site.virtualIp}:8004`, servers.heat],
    [`${site.virtualIp}:${site.magnum.apiPort}`, servers.magnum],
  ]);
  const open = new Map<Duplex, RequestListener>();
  const connectTo = (server: RequestListener): Duplex => {
    const { near, far } = connection();
    open.set(far, server);
    serveHttp(far, server);
    return near;
  };

  const cloud: TestCloud = {
    site,
    openstack,
    clock,
    connections: 0,
    secret: ({ ssm }) => secretOf(ssm),
    connect: (host, port) => {
      const server = ports.get(`${host}:${port}`);
      if (!server) return Promise.reject(new Error(`connect EHOSTUNREACH ${host}:${port}`));
      cloud.connections += 1;
      return Promise.resolve(connectTo(server));
    },
    keystone: (method, path, body, headers = {}) => send(connectTo(servers.keystone), method, path, body, headers),
    magnum: async (method, path, body, headers = {}) => {
      const token = [...openstack.tokens.keys()][0] ?? (await issue());
      return send(connectTo(servers.magnum), method, path, body, { 'X-Auth-Token': token, ...headers });
    },
    heat: async (path) => {
      const token = [...openstack.tokens.keys()][0] ?? (await issue());
      const [endpoint] = openstack.catalogue.find(({ type }) => type === 'orchestration')?.endpoints ?? [];
      const { pathname } = new URL(endpoint?.url ?? '');
      const ask = (where: string) => send(connectTo(servers.heat), 'GET', where, undefined, { 'X-Auth-Token': token });
      const answer = await ask(pathname + path);
      const location = answer.headers.get('location');
      return location === null ? answer : ask(location.replace(/^http:\/\/[^/]+/, ''));
    },
    conductor: (controller = 'node-1', changed = {}) =>
      openstack.startConductor(controller, configOf(site, { 'DEFAULT.host': controller, ...changed })),
    restartApi: (changed) => {
      api = openstack.startMagnumApi(configOf(site, changed));
    },
    serve: (listener) => {
      api = listener;
    },
    cut: (port) => {
      const name = `${site.virtualIp}:${port}`;
      for (const [far, server] of open) if (server === ports.get(name)) far.destroy();
      ports.delete(name);
    },
    pass: (seconds) => {
      passed += seconds * 1000;
    },
    close: () => {
      openstack.close();
      for (const far of open.keys()) far.destroy();
      return Promise.resolve();
    },
  };
  const issue = async () =>
    (await cloud.keystone('POST', '/v3/auth/tokens', authOf(site))).headers.get('x-subject-token') ?? '';
  return Promise.resolve(cloud);
}

/** The body that asks for a token of the site's operator. */
export function authOf({ openstack }: Site, password = secretOf(openstack.password.ssm)) {
  const { username, userDomainId, projectName, projectDomainId } = openstack;
  const user = { name: username, domain: { id: userDomainId }, password };
  const scope = { project: { name: projectName, domain: { id: projectDomainId } } };
  return { auth: { identity: { methods: ['password'], password: { user } }, scope } };
}

/** The body that creates the golden template, with changes. */
export function templateBody(changed: Record<string, unknown> = {}) {
  return {
    name: 'swarm',
    coe: 'swarm-mode',
    image_id: 'fedora-atomic',
    keypair_id: 'fuel',
    external_network_id: 'public',
    fixed_network: 'private',
    fixed_subnet: 'private-subnet',
    dns_nameserver: '8.8.8.8',
    flavor_id: 'm1.medium',
    docker_volume_size: 5,
    master_lb_enabled: true,
    ...changed,
  };
}

async function send(
  stream: Duplex,
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<TestAnswer> {
  const payload = body === undefined ? '' : JSON.stringify(body);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const length = payload === '' ? {} : { 'Content-Length': String(Buffer.byteLength(payload)) };
    request(
      {
        createConnection: () => stream,
        method,
        path,
        headers: { 'Content-Type': 'application/json', Connection: 'close', ...length, ...headers },
      },
      resolve,
    )
      .on('error', reject)
      .end(payload);
  });
  const text = await textOf(response);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return {
    status: response.statusCode ?? 0,
    path,
    headers: new Headers(response.headers as Record<string, string>),
    text,
    json: json as TestAnswer['json'],
  };
}
