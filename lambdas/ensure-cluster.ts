import { ensureCluster } from '../domain/openstack/clusters';
import { throughSite } from '../domain/openstack/through-site';
import type { Site } from '../domain/site/document';
import { clusterNamed } from '../domain/site/named';
import type { Mode } from '../domain/site/load';

/** Ensure clusters, for one: looked up by name, created or resized; it is complete later. */
export function handler({ site, mode, cluster }: { site: Site; mode: Mode; cluster: string }) {
  return throughSite(site, (clients) => ensureCluster(clients, clusterNamed(site, cluster), mode));
}
