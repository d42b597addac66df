import type { Cluster, ClusterTemplate, Controller, Site } from './document';

/** The controller of this name. @throws Error if there is none: the workflow only names those of the document */
export function controllerNamed(site: Site, name: string): Controller {
  return named(site.controllers, name, `controller of site ${site.name}`);
}

/** The cluster template of this name, likewise. */
export function clusterTemplateNamed(site: Site, name: string): ClusterTemplate {
  return named(site.clusterTemplates, name, `cluster template of site ${site.name}`);
}

/** The cluster of this name, likewise. */
export function clusterNamed(site: Site, name: string): Cluster {
  return named(site.clusters, name, `cluster of site ${site.name}`);
}

/** The one of this name, likewise. @param what how the message calls them */
export function named<T extends { readonly name: string }>(items: readonly T[], name: string, what: string): T {
  const found = items.find((one) => one.name === name);
  if (!found) throw new Error(`There is no ${what} named ${name}`);
  return found;
}
