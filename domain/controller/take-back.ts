import { fulfilled } from '../commands/everywhere';
import type { Node } from '../commands/node';
import type { SiteConnection } from '../commands/site-connection';
import { clusterStatus, isManaged } from '../pacemaker/cluster';
import { isNode } from '../pacemaker/node-names';
import { ifPresent } from './if-present';

/**
 * Puts the fragment of before this execution back on every controller that can be reached, or takes Magnum's away if there was
 * none, and makes pacemaker try again to start HAProxy. Safe to repeat.
 *
 * @returns names of the controllers; none if pacemaker would start HAProxy nowhere, whatever the fragment
 * @throws the first controller's error where none could be reached, or none took the command
 */
export async function takeFragmentBack({ nodes }: SiteConnection): Promise<string[]> {
  const statuses = await fulfilled(nodes.map(clusterStatus));
  const status = statuses.find(({ quorate }) => quorate);
  if (!status || !isManaged(status)) return [];
  const restored = await fulfilled(nodes.map(restore));
  // Only now: a controller on which it is tried before is given up again.
  await fulfilled(restored.map((node) => node.run(node.commands.cleanupHaproxy)));
  return restored.map(({ name }) => name);
}

/**
 * Whether pacemaker has given up to start HAProxy on every controller: it is enabled, and nothing keeps pacemaker from it. Where
 * crm_mon does not tell a start that is under way, as before 1.1.16, nobody can say.
 */
export async function startsNowhere({ site, nodes }: SiteConnection): Promise<boolean> {
  const statuses = await fulfilled(nodes.map(clusterStatus));
  const status = statuses.find(({ quorate }) => quorate);
  if (status?.disabled !== false || !isManaged(status)) return false;
  return (
    site.controllers.every(({ name }) => status.online.some((node) => isNode(node, name))) &&
    status.instances.every(({ role, active }) => role === 'Stopped' && !active)
  );
}

async function restore(node: Node): Promise<Node> {
  const { copy, install, remove } = node.commands.restoreFragment;
  const kept = await ifPresent(node, copy);
  await node.run(kept === undefined ? remove : install);
  return node;
}
