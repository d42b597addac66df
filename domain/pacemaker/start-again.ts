import { fulfilled } from '../commands/everywhere';
import type { SiteConnection } from '../commands/site-connection';
import { clusterStatus, isManaged } from './cluster';
import { isNode } from './node-names';

/** Makes pacemaker try again to start HAProxy, on every controller that can be reached. @throws the first error where none can */
export async function startAgain({ nodes }: SiteConnection): Promise<void> {
  await fulfilled(nodes.map((node) => node.run(node.commands.cleanupHaproxy)));
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
