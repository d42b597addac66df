import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { Client, type ConnectConfig } from 'ssh2';
import { realClock } from '../../../domain/world';
import { realRandom } from '../../../local/random';
import { type SimulatedSite, startSimulatedSite, type SimulatedSiteOptions } from '../../../local/simulated-site';
import { type SshFront, startSshFront } from '../../../local/simulated-site/ssh-server';
import { goldenSite, type Result, SECRETS } from './client';

/** Timings that tests can wait for, and tell apart. */
const QUICK = { noRoute: 60, connectTimeout: 60, serviceAnswers: 10 };

/** A site in true time that is reached by SSH. */
export interface SshLab {
  readonly site: SimulatedSite;
  readonly front: SshFront;
  /** Runs a line on a controller. */
  exec(host: string, line: string, stdin?: string): Promise<Result>;
  close(): Promise<void>;
}

export async function startSshLab(options: Partial<SimulatedSiteOptions> = {}): Promise<SshLab> {
  const site = startSimulatedSite({
    document: goldenSite(),
    secrets: SECRETS,
    clock: realClock,
    random: realRandom,
    timings: QUICK,
    ...options,
  });
  const front = await startSshFront(site);
  const clients = new Map<string, Client>();
  return {
    site,
    front,
    exec: async (host, line, stdin = '') => {
      const known = clients.get(host);
      const client = known ?? (await connectTo(front, host));
      if (!known) {
        clients.set(host, client);
        client.on('close', () => clients.delete(host));
      }
      return execOn(client, line, stdin);
    },
    close: async () => {
      for (const client of clients.values()) client.end();
      await site.close();
    },
  };
}

/** Connects to the bastion. */
export async function connectToBastion(front: SshFront, config: ConnectConfig = {}): Promise<Client> {
  const { host, port, user } = front.document.bastion;
  const sock = connect({ host, port });
  // Else every small packet waits 40 ms for the acknowledgement of the one before.
  sock.setNoDelay(true);
  return ready({ sock, username: user, privateKey: front.privateKey, ...config });
}

/** Connects to a controller through the bastion. */
export async function connectTo(front: SshFront, name: string, config: ConnectConfig = {}): Promise<Client> {
  const bastion = await connectToBastion(front);
  const controller = front.document.controllers.find((one) => one.name === name);
  if (!controller) throw new Error(`no controller ${name}`);
  try {
    const sock = await forward(bastion, controller.address, controller.port);
    const client = await ready({
      sock,
      username: front.document.ssh.user,
      privateKey: front.privateKey,
      ...config,
    });
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
