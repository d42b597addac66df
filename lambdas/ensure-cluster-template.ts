import { ensureClusterTemplate } from './openstack/templates';
import { throughSite } from './openstack/through-site';
import type { Site } from './site/document';
import { clusterTemplateNamed } from './site/named';
import type { Mode } from './site/load';

/** Ensure cluster templates, for one: looked up by name, created or changed. */
export function handler({ site, mode, clusterTemplate }: { site: Site; mode: Mode; clusterTemplate: string }) {
  const wanted = clusterTemplateNamed(site, clusterTemplate);
  return throughSite(site, ({ magnum }) => ensureClusterTemplate(magnum, wanted, mode));
}
