import { get as httpGet } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { Client, type ConnectConfig } from 'ssh2';
import { catalogue } from '../../../domain/commands/catalogue';
import type { Site } from '../../../domain/site/document';
import { parseSite } from '../../../domain/site/parse';
import type { Command } from '../../../domain/ssh/command';
import { type SimulatedSite, startSimulatedSite, type SimulatedSiteOptions } from '../../../local/simulated-site';
import golden from '../../../sites/golden.json';

/** The golden site, with changes. */
export function goldenSite(changes: Partial<Record<keyof Site, unknown>> = {}): Site {
  return parseSite('golden', JSON.stringify({ ...golden, ...changes }));
}

const SECRETS = {
  '/magnum-ha/golden/database-password': 'database-secret',
  '/magnum-ha/golden/keystone-password': 'keystone-secret',
  '/magnum-ha/golden/rabbit-password': 'rabbit-secret',
  '/magnum-ha/golden/trustee-password': 'trustee-secret',
  '/magnum-ha/golden/openstack-password': 'openstack-secret',
};

/** Timings that tests can wait for, and tell apart. */
const QUICK = {
  timeoutSecond: 30,
  noRoute: 60,
  connectTimeout: 60,
  pcs: 10,
  cibChange: 5,
  crmMon: 0,
  haproxyStop: 15,
  agentStop: 2,
  haproxyStart: 20,
  vipStop: 5,
  vipStart: 5,
  operationTimeout: 40,
  failureTimeout: 60_000,
  nodeLoss: 30,
  boot: 20,
  serverDown: 10_000,
  serverUp: 30,
  haproxyCheck: 0,
  magnumVersion: 0,
  serviceStop: 1,
  serviceStart: 1,
  serviceAnswers: 10,
};

/** A site with a client of it. */
export interface Lab {
  readonly site: SimulatedSite;
  readonly commands: ReturnType<typeof catalogue>;
  /** Runs a command of the catalogue on a controller. */
  run(host: string, command: Command): Promise<Result>;
  /** Runs a line on a controller. */
  exec(host: string, line: string, stdin?: string): Promise<Result>;
  close(): Promise<void>;
}

export interface Result {
  readonly exit: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export async function startLab(options: Partial<SimulatedSiteOptions> = {}): Promise<Lab> {
  const site = await startSimulatedSite({ document: goldenSite(), secrets: SECRETS, timings: QUICK, ...options });
  const clients = new Map<string, Client>();
  const exec = async (host: string, line: string, stdin = ''): Promise<Result> => {
    const known = clients.get(host);
    const client = known ?? (await connectTo(site, host));
    if (!known) {
      clients.set(host, client);
      client.on('close', () => clients.delete(host));
    }
    return execOn(client, line, stdin);
  };
  return {
    site,
    commands: catalogue(site.document),
    exec,
    run: (host, { argv, timeoutSeconds, stdin }) =>
      exec(host, `LC_ALL=C timeout -k 5 ${String(timeoutSeconds)} ${argv.map(quoted).join(' ')}`, stdin),
    close: async () => {
      for (const client of clients.values()) client.end();
      await site.close();
    },
  };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** Connects to the bastion. */
export async function connectToBastion(site: SimulatedSite, config: ConnectConfig = {}): Promise<Client> {
  const { host, port, user } = site.document.bastion;
  const sock = connect({ host, port });
  // Else every small packet waits 40 ms for the acknowledgement of the one before.
  sock.setNoDelay(true);
  return ready({ sock, username: user, privateKey: site.privateKey, ...config });
}

/** Connects to a controller through the bastion. */
export async function connectTo(site: SimulatedSite, name: string, config: ConnectConfig = {}): Promise<Client> {
  const bastion = await connectToBastion(site);
  const controller = site.document.controllers.find((one) => one.name === name);
  if (!controller) throw new Error(`no controller ${name}`);
  try {
    const sock = await forward(bastion, controller.address, controller.port);
    const client = await ready({ sock, username: site.document.ssh.user, privateKey: site.privateKey, ...config });
    client.on('close', () => bastion.end());
    return client;
  } catch (error) {
    bastion.end();
    throw error;
  }
}

export async function forward(client: Client, address: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    client.forwardOut('127.0.0.1', 0, address, port, (error, stream) => {
      if (error) reject(error);
      else resolve(stream);
    });
  });
}

export async function execOn(client: Client, line: string, stdin = ''): Promise<Result> {
  return new Promise((resolve, reject) => {
    client.exec(line, (error, stream) => {
      if (error) {
        reject(error);
        return;
      }
      let stdout = '';
      let stderr = '';
      let exit: number | undefined;
      stream.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
      stream.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      stream.on('exit', (code: number) => (exit = code));
      stream.on('close', () => {
        resolve({ exit, stdout, stderr });
      });
      stream.end(stdin);
    });
  });
}

/** GET from the bastion's place in the network. */
export async function get(
  site: SimulatedSite,
  address: string,
  port: number,
  path = '/',
): Promise<{ status: number; body: string }> {
  const stream = await site.network.connect(site.bastionAddress, address, port);
  return new Promise((resolve, reject) => {
    httpGet({ createConnection: () => stream, path, headers: { connection: 'close' } }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body });
      });
    }).on('error', reject);
  });
}

/** Waits until something holds. */
export async function until(condition: () => boolean | Promise<boolean>, milliseconds = 2000): Promise<void> {
  const deadline = Date.now() + milliseconds;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not so after ${String(milliseconds)} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

async function ready(config: ConnectConfig): Promise<Client> {
  const client = new Client();
  return new Promise((resolve, reject) => {
    client.on('ready', () => {
      client.on('error', () => undefined);
      resolve(client);
    });
    client.on('error', reject);
    client.on('close', () => {
      reject(new Error('closed'));
    });
    client.connect(config);
  });
}
