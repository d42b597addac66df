import { ensureClusterTemplate } from '../domain/openstack/templates';
import { throughSite } from '../domain/openstack/through-site';
import type { Site } from '../domain/site/document';
import { clusterTemplateNamed } from '../domain/site/named';
import type { Mode } from '../domain/site/load';

/** Ensure cluster templates, for one: looked up by name, created or changed. */
export function handler({ site, mode, clusterTemplate }: { site: Site; mode: Mode; clusterTemplate: string }) {
  const wanted = clusterTemplateNamed(site, clusterTemplate);
  return throughSite(site, ({ magnum }) => ensureClusterTemplate(magnum, wanted, mode));
}
