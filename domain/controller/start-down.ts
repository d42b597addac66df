import { everywhere } from '../commands/everywhere';
import type { Node } from '../commands/node';
import type { SiteConnection } from '../commands/site-connection';
import { servingHaproxyOn } from '../commands/whose-processes';
import { clusterStatus, startedOn } from '../pacemaker/cluster';
import type { CycleStep } from '../pacemaker/cycle';
import { poll } from '../world';
import { ifPresent } from './if-present';
import { isStale, type Runs } from './running';
import { writtenOn } from './written';

/** How long one step looks by itself. Nobody waits for an answer meanwhile: HAProxy serves on elsewhere. */
const PATIENCE = { forMs: 5_000, everyMs: 500 };

/**
 * Has pacemaker start HAProxy where it does not run, and looks for some seconds whether it runs there, with its fragment. Nothing
 * is disabled: elsewhere it serves on. Safe to repeat.
 *
 * Pacemaker starts by itself what it finds dead, which takes a monitor's interval, until it has failed as often as
 * migration-threshold allows, or could not be started at all. Only a cleanup makes it try again then. From 1.1.18 on that touches
 * nothing but what has failed; before, it looks again at what runs, too.
 *
 * @param on names of the controllers on which it does not run
 */
export async function startDown({ nodes }: SiteConnection, on: readonly string[]): Promise<CycleStep> {
  const [first] = nodes;
  const down = nodes.filter(({ name }) => on.includes(name));
  const status = await clusterStatus(first);
  if (!down.every(({ name }) => startedOn(status, name))) await first.run(first.commands.cleanupHaproxy);
  const { found: waitingFor } = await poll(first.clock, PATIENCE, async () => {
    const found = await notStarted(first, down);
    return { done: found === '', found };
  });
  return { done: waitingFor === '', waitingFor, lastAnswerAt: null, firstAnswerAt: null };
}

/** @returns what is still waited for */
async function notStarted(first: Node, down: readonly Node[]): Promise<string> {
  const [status, seen] = await Promise.all([
    clusterStatus(first),
    everywhere(down, async (node) => ({ name: node.name, runs: await haproxyRuns(node) })),
  ]);
  const names = (of: typeof seen) => of.map(({ name }) => name).join(', ');
  const missing = seen.filter(({ name, runs }) => runs.age === undefined || !startedOn(status, name));
  if (missing.length > 0) return `haproxy to start on ${names(missing)}`;
  // It may have come up by itself before its fragment was written.
  const stale = seen.filter(({ runs }) => isStale(runs));
  return stale.length === 0 ? '' : `haproxy on ${names(stale)} to read its fragment, which is newer`;
}

async function haproxyRuns(node: Node): Promise<Runs> {
  const { commands } = node;
  const [{ haproxy }, date, modified, written] = await Promise.all([
    servingHaproxyOn(node),
    node.run(commands.date),
    ifPresent(node, commands.fragmentModified),
    writtenOn(node),
  ]);
  return {
    ...{ now: Number(date.stdout), age: haproxy.age, config: commands.files.fragment.path },
    modified: modified === undefined ? undefined : Number(modified),
    written: written.fragment,
  };
}
