import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { type AssetCode, Code } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { buildSync } from 'esbuild';
import type { Release } from '../domain/release';
import { fileOf, TASK_NAMES } from '../domain/tasks';
import { projectRoot } from './project-root';

/** Handlers that no state of the site machine invokes. */
export const ARCHIVE = 'archive';
export const ARCHIVE_LOOK = 'archive-look';
export const FLEET_MATRIX = 'fleet-matrix';
export const WEEKLY_SUMMARY = 'weekly-summary';

/** By file; the same for every app that a process makes. */
let contents: ReadonlyMap<string, Uint8Array> | undefined;

/**
 * Gives the code of handlers by their file: `lambdas/<file>.ts` and whatever it imports, also the AWS SDK of our lock file, in one
 * `index.js`. CDK copies it into the assembly when a function is made of it, which `use` has to do. Where the CDK CLI wants no bundles,
 * as to destroy a stack, there is nothing in it.
 *
 * One run of esbuild bundles all of them. NodejsFunction would start a shell, npx and esbuild for each: half a second each
 * on two cores; this way all of them take 1.3 seconds.
 */
export function withBundles<T>(scope: Construct, use: (code: (file: string) => AssetCode) => T): T {
  const bundles = Stack.of(scope).bundlingRequired ? (contents ??= bundleAll()) : undefined;
  const folder = mkdtempSync(join(tmpdir(), 'magnum-ha-bundles-'));
  try {
    return use((file) => {
      const bundle = bundles ? bundles.get(file) : '';
      if (bundle === undefined) throw new Error(`There is no handler lambdas/${file}.ts`);
      const directory = join(folder, file);
      mkdirSync(directory);
      writeFileSync(join(directory, 'index.js'), bundle);
      return Code.fromAsset(directory);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Of what is bundled: its version, and the commit, which an environment without git can give. */
function releaseOfCode(): Release {
  const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { version: string };
  return { version, commit: process.env['MAGNUM_HA_COMMIT'] ?? commit() };
}

function commit(): string {
  const described = spawnSync('git', ['describe', '--always', '--dirty', '--abbrev=12', '--match='], {
    cwd: projectRoot,
    encoding: 'utf8',
  });
  return described.status === 0 ? described.stdout.trim() : 'unknown';
}

function bundleAll(): Map<string, Uint8Array> {
  const lambdas = join(projectRoot, 'lambdas');
  const { outputFiles } = buildSync({
    entryPoints: [...TASK_NAMES.map(fileOf), ARCHIVE, ARCHIVE_LOOK, FLEET_MATRIX, WEEKLY_SUMMARY].map((file) =>
      join(lambdas, `${file}.ts`),
    ),
    write: false,
    outdir: lambdas,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minify: true,
    // The ES modules of the AWS SDK load in half the time.
    mainFields: ['module', 'main'],
    // ssh2's native parts are optional, and built for another machine.
    loader: { '.node': 'empty' },
    define: { MAGNUM_HA_RELEASE: JSON.stringify(releaseOfCode()) },
    external: ['cpu-features'],
    logLevel: 'error',
  });
  return new Map(outputFiles.map((file) => [basename(file.path, '.js'), file.contents]));
}
