import type { Node } from '../commands/node';
import type { SiteConnection } from '../commands/site-connection';
import { servingHaproxyOn } from '../commands/whose-processes';
import type { Command } from '../ssh/command';
import { clusterStatus, startedOn } from './cluster';
import { inTurn, type Turns } from './in-turn';
import { type Before, type CycleStep, namesOf, until } from './step';

/**
 * Has HAProxy reload on one controller after another, each once the new process has taken over on the one before: what is broken
 * breaks one controller at most, and there the old process serves on. Safe to repeat.
 *
 * HAProxy that does not run is not reloaded: pacemaker may have been told to stop it, and would not know of one that it has not
 * started.
 *
 * @throws CommandFailed if the agent says that the new process does not start; what `run` throws
 */
export function reload(connection: SiteConnection, before: Before | null): Promise<CycleStep> {
  const { nodes } = connection;
  return inTurn(connection, before, undefined, async (turns) => {
    for (const node of nodes) {
      const waitingFor = await reloaded(node, turns);
      if (waitingFor !== '') return waitingFor;
    }
    return until(nodes[0], () => underPacemaker(nodes));
  });
}

/** @returns what is still waited for on this controller */
async function reloaded(node: Node, turns: Turns): Promise<string> {
  if (!turns.hasBegun(node)) {
    const down = await until(node, async () =>
      (await servingHaproxyOn(node)).haproxy.serving.length > 0 ? '' : `haproxy to run on ${node.name}`,
    );
    if (down !== '') return down;
    if (await turns.begin(node)) {
      turns.told(node);
      await node.run(reloadOn(node));
    }
  }
  return until(node, async () =>
    (await turns.isNew(node)) ? '' : `a new process of haproxy to take over on ${node.name}`,
  );
}

/** @throws Error if Preflight has found none, which refuses an apply */
function reloadOn({ commands, where }: Node): Command {
  if (commands.reloadHaproxy) return commands.reloadHaproxy;
  throw new Error(`Nobody knows how HAProxy is reloaded on ${where}`);
}

/** Whether pacemaker has HAProxy started everywhere, and its agent would find the process that serves. @returns what is waited for */
async function underPacemaker(nodes: SiteConnection['nodes']): Promise<string> {
  const [lead] = nodes;
  const [status, managed] = await Promise.all([clusterStatus(lead), Promise.all(nodes.map(isInPidFile))]);
  const missing = nodes.filter((node, at) => !managed[at] || !startedOn(status, node.name));
  return missing.length === 0 ? '' : `pacemaker to have the new haproxy on ${namesOf(missing)}`;
}

/** Whether the PID file, where there is one, names a process that serves, its master or its wrapper. */
async function isInPidFile(node: Node): Promise<boolean> {
  const [{ haproxy }, { exitCode, stdout }] = await Promise.all([
    servingHaproxyOn(node),
    node.attempt(node.commands.pidFile),
  ]);
  if (exitCode !== 0) return true;
  const named = stdout.match(/\d+/g)?.map(Number) ?? [];
  return haproxy.own.some(({ pid }) => named.includes(pid));
}
