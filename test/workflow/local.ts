import { readFileSync } from 'node:fs';
import type { Site } from '../../domain/site/document';
import { parseSite } from '../../domain/site/parse';
import type { Report } from '../../domain/report/report';
import type { ExecutionResult } from '../../local/emulator/asl';
import { type Local, type LocalOptions, startLocal } from '../../local/deploy';
import type { RecordedCommand } from '../../local/simulated-site';

/** A shipped site document, as an object that may be changed. */
export function document(name: 'golden' | 'guide'): Site {
  return parseSite(name, readFileSync(`${__dirname}/../../sites/${name}.json`, 'utf8'));
}

/** Does something with the stack deployed beside a simulated site on which everything is quick. */
export async function withLocal<T>(
  site: Site,
  action: (local: Local) => Promise<T>,
  options: Partial<LocalOptions> = {},
): Promise<T> {
  const local = await startLocal(site, { speed: 400, timeScale: 0.05, ...options });
  try {
    return await action(local);
  } finally {
    await local.close();
  }
}

/** Runs an execution on the site. */
export function run({ deployment, site }: Local, mode = 'apply'): Promise<ExecutionResult> {
  return deployment.start('magnum-ha', { input: { site: site.document.name, mode } }).result;
}

/** The output of an execution that succeeded; with its error where it did not, so that a test's failure says why. */
export function reportOf({ status, output, error, cause }: ExecutionResult): Report {
  if (status !== 'SUCCEEDED') throw new Error(`${status}: ${error ?? ''}: ${cause ?? ''}`);
  return output as Report;
}

/** The commands that changed something on the site. */
export function changes({ site }: Local): RecordedCommand[] {
  return site.record.commands.filter(({ changed }) => changed);
}

/** A file's content on a controller. */
export function fileOn({ site }: Local, controller: string, path: string): string | undefined {
  return site.controllers.get(controller)?.files.files.get(path)?.content;
}

/** Names of the controllers on which HAProxy runs. */
export function haproxyOn({ site }: Local): string[] {
  return [...site.controllers.values()]
    .filter(({ processes }) => processes.some(({ name }) => name === 'haproxy'))
    .map(({ name }) => name);
}
