import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mapAll } from '../domain/non-empty';
import { startedOn } from '../domain/pacemaker/cluster';
import { parseClusterStatus } from '../domain/pacemaker/status';
import { allSecretNames } from '../domain/secrets/references';
import type { Site } from '../domain/site/document';
import { generateKeyPair } from '../local/simulated-site/ssh-server';
import { type Debian, debianOfImage } from './debian';
import { OPENSTACK_HOST, type Profile, provisionedSecrets } from './openstack/real/profile';
import { run, type Result } from './run';
import { type MagnumApi, writeSeeds } from './seed';

const SCRIPTS = join(__dirname, 'scripts');
/** A host's boot to a settled cluster takes about 6 s on two cores. */
const BOOT_TIMEOUT_MS = 90_000;
/** The services of the full profile take about 35 s. */
const OPENSTACK_TIMEOUT_MS = 300_000;

/** Options of a lab. */
export interface LabOptions {
  /** The site to build: addresses, users, paths and names are its own, all host keys the lab's. */
  readonly document: Site;
  /** The root of all hosts, see `labImage`, of the same profile. */
  readonly image: string;
  /**
   * What of OpenStack is real, see `PROFILES`.
   * @default 'controllers'
   */
  readonly profile?: Profile;
  /** Where the lab keeps what belongs to this run; it is emptied. */
  readonly directory: string;
  /**
   * HAProxy in a network namespace of its own, as Fuel has it.
   * @default false
   */
  readonly haproxyNamespace?: boolean;
  /**
   * How the magnum-api of Debian's package is started: for the profiles that have it.
   * @default 'stock'
   */
  readonly magnumApi?: MagnumApi;
  /**
   * Keeps the lab up when this process ends.
   * @default false
   */
  readonly detached?: boolean;
  /**
   * How many times faster than in reality clusters are created.
   * @default 1
   */
  readonly speed?: number;
  /** Values of secrets by parameter name; the others are made. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Changes what the hosts are given before they boot, in the directory that holds a directory for each. */
  readonly adapt?: (seeds: string) => void | Promise<void>;
}

/** An OpenStack site in the Fuel style of real daemons, each host in namespaces of its own. */
export interface Lab {
  /** The document with every host key as the lab has them. */
  readonly document: Site;
  /** What of OpenStack is real. */
  readonly profile: Profile;
  /** The release of Debian that its hosts have. */
  readonly debian: Debian;
  /** Private key for bastion and controllers, OpenSSH format. */
  readonly privateKey: string;
  /** The value of each secret by the name of its SSM parameter. */
  readonly secrets: Readonly<Record<string, string>>;
  /** PID of the lab's init: killing it ends everything. */
  readonly pid: number;
  /** PID of a host's init. @throws Error if there is no such host */
  pidOf(host: string): number;
  /** Runs a program on a host as root, past SSH. */
  exec(host: string, argv: readonly string[], stdin?: string): Promise<Result>;
  /** Waits until HAProxy runs on these controllers, all by default, and the VIP answers. @throws Error in the end */
  settled(controllers?: readonly string[]): Promise<void>;
  /** Takes a host's link to the management network down: nothing that it sends arrives, and nobody is told. */
  cut(host: string): Promise<void>;
  /** Brings that link up again. */
  heal(host: string): Promise<void>;
  /** Takes a host's power away; its disk stays. */
  powerOff(host: string): Promise<void>;
  /** Boots it. */
  powerOn(host: string): Promise<void>;
  /** Ends everything. */
  stop(): Promise<void>;
}

/** What is needed to find a kept lab again. */
type Kept = Pick<Lab, 'document' | 'privateKey' | 'secrets' | 'profile' | 'debian'>;

/**
 * Starts a lab and waits until its cluster is settled. This process has to be root in a network namespace of its own,
 * which becomes the operator's: from it only the bastion can be reached.
 *
 * @throws Error with the logs of what did not start
 */
export async function startLab(options: LabOptions): Promise<Lab> {
  const {
    document: given,
    image,
    directory,
    profile = 'controllers',
    haproxyNamespace = false,
    magnumApi = 'stock',
    detached = false,
  } = options;
  const simulated = profile === 'controllers';
  const names = hostNames(given, profile);
  const hostKeys = new Map(names.map((name) => [name, generateKeyPair()]));
  const keyOf = (name: string) => hostKeys.get(name)?.public ?? '';
  const access = generateKeyPair();
  const kept: Kept = {
    document: {
      ...given,
      bastion: { ...given.bastion, hostKey: keyOf('bastion') },
      controllers: mapAll(given.controllers, (one) => ({ ...one, hostKey: keyOf(one.name) })),
    },
    privateKey: access.private,
    profile,
    debian: debianOfImage(image),
    secrets: {
      ...Object.fromEntries(allSecretNames(given).map((name) => [name, randomBytes(18).toString('base64url')])),
      ...(simulated ? {} : provisionedSecrets(given, image)),
      ...options.secrets,
    },
  };
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(join(directory, 'openstack'), { recursive: true });
  const { document, debian } = kept;
  writeSeeds(join(directory, 'seed'), { document, profile, debian, haproxyNamespace, magnumApi, access, hostKeys });
  await options.adapt?.(join(directory, 'seed'));
  writeFileSync(join(directory, 'kept.json'), JSON.stringify({ ...kept, speed: options.speed ?? 1 }), { mode: 0o600 });

  const init = launch(
    join(SCRIPTS, 'lab-init.sh'),
    [directory, image, simulated ? process.execPath : 'none', ...names],
    directory,
    detached,
  );
  const lab = labAt(directory, kept, init);
  try {
    await until('the hosts', () => names.every((name) => existsSync(join(directory, 'pids', name))));
    await until('the lab', () => existsSync(join(directory, 'lab.pid')));
    // Its services start one after the other, and all hosts at once.
    const ready = ['test', '-e', '/run/openstack-ready'];
    if (!simulated) {
      await until(
        'OpenStack',
        async () => (await lab.exec(OPENSTACK_HOST, ready)).exitCode === 0,
        OPENSTACK_TIMEOUT_MS,
      );
    }
    await lab.settled();
  } catch (error) {
    const logs = ['lab', ...names].map((name) => readIfThere(join(directory, `${name}.log`)));
    await lab.stop();
    throw new Error(`The lab did not start. ${logs.join('')}`, { cause: error });
  }
  return lab;
}

/** The lab that was started, detached, with this directory. @throws Error if none runs */
export function keptLab(directory: string): Lab {
  const file = join(directory, 'kept.json');
  if (!existsSync(join(directory, 'lab.pid'))) throw new Error('No lab is up. Start one: npm run lab -- --keep');
  return labAt(directory, JSON.parse(readFileSync(file, 'utf8')) as Kept);
}

function labAt(directory: string, kept: Kept, init?: ChildProcess): Lab {
  const pidIn = (file: string) => Number(readFileSync(join(directory, file), 'utf8'));
  const within = (namespaces: readonly string[], pid: number, argv: readonly string[], stdin?: string) =>
    run('nsenter', ['--target', String(pid), ...namespaces, '--', ...argv], stdin);
  const inLab = async (script: string, ...args: string[]) => {
    const argv = ['bash', '-c', script, 'bash', ...args];
    const { exitCode, stderr } = await within(['--mount', '--net', '--pid'], lab.pid, argv);
    if (exitCode !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
  };
  const lab: Lab = {
    ...kept,
    get pid() {
      return pidIn('lab.pid');
    },
    pidOf: (host) => {
      const names = hostNames(kept.document, kept.profile);
      if (!names.includes(host)) throw new Error(`The lab has no host ${host}, but: ${names.join(', ')}`);
      return pidIn(`pids/${host}`);
    },
    exec: (host, argv, stdin) => within(['--all'], lab.pidOf(host), argv, stdin),
    settled: async (controllers = kept.document.controllers.map(({ name }) => name)) => {
      await until(`HAProxy on ${controllers.join(', ')}`, async () => {
        const [first = ''] = controllers;
        const { haproxy, virtualIp } = kept.document;
        const { exitCode, stdout } = await lab.exec(first, ['crm_mon', '-1', '-r', '--output-as=xml']);
        if (exitCode !== 0) return false;
        const status = parseClusterStatus(stdout, haproxy.resource, first);
        if (!status.quorate || !controllers.every((name) => startedOn(status, name))) return false;
        const connect = `exec 3<>/dev/tcp/${virtualIp}/5000`;
        return (await lab.exec(first, ['timeout', '1', 'bash', '-c', connect])).exitCode === 0;
      });
    },
    cut: (host) => inLab('ip -n switch link set "$1" down', host),
    heal: (host) => inLab('ip -n switch link set "$1" up', host),
    powerOff: async (host) => {
      // The network first: the kernel closes every connection of a killed process, and the others would see that.
      await lab.cut(host);
      if (host === 'bastion') await run('ip', ['link', 'set', 'operator', 'down']);
      process.kill(lab.pidOf(host), 'SIGKILL');
    },
    powerOn: (host) =>
      inLab('RUN=$1; IMAGE=$(cat "$RUN/image"); source "$2/host-up.sh"; host_up "$3"', directory, SCRIPTS, host),
    stop: async () => {
      const file = join(directory, 'lab.pid');
      if (init) {
        const ended = new Promise((resolve) => init.once('exit', resolve));
        if (init.exitCode === null && init.signalCode === null) {
          init.kill('SIGKILL');
          await ended;
        }
      } else process.kill(lab.pid, 'SIGKILL');
      rmSync(file, { force: true });
    },
  };
  return lab;
}

function hostNames({ controllers }: Site, profile: Profile): string[] {
  const shared = profile === 'controllers' ? [] : [OPENSTACK_HOST];
  return ['bastion', ...shared, ...controllers.map(({ name }) => name)];
}

/** Starts the lab's init. Unless it is detached it dies with this process, whatever ends it. */
function launch(script: string, args: readonly string[], directory: string, detached: boolean): ChildProcess {
  const log = openSync(join(directory, 'lab.log'), 'w');
  const namespaces = ['--mount', '--pid', '--ipc', '--uts', '--fork', '--kill-child'];
  const [program, ...rest] = [
    ...(detached ? [] : ['setpriv', '--pdeathsig', 'SIGKILL']),
    ...['unshare', ...namespaces, script, ...args],
  ];
  const child = spawn(program ?? '', rest, { detached, stdio: ['ignore', log, log] });
  closeSync(log);
  if (detached) child.unref();
  return child;
}

async function until(
  what: string,
  reached: () => boolean | Promise<boolean>,
  timeoutMs = BOOT_TIMEOUT_MS,
): Promise<void> {
  const end = Date.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      if (await reached()) return;
    } catch (error) {
      // What is not there yet fails too.
      cause = error;
    }
    if (Date.now() > end) throw new Error(`Waited ${timeoutMs / 1000} s in vain for ${what}`, { cause });
    await sleep(100);
  }
}

function readIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
