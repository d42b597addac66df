import { ensureCluster } from './openstack/clusters';
import { throughSite } from './openstack/through-site';
import type { Site } from './site/document';
import { clusterNamed } from './site/named';
import type { Mode } from './site/load';

/** Ensure clusters, for one: looked up by name, created or resized; it is complete later. */
export function handler({ site, mode, cluster }: { site: Site; mode: Mode; cluster: string }) {
  return throughSite(site, (clients) => ensureCluster(clients, clusterNamed(site, cluster), mode));
}
