import { type Duplex, PassThrough } from 'node:stream';
import type { Node } from '../../domain/commands/node';
import { connectSite, type SiteConnection } from '../../domain/commands/site-connection';
import { Secrets } from '../../domain/secrets/secrets';
import type { Site } from '../../domain/site/document';
import type { Command, Outcome } from '../../domain/ssh/command';
import { ControllerUnreachable } from '../../domain/ssh/errors';
import type { ConnectOptions, Link, LogEntry, Transport, World } from '../../domain/world';
import { type VirtualClock, virtualClock } from '../../local/virtual-clock';

/** What a command comes to: what it prints, or more; exit code 0 and no output if nothing is said. */
export type Reply = Partial<Outcome> | string | undefined;

/** What the hosts of a site do, in memory. */
export interface FakeHosts {
  /** What a command comes to on a controller. @default exit code 0 and no output */
  answer?(controller: string, command: Command): Reply | Promise<Reply>;
  /** What takes a TCP connection from a controller; undefined if nothing listens there. @default nothing does */
  accept?(host: string, port: number): Duplex | undefined;
  /** Controllers that cannot be reached. */
  readonly unreachable?: readonly string[];
}

/** What was done to such hosts. */
export interface Observed {
  /** Every command, as `controller: command`. */
  readonly ran: string[];
  /** Every line as the controllers' shells got it. */
  readonly lines: string[];
  /** What each command read on standard input. */
  readonly inputs: string[];
  /** Every TCP connection that was asked for, as `controller: host:port`. */
  readonly dialled: string[];
  readonly logged: LogEntry[];
  /** What the hosts of sites were connected to with, and whether that was closed. */
  readonly transports: { readonly options: ConnectOptions; alive: boolean }[];
}

/** What a fake world is made of. */
export interface FakeWorldOptions {
  /** The values of SSM parameters; every other one is its name with "value of" before it. */
  readonly secrets?: Readonly<Record<string, string>>;
  readonly clock?: VirtualClock;
}

export interface FakeWorld extends World {
  readonly clock: VirtualClock;
  readonly observed: Observed;
}

/** A world whose hosts are in memory, and whose time passes only while its clock is driven. */
export function fakeWorld(hosts: FakeHosts = {}, options: FakeWorldOptions = {}): FakeWorld {
  const { secrets = {}, clock = virtualClock() } = options;
  const observed: Observed = { ran: [], lines: [], inputs: [], dialled: [], logged: [], transports: [] };
  return {
    clock,
    observed,
    random: { number: () => 0.5, bytes: (length) => Buffer.alloc(length) },
    documents: { stack: 'magnum-ha', read: () => Promise.resolve(undefined), names: () => Promise.resolve([]) },
    secrets: {
      read: (names, further = []) =>
        Promise.resolve(
          new Secrets(
            new Map([
              ...names.map((name) => [name, secrets[name] ?? `value of ${name}`] as const),
              ...further.flatMap((name) => (name in secrets ? [[name, secrets[name] ?? ''] as const] : [])),
            ]),
          ),
        ),
      check: () => Promise.resolve(),
    },
    kept: new Map(),
    connect: (connecting) => Promise.resolve(fakeTransport(hosts, connecting, observed)),
    log: (entry) => observed.logged.push(entry),
  };
}

/** A site that a task is connected to, and what it did there. */
export interface FakeConnection extends Observed {
  readonly connection: SiteConnection;
  /** The first controller. */
  readonly node: Node;
  readonly clock: VirtualClock;
}

/** Connects to a site whose hosts are in memory. What nodes make of lines and outcomes is the product's own. */
export async function fakeConnection(
  site: Site,
  hosts: FakeHosts = {},
  options: FakeWorldOptions = {},
): Promise<FakeConnection> {
  const world = fakeWorld(hosts, options);
  const connection = await connectSite(world, site, { secrets: Object.keys(options.secrets ?? {}) });
  return { ...world.observed, connection, node: connection.nodes[0], clock: world.clock };
}

/** Something that takes a TCP connection and says nothing. */
export function silence(): Duplex {
  return new PassThrough();
}

function fakeTransport(hosts: FakeHosts, options: ConnectOptions, observed: Observed): Transport {
  const transport = { options, alive: true };
  observed.transports.push(transport);
  return {
    controller: async ({ name }) => {
      await Promise.resolve();
      if (hosts.unreachable?.includes(name)) throw new ControllerUnreachable(`The controller ${name} is not there.`);
      return fakeLink(name, hosts, observed);
    },
    get alive() {
      return transport.alive;
    },
    close: () => {
      transport.alive = false;
    },
  };
}

function fakeLink(controller: string, hosts: FakeHosts, observed: Observed): Link {
  return {
    ready: Promise.resolve(),
    execute: async (line, command) => {
      observed.ran.push(`${controller}: ${command.argv.join(' ')}`);
      observed.lines.push(line);
      observed.inputs.push(command.stdin ?? '');
      const reply = (await hosts.answer?.(controller, command)) ?? {};
      return { exitCode: 0, stdout: '', stderr: '', ...(typeof reply === 'string' ? { stdout: reply } : reply) };
    },
    tunnel: async (host, port) => {
      await Promise.resolve();
      observed.dialled.push(`${controller}: ${host}:${port}`);
      const stream = hosts.accept?.(host, port);
      if (!stream) throw new Error(`connect ECONNREFUSED ${host}:${port}`);
      return stream;
    },
  };
}
