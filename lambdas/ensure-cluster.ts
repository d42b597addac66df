import { ensureCluster } from '../domain/openstack/clusters';
import { throughSite } from '../domain/openstack/through-site';
import { clusterNamed } from '../domain/site/named';
import type { TaskFunction } from '../domain/tasks';
import { handlerOf } from './runtime/task';

/** Ensure clusters, for one: looked up by name, created or resized; it is complete later. */
export const run: TaskFunction<'ensureCluster'> = ({ site, mode, cluster }, world) =>
  throughSite(world, site, {}, (clients) => ensureCluster(clients, clusterNamed(site, cluster), mode));

export const handler = handlerOf(run);
