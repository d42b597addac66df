import type { Node } from '../commands/node';
import type { Nodes } from '../commands/site-connection';
import { keptOn } from '../controller/stage';

/** Where nothing is staged any more. */
export interface Cleared {
  /** Names of controllers. */
  readonly on: readonly string[];
  /** Names of those on which that failed: the next apply that stages something there does it first. */
  readonly notOn: readonly string[];
}

/**
 * Takes away whatever executions have staged and not put in place, on every controller that can be reached. What they have kept
 * of before stays.
 *
 * @throws the first controller's error where that failed on all of them
 */
export async function clearStaging(nodes: Nodes): Promise<Cleared> {
  const results = await Promise.allSettled(nodes.map(clear));
  const named = (status: 'fulfilled' | 'rejected') =>
    nodes.filter((_, index) => results[index]?.status === status).map(({ name }) => name);
  const [first] = results;
  if (named('fulfilled').length === 0 && first?.status === 'rejected') throw first.reason;
  return { on: named('fulfilled'), notOn: named('rejected') };
}

async function clear(node: Node): Promise<void> {
  const { commands, run } = node;
  const kept = await keptOn(node);
  await Promise.all(kept.map((id) => run(commands.execution(id).discard)));
}
