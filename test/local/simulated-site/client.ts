import { get as httpGet } from 'node:http';
import { catalogue } from '../../../domain/commands/catalogue';
import type { Site } from '../../../domain/site/document';
import { parseSite } from '../../../domain/site/parse';
import type { Command } from '../../../domain/ssh/command';
import { commandLine } from '../../../domain/ssh/command-line';
import { seededRandom } from '../../../local/random';
import { type SimulatedSite, startSimulatedSite, type SimulatedSiteOptions } from '../../../local/simulated-site';
import type { Output } from '../../../local/simulated-site/channel';
import { connection } from '../../../local/simulated-site/duplex-pair';
import type { FileSystem } from '../../../local/simulated-site/filesystem';
import { type VirtualClock, virtualClock } from '../../../local/virtual-clock';
import golden from '../../../sites/golden.json';

/** The golden site, with changes. */
export function goldenSite(changes: Partial<Record<keyof Site, unknown>> = {}): Site {
  return parseSite('golden', JSON.stringify({ ...golden, ...changes }));
}

export const SECRETS = {
  '/magnum-ha/golden/database-password': 'database-secret',
  '/magnum-ha/golden/keystone-password': 'keystone-secret',
  '/magnum-ha/golden/rabbit-password': 'rabbit-secret',
  '/magnum-ha/golden/trustee-password': 'trustee-secret',
  '/magnum-ha/golden/openstack-password': 'openstack-secret',
};

/** A site on virtual time, with somebody who looks at it. Whatever is asked lets time pass until it is answered. */
export interface Lab {
  readonly site: SimulatedSite;
  readonly clock: VirtualClock;
  readonly commands: ReturnType<typeof catalogue>;
  /** Runs a command of the catalogue on a controller. */
  run(host: string, command: Command): Promise<Result>;
  /** Runs a line on a controller. */
  exec(host: string, line: string, stdin?: string): Promise<Result>;
  /** GET from the bastion's place in the network. */
  get(address: string, port: number, path?: string): Promise<{ status: number; body: string }>;
  /** Lets time pass until something is done. */
  drive<T>(work: Promise<T>): Promise<T>;
  pass(milliseconds: number): Promise<void>;
  /** Lets time pass until something holds. */
  until(condition: () => boolean | Promise<boolean>, milliseconds?: number): Promise<void>;
  close(): Promise<void>;
}

export interface Result {
  /** Undefined if the connection broke. */
  readonly exit: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export function startLab(options: Partial<SimulatedSiteOptions> = {}, clock = virtualClock()): Lab {
  const site = startSimulatedSite({
    document: goldenSite(),
    secrets: SECRETS,
    clock,
    random: seededRandom(1),
    ...options,
  });
  const pass = (milliseconds: number) => clock.drive(clock.sleep(milliseconds));
  const exec = (host: string, line: string, stdin = '') => clock.drive(execOn(site, host, line, stdin));
  return {
    site,
    clock,
    commands: catalogue(site.document),
    exec,
    run: (host, command) => exec(host, commandLine(command, false), command.stdin),
    get: (address, port, path) => clock.drive(get(site, address, port, path)),
    drive: (work) => clock.drive(work),
    pass,
    until: async (condition, milliseconds = 300_000) => {
      const end = clock.now() + milliseconds;
      while (!(await condition())) {
        if (clock.now() > end) throw new Error(`not so after ${milliseconds} ms: ${condition.toString()}`);
        await pass(10);
      }
    },
    close: () => site.close(),
  };
}

/** The lab of the test that runs, in a file that calls {@link labForEach}. */
export let lab: Lab;

/** Gives every test of the file or block a lab of its own, in `lab`. */
export function labForEach(options?: () => Partial<SimulatedSiteOptions>): void {
  beforeEach(() => {
    lab = startLab(options?.());
  });
  afterEach(() => lab.close());
}

/** Puts another lab in the place of the one that the test began with. */
export async function restartLab(options: Partial<SimulatedSiteOptions>): Promise<void> {
  await lab.close();
  lab = startLab(options);
}

/** Names of the controllers. */
export const ALL = golden.controllers.map(({ name }) => name);

/** Names of the controllers on which HAProxy runs. */
export function running(): string[] {
  return [...lab.site.controllers.values()]
    .filter(({ processes }) => processes.some(({ name }) => name === 'haproxy'))
    .map(({ name }) => name);
}

export function filesOf(host = 'node-1'): FileSystem {
  const controller = lab.site.controllers.get(host);
  if (!controller) throw new Error(`no controller ${host}`);
  return controller.files;
}

/** Runs a line in a session of a controller's sshd. */
export async function execOn(site: SimulatedSite, host: string, line: string, stdin = ''): Promise<Result> {
  const controller = site.controllers.get(host);
  if (!controller) throw new Error(`no controller ${host}`);
  const { near, far } = connection();
  near.resume();
  controller.sshd.hold(far);
  const printed = { stdout: '', stderr: '' };
  let exit: number | undefined;
  await site.shell.run(controller, controller.sshd.user, line, {
    input: { soFar: stdin, all: () => Promise.resolve(stdin) },
    get broken() {
      return far.destroyed;
    },
    print: (stream: 'stdout' | 'stderr', output: Output) => (printed[stream] += output.toString()),
    exit: (code) => (exit = code),
  });
  far.destroy();
  return { exit, ...printed };
}

async function get(site: SimulatedSite, address: string, port: number, path = '/') {
  const stream = await site.network.connect(site.bastion.address, address, port);
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    httpGet({ createConnection: () => stream, path, headers: { connection: 'close' } }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body });
      });
    }).on('error', reject);
  });
}
