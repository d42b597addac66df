import { ensureCluster } from './openstack/clusters';
import { throughSite } from './openstack/through-site';
import type { Site } from './site/document';
import { clusterNamed } from './site/named';
import type { Mode } from './site/load';

/** Ensure clusters, for one: looked up by name, created or resized; it is complete later. */
export async function handler({ site, mode, cluster }: { site: Site; mode: Mode; cluster: string }) {
  const result = await throughSite(site, ({ magnum }) => ensureCluster(magnum, clusterNamed(site, cluster), mode));
  // A check waits for nothing.
  return { ...result, done: mode === 'check' || (result.status?.endsWith('_COMPLETE') ?? false) };
}
