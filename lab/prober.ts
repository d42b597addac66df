import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Lab } from './lab';

const SCRIPT = join(__dirname, 'scripts', 'prober.mjs');

/** One attempt of the prober. Times are in milliseconds since 1970. */
export interface Attempt {
  readonly began: number;
  readonly ended: number;
  /** `answer`, or what came instead: an error's code, an HTTP status from 500 on, `silence`, `closed`. */
  readonly outcome: string;
}

/** A time without an answer: from the last answer before it until the first one after. */
export interface Outage {
  readonly from: number;
  readonly to: number;
}

/** What a prober saw. */
export interface Probed {
  /** How many attempts were answered. */
  readonly answers: number;
  /** The attempts that got no answer, in the order in which they began. */
  readonly lost: readonly Attempt[];
  readonly outages: readonly Outage[];
  /** How long the longest of them lasted, in milliseconds; 0 without any. */
  readonly longestMs: number;
}

/** What to probe. */
export interface ProbeOptions {
  /** Address or name. @default the VIP */
  readonly host?: string;
  /** @default 5000 */
  readonly port?: number;
  /**
   * What to ask for by HTTP: an answer is then one with a status below 500.
   * @default nothing: a connection that is taken is an answer
   */
  readonly path?: string;
  /**
   * Between the beginnings of two attempts, in milliseconds.
   * @default 5
   */
  readonly everyMs?: number;
}

/**
 * Probes the VIP, or a controller, from the bastion, the only host outside the controllers that reaches them, from the first answer on.
 *
 * @returns what ends it
 */
export async function probe(lab: Lab, options: ProbeOptions = {}): Promise<() => Promise<Probed>> {
  const { host = lab.document.virtualIp, port = 5000, path, everyMs = 5 } = options;
  const inNetwork = ['--target', String(lab.pidOf('bastion')), '--net', '--'];
  const words = [host, String(port), String(everyMs), ...(path === undefined ? [] : [path])];
  const prober = spawn('nsenter', [...inNetwork, process.execPath, SCRIPT, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  const ended = new Promise<void>((resolve, reject) => {
    prober.once('close', () => {
      resolve();
    });
    prober.once('error', reject);
  });
  const answered = new Promise<void>((resolve) => {
    prober.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
      if (printed.includes(' answer\n')) resolve();
    });
  });
  await Promise.race([answered, ended]);
  return async () => {
    prober.kill();
    await ended;
    return probed(attemptsIn(printed));
  };
}

function attemptsIn(printed: string): Attempt[] {
  const attempts = printed
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [began = '', end = '', outcome = ''] = line.split(' ');
      return { began: Number(began), ended: Number(end), outcome };
    })
    .sort((a, b) => a.began - b.began);
  return attempts.slice(attempts.findIndex(({ outcome }) => outcome === 'answer'));
}

/** @param attempts in the order in which they began; the first one was answered */
export function probed(attempts: readonly Attempt[]): Probed {
  const answers = attempts.filter(({ outcome }) => outcome === 'answer');
  const outages: Outage[] = [];
  let from: number | undefined;
  let last = attempts[0]?.ended ?? NaN;
  for (const { ended, outcome } of attempts) {
    if (outcome !== 'answer') from ??= last;
    else {
      if (from !== undefined) outages.push({ from, to: ended });
      from = undefined;
      last = Math.max(last, ended);
    }
  }
  if (from !== undefined) outages.push({ from, to: attempts.at(-1)?.ended ?? from });
  return {
    answers: answers.length,
    lost: attempts.filter(({ outcome }) => outcome !== 'answer'),
    outages,
    longestMs: Math.max(0, ...outages.map(({ from, to }) => to - from)),
  };
}
