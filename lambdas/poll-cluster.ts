import { pollCluster } from '../domain/openstack/cluster-progress';
import { throughSite } from '../domain/openstack/through-site';
import { clusterNamed } from '../domain/site/named';
import type { TaskFunction } from '../domain/tasks';
import { handlerOf } from './runtime/task';

/** Poll cluster: how far it is. */
export const run: TaskFunction<'pollCluster'> = async ({ site, cluster, overdue }, world) => {
  const minutes = overdue ? clusterNamed(site, cluster.name).deadlineMinutes : undefined;
  const progress = await throughSite(world, site, {}, (clients) => pollCluster(clients, cluster, minutes));
  return { ...cluster, ...progress };
};

export const handler = handlerOf(run);
