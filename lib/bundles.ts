import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type AssetCode, Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';
import { fileOf, TASK_NAMES, type TaskName } from '../domain/tasks';
import { projectRoot } from './project-root';

/** By file; the same for every app that a process makes. */
let contents: ReadonlyMap<string, Uint8Array> | undefined;

/**
 * Gives the code of the tasks: `lambdas/<task>.ts` and whatever it imports, also the AWS SDK of our lock file, in one
 * `index.js`. CDK copies it into the assembly when a function is made of it, which `use` has to do.
 *
 * One run of esbuild bundles every task. NodejsFunction would start a shell, npx and esbuild for each: half a second each
 * on two cores; this way all of them take 1.3 seconds.
 */
export function bundleTasks<T>(use: (code: (task: TaskName) => AssetCode) => T): T {
  const bundles = (contents ??= bundleAll());
  const folder = mkdtempSync(join(tmpdir(), 'magnum-ha-bundles-'));
  try {
    return use((task) => {
      const bundle = bundles.get(fileOf(task));
      if (!bundle) throw new Error(`There is no handler lambdas/${fileOf(task)}.ts`);
      const directory = join(folder, fileOf(task));
      mkdirSync(directory);
      writeFileSync(join(directory, 'index.js'), bundle);
      return Code.fromAsset(directory);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function bundleAll(): Map<string, Uint8Array> {
  const lambdas = join(projectRoot, 'lambdas');
  const { outputFiles } = buildSync({
    entryPoints: TASK_NAMES.map((name) => join(lambdas, `${fileOf(name)}.ts`)),
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
    external: ['cpu-features'],
    logLevel: 'error',
  });
  return new Map(outputFiles.map((file) => [basename(file.path, '.js'), file.contents]));
}
