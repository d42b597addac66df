import { type ClusterResult, pollCluster } from '../domain/openstack/clusters';
import { throughSite } from '../domain/openstack/through-site';
import type { Site } from '../domain/site/document';
import { clusterNamed } from '../domain/site/named';

/** Poll cluster: how far it is. `cluster` is what Ensure cluster returned; once it is overdue, it is an error if not done. */
export async function handler({ site, cluster, overdue }: { site: Site; cluster: ClusterResult; overdue: boolean }) {
  const minutes = overdue ? clusterNamed(site, cluster.name).deadlineMinutes : undefined;
  const progress = await throughSite(site, (clients) => pollCluster(clients, cluster, minutes));
  return { ...cluster, ...progress };
}
