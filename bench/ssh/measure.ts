import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Debian's: Ansible brings it. */
export const PYTHON = '/usr/bin/python3';

/** What one run took, in seconds. */
export interface Cost {
  readonly wall: number;
  /** Of the client's processes. */
  readonly cpu: number;
}

/**
 * Runs a program, and counts the processes that it leaves running as part of it. They are ended when it ends.
 *
 * @param directory it may write there
 * @throws Error if it fails
 */
export async function measured(
  directory: string,
  argv: readonly string[],
  options: { cwd?: string; env: NodeJS.ProcessEnv },
) {
  const file = join(directory, 'cost.json');
  const child = spawn(PYTHON, [join(__dirname, 'measure.py'), file, ...argv], {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  }
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code ?? 'a signal'}: ${printed}`);
  return { ...(JSON.parse(readFileSync(file, 'utf8')) as Cost), printed };
}
