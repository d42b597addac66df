import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_STACK } from '../../domain/site/secret-names';
import { readTemplate, type Template } from './aws/template';

const ROOT = join(__dirname, '..', '..');
const CACHE = join(ROOT, '.cache');
/** All that the assembly is made from. */
const SOURCES = ['lib', 'lambdas', 'domain', 'cdk.json', 'package-lock.json'];

let template: Promise<Template> | undefined;

/**
 * The stack, synthesized as `cdk deploy` would, with its bundles. What was synthesized from the same sources before is used
 * again; one process takes its sources not to change.
 */
export function synthesized(): Promise<Template> {
  return (template ??= synthesize());
}

async function synthesize(): Promise<Template> {
  const digest = createHash('sha256');
  for (const file of SOURCES.flatMap(filesOf)) digest.update(file).update(readFileSync(join(ROOT, file)));
  const directory = join(CACHE, `assembly-${digest.digest('hex').slice(0, 16)}`);
  if (!existsSync(directory)) {
    // Only now: loading the CDK takes longer than everything else here.
    const { createApp } = await import('../../lib/app');
    const unfinished = `${directory}-${process.pid}`;
    createApp({ outdir: unfinished }).synth();
    try {
      renameSync(unfinished, directory);
    } catch (error) {
      // Another process was faster, with the same result.
      rmSync(unfinished, { recursive: true, force: true });
      if (!existsSync(directory)) throw error;
    }
  }
  return readTemplate(directory, DEFAULT_STACK);
}

function filesOf(path: string): string[] {
  if (/\.(ts|json)$/.test(path)) return [path];
  return readdirSync(join(ROOT, path), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .map((name) => join(path, name));
}
