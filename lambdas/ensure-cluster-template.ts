import { ensureClusterTemplate } from '../domain/openstack/templates';
import { throughSite } from '../domain/openstack/through-site';
import { clusterTemplateNamed } from '../domain/site/named';
import type { TaskFunction } from '../domain/tasks';
import { handlerOf } from './runtime/task';

/** Ensure cluster templates, for one: looked up by name, created or changed. */
export const run: TaskFunction<'ensureClusterTemplate'> = ({ site, mode, clusterTemplate }, world) => {
  const wanted = clusterTemplateNamed(site, clusterTemplate);
  return throughSite(world, site, {}, ({ magnum }) => ensureClusterTemplate(magnum, wanted, mode));
};

export const handler = handlerOf(run);
