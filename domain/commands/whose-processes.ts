import { type HaproxyProcesses, haproxyProcesses } from './haproxy-processes';
import type { Node } from './node';
import { parseProcesses, type ProcessList } from './process-list';

/** The processes that run on a controller. @throws ProcessesHidden, and what `run` throws */
export async function listProcesses(node: Node): Promise<ProcessList> {
  return parseProcesses((await node.run(node.commands.processes)).stdout, `controller ${node.where}`);
}

/**
 * The processes that run on a controller, and which of the haproxy processes are those of pacemaker's resource.
 *
 * @param leftovers those that an earlier look knew as such
 * @throws ProcessesHidden, and what `run` throws
 */
export async function haproxyOn(
  node: Node,
  leftovers: readonly number[] = [],
): Promise<{ readonly list: ProcessList; readonly haproxy: HaproxyProcesses }> {
  const [list, pidFile] = await Promise.all([listProcesses(node), node.attempt(node.commands.pidFile)]);
  const { configFile } = node.site.haproxy;
  return {
    list,
    haproxy: haproxyProcesses(list, {
      configFile,
      leftovers: new Set(leftovers),
      ...(pidFile.exitCode === 0 ? { pidFile: pidFile.stdout } : {}),
    }),
  };
}
