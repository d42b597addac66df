import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Debian, defaultDebian, GENERATIONS } from './debian';
import type { Profile } from './openstack/real/profile';
import { run } from './run';

const SCRIPTS = join(__dirname, 'scripts');
const BUILD_IMAGE = join(SCRIPTS, 'build-image.sh');
const BUILD_LAYER = join(SCRIPTS, 'build-layer.sh');
/** Programs of this machine that the lab needs, each with the Debian package it comes in. */
const NEEDED = { debootstrap: 'debootstrap', ip: 'iproute2' };

/** A layer of the image that has OpenStack, over those before it. */
interface Layer {
  readonly name: string;
  /** Whose network its recipe has: this machine's, or one of its own. */
  readonly network: 'host' | 'none';
  /** Files of openstack/real: the recipe, and what it reads. */
  readonly files: readonly [recipe: string, ...rest: string[]];
  /** What is being built, for people. */
  readonly progress: string;
}

const PACKAGES: Layer = {
  name: 'packages',
  network: 'host',
  files: ['packages.sh'],
  progress: "Installing OpenStack's packages of Debian for the lab, once, in about two minutes …",
};
const SHARED: Layer = {
  name: 'shared',
  network: 'none',
  files: [
    'shared.sh',
    'clusters.sh',
    'openstack',
    'nova-compute',
    'guest.py',
    'stand-ins.py',
    'identity.py',
    'shared-accounts.py',
    'cloud.py',
  ],
  progress: "Provisioning the lab's OpenStack, once, in about a minute …",
};
const MAGNUM: Layer = {
  name: 'magnum',
  network: 'none',
  files: ['magnum.sh', 'magnum-accounts.py'],
  progress: "Provisioning what Magnum needs of the lab's OpenStack, once, in about half a minute …",
};

/** Which image. */
export interface ImageOptions {
  /**
   * What of OpenStack is to be real.
   * @default 'controllers'
   */
  readonly profile?: Profile;
  /**
   * Whether Magnum has what it needs from the shared services: database, accounts, endpoints.
   * @default true
   */
  readonly provisioned?: boolean;
  /**
   * The release of Debian. The profile `full` has 12 only.
   * @default what the environment says, or else 12
   */
  readonly debian?: Debian;
}

/**
 * The root file system of all hosts of the lab. The first time it is built, in about a minute, or five with OpenStack, and
 * what that needs is installed on this machine. Each layer is named by the digest of its recipe and of those beneath it,
 * and outlives clones of the repository.
 *
 * @param say is told what takes long
 * @returns the directories of its layers as overlayfs takes them, which nothing may write to
 */
export async function labImage(say: (text: string) => void, options: ImageOptions = {}): Promise<string> {
  const { profile = 'controllers', provisioned = true, debian = defaultDebian() } = options;
  const { suite } = GENERATIONS[debian];
  await installMissing(say);
  let name = `lab-image-${suite}-${digest([BUILD_IMAGE], suite)}`;
  let image = await built(
    name,
    [BUILD_IMAGE, suite],
    `Building the image of the lab's hosts (Debian ${debian} with pacemaker, HAProxy and sshd), once, in about a minute …`,
    say,
  );
  if (profile === 'controllers') return image;
  for (const layer of provisioned ? [PACKAGES, SHARED, MAGNUM] : [PACKAGES, SHARED]) {
    const files = layer.files.map((file) => join(__dirname, 'openstack/real', file));
    name = `lab-${layer.name}-${suite}-${digest([BUILD_LAYER, ...files], name)}`;
    const directory = await built(name, [BUILD_LAYER, image, layer.network, ...files], layer.progress, say);
    image = `${directory}:${image}`;
  }
  return image;
}

function digest(files: readonly string[], beneath = ''): string {
  const hash = createHash('sha256').update(beneath);
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 12);
}

/** The directory of this name in the cache. If it is missing, a script makes it; the directory is its first argument. */
async function built(
  name: string,
  [script = '', ...args]: readonly string[],
  progress: string,
  say: (text: string) => void,
): Promise<string> {
  const directory = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'magnum-ha', name);
  if (existsSync(directory)) return directory;
  mkdirSync(dirname(directory), { recursive: true });
  say(progress);
  const log = `${directory}.log`;
  const descriptor = openSync(log, 'w');
  try {
    // Two at a time would build in one another's directory; the second finds it built.
    const unlessThere = '[ -d "$1" ] || "$0" "$@"';
    await finished(
      spawn('flock', [`${directory}.lock`, 'sh', '-c', unlessThere, script, directory, ...args], {
        stdio: ['ignore', descriptor, descriptor],
      }),
      `The image of the lab could not be built: see ${log}`,
    );
  } finally {
    closeSync(descriptor);
  }
  return directory;
}

async function installMissing(say: (text: string) => void): Promise<void> {
  const programs = Object.entries(NEEDED);
  const there = await Promise.all(programs.map(([program]) => run('sh', ['-c', `command -v ${program}`])));
  const missing = programs.flatMap(([, debianPackage], index) => (there[index]?.exitCode === 0 ? [] : [debianPackage]));
  if (missing.length === 0) return;
  say(`Installing Debian's ${missing.join(' and ')} …`);
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...missing]]) {
    const { exitCode, stderr } = await run('apt-get', args);
    if (exitCode !== 0) throw new Error(`apt-get ${args.join(' ')} failed: ${stderr}`);
  }
}

function finished(child: ReturnType<typeof spawn>, failure: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(failure));
    });
  });
}
