import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MagnumHaError } from '../domain/errors';
import { DEBIAN_VARIABLE, defaultDebian } from './debian';
import { type ImageOptions, labImage } from './image';

/** Time between two looks whether the process that started this one still lives, in milliseconds. */
const LOOK_MS = 500;

/** This machine cannot run a lab. */
export class LabUnavailable extends MagnumHaError {
  override readonly name = 'LabUnavailable';
}

/** What a program that runs for a lab finds in its environment. */
export interface LabEnvironment {
  /** The root of all hosts. */
  readonly image: string;
  /** A directory for the lab, which is gone when the program has ended. */
  readonly directory: string;
}

/** The environment of a program that was started by `enter`. @throws LabUnavailable */
export function labEnvironment(): LabEnvironment {
  const { MAGNUM_HA_LAB_IMAGE: image, MAGNUM_HA_LAB_DIRECTORY: directory } = process.env;
  if (image === undefined || directory === undefined) {
    throw new LabUnavailable('A lab needs a network of its own: start it with npm run lab or npm run test:lab.');
  }
  return { image, directory };
}

/**
 * Runs a program in a network namespace of its own, from which it can start labs. The program and its labs end with this
 * process, and with the one that started this one, whatever ends them.
 *
 * @param say is told what takes long
 * @param options of the image
 * @returns the program's exit code
 * @throws LabUnavailable if this is not Linux, or not root
 */
export async function enter(
  argv: readonly string[],
  say: (text: string) => void,
  options: ImageOptions = {},
): Promise<number> {
  refuseUnavailable();
  const image = await labImage(say, options);
  const directory = mkdtempSync(join(tmpdir(), 'magnum-ha-lab-'));
  const network = 'ip link set lo up && exec "$@"';
  try {
    return await follow(['unshare', '--net', 'sh', '-c', network, 'sh', ...argv], {
      [DEBIAN_VARIABLE]: String(options.debian ?? defaultDebian()),
      MAGNUM_HA_LAB_IMAGE: image,
      MAGNUM_HA_LAB_DIRECTORY: directory,
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** @throws LabUnavailable */
export function refuseUnavailable(): void {
  if (process.platform === 'linux' && process.getuid?.() === 0) return;
  throw new LabUnavailable(
    'The lab needs Linux and root, because it makes network namespaces: sudo npm run lab. ' +
      'npm start runs the same job on a simulated site, on any machine.',
  );
}

/** Runs a program on this terminal. It ends with this process, whatever ends that. */
export function follow(argv: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<number> {
  const child = spawn('setpriv', ['--pdeathsig', 'SIGKILL', ...argv], {
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  const stop = () => child.kill('SIGKILL');
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  // If npm is killed we get no signal, because the shell between us waits for us.
  const starters = JSON.stringify(ancestors());
  const look = setInterval(() => JSON.stringify(ancestors()) !== starters && stop(), LOOK_MS);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      clearInterval(look);
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, stop);
      // As a shell says that a signal ended it.
      resolve(code ?? 130);
    });
  });
}

/** PIDs of this process's parent and grandparent. */
function ancestors(): (number | undefined)[] {
  try {
    // After the name, which may hold anything, come the state and the parent (proc(5)).
    const stat = readFileSync(`/proc/${process.ppid}/stat`, 'utf8');
    return [process.ppid, Number(stat.slice(stat.lastIndexOf(')')).split(' ')[2])];
  } catch {
    return [process.ppid];
  }
}
