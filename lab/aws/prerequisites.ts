import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** What LocalStack needs of this machine. */
export interface Prerequisites {
  /** A Python 3.13: on older ones its JSONata evaluates wrongly. */
  readonly python: string;
  readonly javaHome: string;
}

/** Debian's packages of what may be missing. */
const PACKAGES = { python: ['python3.13-venv'], java: ['default-jdk-headless'], maven: ['maven'] };

/**
 * Finds what LocalStack needs; as root, on a Debian that has it, what is missing is installed.
 *
 * @returns what is missing, for people, if it cannot be had
 */
export function prerequisites(): Prerequisites | string {
  const python = python313() ?? installed('python', python313);
  // Without it the others, which are large, are not needed.
  if (python === undefined) return 'LocalStack needs Python 3.13 (Debian 13 has it, and pyenv).';
  const home = javaHome() ?? installed('java', javaHome);
  const maven = mavenVersion() ?? installed('maven', mavenVersion);
  if (home === undefined || maven === undefined) return 'LocalStack needs a JDK, 17 or later, and Maven.';
  return { python, javaHome: home };
}

/** What is found once the packages of `what` are installed. */
function installed(what: keyof typeof PACKAGES, find: () => string | undefined): string | undefined {
  install(PACKAGES[what]);
  return find();
}

function mavenVersion(): string | undefined {
  return printed('mvn', '--version');
}

function python313(): string | undefined {
  const versions = printed('pyenv', 'versions', '--bare')?.split('\n') ?? [];
  const root = printed('pyenv', 'root') ?? '';
  const ofPyenv = versions
    .filter((one) => one.startsWith('3.13.'))
    .map((one) => join(root, 'versions', one, 'bin/python3.13'));
  return ['python3.13', ...ofPyenv].find((one) => printed(one, '-c', 'import ensurepip, venv') !== undefined);
}

function javaHome(): string | undefined {
  const settings = spawnSync('java', ['-XshowSettings:properties', '-version'], {
    encoding: 'utf8',
    env: process.env,
  });
  const [, home] = /java\.home = (.+)/.exec(settings.stderr) ?? [];
  const [, version = '0'] = /java\.specification\.version = (\d+)/.exec(settings.stderr) ?? [];
  return Number(version) >= 17 ? home : undefined;
}

/** What a program prints. Undefined if there is none, or it fails. */
function printed(program: string, ...args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8', env: process.env });
  return status === 0 ? stdout.trim() : undefined;
}

function install(packages: readonly string[]): void {
  if (process.getuid?.() !== 0) return;
  spawnSync('apt-get', ['install', '-y', '--no-install-recommends', ...packages], {
    stdio: ['ignore', 2, 2],
    env: process.env,
  });
}
