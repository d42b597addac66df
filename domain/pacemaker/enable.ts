import type { Node } from '../commands/node';
import { clusterStatus, hasBan } from './cluster';

/**
 * Ends every disable of HAProxy, through one controller: our own, also one that has ended by itself, and by pcs or crmsh one of
 * somebody else's; and a ban of ours, but nobody else's. Safe to repeat, and all that is needed.
 *
 * @throws PacemakerUnavailable, and what `run` throws
 */
export async function enableOn(node: Node): Promise<void> {
  await node.run(node.commands.endDisable);
  const { disabled } = await clusterStatus(node);
  if (disabled === true) await node.run(node.commands.enableHaproxy);
  if (await hasBan(node)) await node.run(node.commands.endBan);
}
