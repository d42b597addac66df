import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** A directory of this machine's cache, named after what it is made from. */
export function cached(name: string, ...madeFrom: readonly string[]): string {
  const hash = createHash('sha256').update(madeFrom.join('\n')).digest('hex').slice(0, 12);
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'magnum-ha', `${name}-${hash}`);
}

/** Makes a directory, if it has not been made to its end before. */
export function made(directory: string, make: () => void): string {
  const finished = join(directory, '.finished');
  if (existsSync(finished)) return directory;
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(dirname(directory), { recursive: true });
  make();
  writeFileSync(finished, '');
  return directory;
}

/**
 * The programs of Python packages, in a virtual environment of their own: the directory they are in. Takes half a minute the first
 * time.
 *
 * @param python the interpreter
 * @param requirements a file with each package's version
 */
export function pythonPrograms(name: string, python: string, requirements: string): string {
  const version = execFileSync(python, ['--version'], { encoding: 'utf8' });
  const directory = cached(name, version, readFileSync(requirements, 'utf8'));
  return join(
    made(directory, () => {
      console.error(`Installing ${name} for Python, once …`);
      execFileSync(python, ['-m', 'venv', directory], { stdio: ['ignore', 2, 2] });
      const pip = [
        join(directory, 'bin/pip'),
        'install',
        '--quiet',
        '--disable-pip-version-check',
        '--no-deps',
        '--no-compile',
      ];
      execFileSync(pip[0] ?? '', [...pip.slice(1), '--requirement', requirements], { stdio: ['ignore', 2, 2] });
    }),
    'bin',
  );
}
