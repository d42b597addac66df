import { type ClusterResult, pollCluster } from './openstack/clusters';
import { throughSite } from './openstack/through-site';
import type { Site } from './site/document';

/** Poll cluster: how far it is. `cluster` is what Ensure cluster returned. */
export async function handler({ site, cluster }: { site: Site; cluster: ClusterResult }) {
  const { uuid = cluster.name } = cluster;
  const progress = await throughSite(site, ({ magnum }) => pollCluster(magnum, uuid, cluster.workers));
  return { ...cluster, ...progress };
}
