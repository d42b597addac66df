import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { readFileSync } from 'node:fs';
import type { Report } from '../../domain/report/report';
import type { Site } from '../../domain/site/document';
import { parseSite } from '../../domain/site/parse';
import { type Local, startVirtual, type VirtualLocal } from '../../local/deploy';
import type { ExecutionResult } from '../../local/emulator/asl';
import type { RecordedCommand, SimulatedSite } from '../../local/simulated-site';

/** A shipped site document, as an object that may be changed. */
export function document(name: 'golden' | 'guide' | 'fuel'): Site {
  return parseSite(name, readFileSync(`${__dirname}/../../sites/${name}.json`, 'utf8'));
}

/** Does something with the stack deployed beside a simulated site, on virtual time. */
export async function withLocal<T>(
  site: Site,
  action: (local: VirtualLocal) => Promise<T>,
  options: Parameters<typeof startVirtual>[1] = {},
): Promise<T> {
  const local = await startVirtual(site, options);
  try {
    return await local.clock.drive(action(local));
  } finally {
    await local.close();
  }
}

/** Runs an execution on the site. */
export function run({ deployment, site }: Local, mode = 'apply'): Promise<ExecutionResult> {
  return deployment.start('magnum-ha', { input: { site: site.document.name, mode } }).result;
}

/** The output of an execution that succeeded; with its error if it did not, so that a test's failure says why. */
export function reportOf({ status, output, error, cause }: ExecutionResult): Report {
  if (status !== 'SUCCEEDED') throw new Error(`${status}: ${error ?? ''}: ${cause ?? ''}`);
  return output as Report;
}

/** How long HAProxy was down, at most; null without a cycle. On a busy machine not all of it may have been watched. */
export function outageOf({ outageMs, outageBoundsMs }: Report): number | null {
  return outageMs ?? outageBoundsMs?.atMost ?? null;
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

/** Starts a uWSGI on a controller that listens at the API's port of every address. */
export function listensEverywhere({ controllers, network, clock }: SimulatedSite, controller: string): void {
  controllers.get(controller)?.foreground.add({
    pid: 4321,
    parent: 1,
    user: 'magnum',
    name: 'uwsgi',
    args: '/usr/bin/uwsgi_python3 --http-socket :9511',
    program: '/usr/bin/uwsgi-core',
    startedAt: clock.now(),
  });
  network.listen(controller, '0.0.0.0', 9511, (connection) => connection.destroy(), { program: 'uwsgi' });
}

/** Resolves when an execution has taken its site's lock. */
export function whenLocked(): { taken: Promise<void>; onEvent: (event: HistoryEvent) => void } {
  let resolve: () => void = () => undefined;
  const taken = new Promise<void>((done) => (resolve = done));
  const onEvent = ({ stateExitedEventDetails }: HistoryEvent) => {
    if (stateExitedEventDetails?.name === 'Take site lock') resolve();
  };
  return { taken, onEvent };
}
