import { readFileSync } from 'node:fs';
import { connectSite, type SiteConnection } from '../../domain/commands/site-connection';
import { HttpClient } from '../../domain/openstack/http';
import type { Answer, HttpRequest } from '../../domain/openstack/http-messages';
import type { Site } from '../../domain/site/document';
import type { SecretReference } from '../../domain/site/fields';
import type { Mode } from '../../domain/site/load';
import { parseSite } from '../../domain/site/parse';
import type { Command, Outcome } from '../../domain/ssh/command';
import { CommandTimeout } from '../../domain/ssh/errors';
import { poll, type World } from '../../domain/world';
import { putDocument } from '../../local/deploy';
import { idle } from '../lab-faults/idle';
import type { ExecutionResult } from '../../local/emulator/asl';
import type { Deployment } from '../../local/emulator/aws/deployment';
import { worldWith } from '../world';
import { document as shipped } from '../workflow/local';

/** The documents whose sites there are: `golden`, or `openstack`, on which the lab has all of OpenStack real. */
export type ContractDocument = 'golden' | 'openstack';

/** A site that the contract holds for. What neither executes nor runs nor asks nor reaches goes past SSH. */
export interface ContractSite {
  readonly kind: 'simulated' | 'lab';
  /** The document with addresses and host keys as this site has them. */
  readonly document: Site;
  /** Runs the whole workflow, with another document than the site's own where one is given. */
  execute(mode: Mode, document?: Site): Promise<ExecutionResult>;
  /** Runs a command on a controller as the product does. Every exit code is an answer. */
  run(controller: string, command: Command): Promise<Outcome>;
  /** The same where the site document says that commands run through sudo. */
  runWithSudo(controller: string, command: Command): Promise<Outcome>;
  /** Whether a TCP connection from a controller is accepted. */
  reaches(controller: string, host: string, port: number): Promise<boolean>;
  /** Sends one HTTP request from a controller, as the product does. Every status is an answer. */
  request(controller: string, request: HttpRequest): Promise<Answer>;
  /** The value of a secret that the document refers to. */
  secret(reference: SecretReference): string;

  /** A file's content; undefined where there is none. */
  readFile(controller: string, path: string): Promise<string | undefined>;
  /** Writes a file; one that is there keeps its owner, group and mode. */
  writeFile(controller: string, path: string, content: string): Promise<void>;
  removeFile(controller: string, path: string): Promise<void>;
  /** What is another text as soon as a file has been written or replaced, even by the same content. */
  identity(controller: string, path: string): Promise<string>;
  /** The processes of HAProxy and Magnum: other texts as soon as they are others. */
  daemons(controller: string): Promise<string[]>;

  /** Ends all processes of a service of Magnum: of a conductor that never reached RabbitMQ some outlive its init script. */
  stopService(controller: string, service: string): Promise<void>;
  startService(controller: string, service: string): Promise<void>;
  /** Takes a controller's link to the management network down: nobody reaches it, and it nobody. */
  cut(controller: string): Promise<void>;
  heal(controller: string): Promise<void>;
  powerOff(controller: string): Promise<void>;
  /** Boots it. Resolves when sshd answers. */
  powerOn(controller: string): Promise<void>;
  /** The host's corosync hears no other and is heard by none, while SSH still reaches it. */
  partition(controller: string): Promise<void>;
  /** Ends every partition. */
  rejoin(): Promise<void>;
  /** Stops pacemaker and corosync of a controller, in order. */
  stopCluster(controller: string): Promise<void>;
  startCluster(controller: string): Promise<void>;
  /** Waits until something holds. */
  until(what: string | (() => string), holds: () => boolean | Promise<boolean>, seconds?: number): Promise<void>;
  /** Milliseconds since 1970. */
  now(): number;
  /** Lets time pass, in milliseconds. */
  sleep(ms: number): Promise<void>;
  /** Waits until HAProxy runs on these controllers, all by default, and the VIP answers. */
  settled(controllers?: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** Starts a document's site of the kind that `MAGNUM_HA_SITE` names: `lab`, or the simulated one. */
export async function startContractSite(name: ContractDocument = 'golden'): Promise<ContractSite> {
  const { start } = await (process.env['MAGNUM_HA_SITE'] === 'lab' ? import('./lab') : import('./simulated'));
  return start(contractDocument(name));
}

/** A document, as an object that may be changed. */
export function contractDocument(name: ContractDocument): Site {
  if (name === 'golden') return shipped('golden');
  return parseSite('openstack', readFileSync(`${__dirname}/../../lab/sites/openstack.json`, 'utf8'));
}

/** What both kinds of sites do alike. */
export interface Client extends Pick<
  ContractSite,
  'execute' | 'run' | 'runWithSudo' | 'reaches' | 'request' | 'secret' | 'until' | 'sleep' | 'now'
> {
  /** Closes the SSH connections. The next use opens new ones: those to a host that fell silent are of no use. */
  disconnect(): void;
}

/** What a site is used with. */
interface ClientOptions {
  readonly document: Site;
  readonly privateKey: string;
  /** The values of its secrets by the names of their parameters. */
  readonly secrets: Readonly<Record<string, string>>;
  /** @default by SSH, on the wall clock */
  readonly world?: Partial<World>;
}

/** Uses a site as the product does. */
export function client({ document, privateKey, secrets, world: given }: ClientOptions, deployment: Deployment): Client {
  const world = worldWith({ ...secrets, [document.ssh.privateKey.ssm]: privateKey }, given);
  const connections = new Map<boolean, SiteConnection>();
  const connected = async (controller: string, sudo: boolean) => {
    const site = { ...document, ssh: { ...document.ssh, sudo } };
    let connection = connections.get(sudo);
    if (connection?.alive !== true) {
      connection = await connectSite(world, site, { expected: [] });
      connections.set(sudo, connection);
    }
    return connection.node(controller);
  };
  const run = async (controller: string, sudo: boolean, command: Command) =>
    (await connected(controller, sudo)).attempt(command).catch((error: unknown) => {
      // As timeout(1) says it.
      if (error instanceof CommandTimeout) return { exitCode: 124, stdout: '', stderr: '' };
      throw error;
    });
  return {
    execute: async (mode, changed = document) => {
      // On the wall clock a recovery that follows a failure takes its time, and holds the lock.
      if (!given) await idle(deployment);
      putDocument(deployment, document.name, changed);
      return deployment.start('magnum-ha', { input: { site: document.name, mode } }).result;
    },
    run: (controller, command) => run(controller, document.ssh.sudo, command),
    runWithSudo: (controller, command) => run(controller, true, command),
    reaches: async (controller, host, port) => {
      const from = await connected(controller, document.ssh.sudo);
      return from.tunnel(host, port).then(
        (connection) => {
          connection.destroy();
          return true;
        },
        () => false,
      );
    },
    request: async (controller, request) => {
      const from = await connected(controller, document.ssh.sudo);
      // One that was kept may have been closed meanwhile, by a service that was restarted.
      // Magnum's API itself waits a minute for a conductor.
      const options = { retryDelaysMs: [], readTimeoutMs: 90_000 };
      const http = new HttpClient(from.tunnel, world.clock, options);
      try {
        return await http.request(request);
      } finally {
        http.close();
      }
    },
    secret: ({ ssm }) => {
      const value = secrets[ssm];
      if (value === undefined) throw new Error(`No secret ${ssm}`);
      return value;
    },
    until: async (what, holds, seconds = 60) => {
      const { done } = await poll(world.clock, { everyMs: 20, forMs: seconds * 1000 }, async () => {
        const found = await holds();
        return { done: found, found };
      });
      if (!done) throw new Error(`Waited ${seconds} s in vain until ${typeof what === 'string' ? what : what()}`);
    },
    sleep: (ms) => world.clock.sleep(ms),
    now: () => world.clock.now(),
    disconnect: () => {
      for (const connection of connections.values()) connection.close();
      connections.clear();
    },
  };
}
