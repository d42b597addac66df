import { executionId } from '../commands/execution';
import type { Node } from '../commands/node';
import { keptOn } from '../controller/stage';

/** Of so many executions what was there before is kept: the latest. */
const GENERATIONS = 5;

/** Once all is well: what an execution kept becomes the latest of a few that stay, and older ones go. */
export async function promote(node: Node, execution: string): Promise<void> {
  const { commands, run } = node;
  await run(commands.execution(executionId(execution)).discard);
  const kept = await keptOn(node);
  await Promise.all(kept.slice(GENERATIONS).map((id) => run(commands.execution(id).forget)));
}

/** Takes away what an execution has staged on a controller and not put in place: also of one that was stopped. */
export async function discardStaged(node: Node, execution: string): Promise<void> {
  await node.run(node.commands.execution(executionId(execution)).discard);
}
