import { type HaproxyEvidence, type HaproxyProcesses, haproxyProcesses } from './haproxy-processes';
import { parseListening } from './listening';
import type { Node } from './node';
import { parseProcesses, type ProcessList } from './process-list';

/** The processes that run on a controller. @throws ProcessesHidden, and what `run` throws */
export async function listProcesses(node: Node): Promise<ProcessList> {
  return parseProcesses((await node.run(node.commands.processes)).stdout, `controller ${node.where}`);
}

/** The processes that run on a controller, and which of the haproxy processes are those of pacemaker's resource. */
export interface WhoseProcesses {
  readonly list: ProcessList;
  readonly haproxy: HaproxyProcesses;
}

/**
 * Looks while HAProxy stops or starts: then a process of it may have closed its sockets, or not have opened them yet.
 *
 * @param leftovers those that an earlier look knew as such
 * @throws ProcessesHidden, and what `run` throws
 */
export function haproxyOn(node: Node, leftovers: readonly number[] = []): Promise<WhoseProcesses> {
  return look(node, Promise.resolve({ leftovers: new Set(leftovers) }));
}

/** Looks while HAProxy serves: then a process of it that does not listen was left by a reload. @throws the same */
export function servingHaproxyOn(node: Node): Promise<WhoseProcesses> {
  return look(node, listening(node));
}

async function listening({ attempt, commands }: Node): Promise<Pick<HaproxyEvidence, 'listening' | 'allNamed'>> {
  const { exitCode, stdout } = await attempt(commands.sockets);
  if (exitCode !== 0) return {};
  const sockets = parseListening(stdout);
  return {
    listening: new Set(sockets.flatMap(({ pids }) => pids)),
    allNamed: sockets.every(({ pids }) => pids.length > 0),
  };
}

async function look(node: Node, further: Promise<Partial<HaproxyEvidence>>): Promise<WhoseProcesses> {
  const [list, pidFile, evidence] = await Promise.all([
    listProcesses(node),
    node.attempt(node.commands.pidFile),
    further,
  ]);
  const { configFile } = node.site.haproxy;
  const named = pidFile.exitCode === 0 ? { pidFile: pidFile.stdout } : {};
  return { list, haproxy: haproxyProcesses(list, { configFile, ...evidence, ...named }) };
}
