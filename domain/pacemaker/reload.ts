import type { Node } from '../commands/node';
import type { SiteConnection } from '../commands/site-connection';
import { servingHaproxyOn } from '../commands/whose-processes';
import type { Command } from '../ssh/command';
import { clusterStatus, startedOn } from './cluster';
import { longestOf } from './silence';
import { type Before, type CycleStep, cycleOf, namesOf, until } from './step';
import { watchVip } from './vip-watch';

/**
 * Has HAProxy reload on one controller after another, each once the new process has taken over on the one before: what is broken
 * breaks one controller at most, and there the old process serves on. Safe to repeat: what has started since this update began has
 * read what is in place.
 *
 * HAProxy that does not run is not reloaded: pacemaker may have been told to stop it, and would not know of one that it has not
 * started.
 *
 * @throws CommandFailed if the agent says that the new process does not start; what `run` throws
 */
export async function reload({ nodes }: SiteConnection, before: Before | null): Promise<CycleStep> {
  const [lead] = nodes;
  const cycle = cycleOf(before, lead);
  const replaced = new Map(Object.entries(before?.replaced ?? {}));
  const watch = watchVip(lead, before?.answeredAt);
  try {
    let waitingFor = '';
    for (const node of nodes) {
      waitingFor = await reloaded(node, cycle, replaced);
      if (waitingFor !== '') break;
    }
    if (waitingFor === '') waitingFor = await until(lead, () => underPacemaker(nodes));
    if (waitingFor === '') waitingFor = await until(lead, () => Promise.resolve(answers(watch.lastAnswerAt, lead)));
    const longest = longestOf(before?.longest, watch.longest);
    const answeredAt = watch.lastAnswerAt ?? before?.answeredAt;
    const done = waitingFor === '';
    const at = lead.clock.now();
    return {
      ...{ done, waitingFor, cycle, replaced: Object.fromEntries(replaced) },
      ...(longest && { longest }),
      ...(answeredAt !== undefined && { answeredAt }),
      ...(done ? (longest ?? { lastAnswerAt: at, firstAnswerAt: at }) : { lastAnswerAt: null, firstAnswerAt: null }),
    };
  } finally {
    watch.stop();
  }
}

function answers(lastAnswerAt: number | null, { site }: Node): string {
  return lastAnswerAt === null ? `an answer of the VIP ${site.virtualIp}` : '';
}

/**
 * @param replaced is told which processes are to be replaced on this controller; if it knows, that was begun before
 * @returns what is still waited for on this controller
 */
async function reloaded(node: Node, since: number, replaced: Map<string, readonly number[]>): Promise<string> {
  if (!replaced.has(node.name)) {
    let found = (await servingHaproxyOn(node)).haproxy;
    const down = await until(node, async () => {
      if (found.serving.length === 0) found = (await servingHaproxyOn(node)).haproxy;
      return found.serving.length > 0 ? '' : `haproxy to run on ${node.name}`;
    });
    if (down !== '') return down;
    // An age is in whole seconds, and up to one more: what started within the first second is reloaded once more.
    const isNew = ((found.age ?? Infinity) + 1) * 1000 < node.clock.now() - since;
    if (!isNew) await node.run(reloadOn(node));
    replaced.set(node.name, isNew ? [] : found.serving.map(({ pid }) => pid));
  }
  const old = replaced.get(node.name) ?? [];
  return until(node, async () => {
    const { serving } = (await servingHaproxyOn(node)).haproxy;
    const isNew = serving.length > 0 && serving.every(({ pid }) => !old.includes(pid));
    return isNew ? '' : `a new process of haproxy to take over on ${node.name}`;
  });
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
