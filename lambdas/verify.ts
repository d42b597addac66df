import { verify } from '../domain/controller/verify';
import { throughSite } from '../domain/openstack/through-site';
import type { TaskFunction } from '../domain/tasks';
import { handlerOf } from './runtime/task';

/** Verify: what answers and what lives, observed now. */
export const run: TaskFunction<'verify'> = ({ site, platforms, restarts }, world) =>
  throughSite(world, site, { platforms }, (openstack, connection) => verify(connection, openstack, restarts));

export const handler = handlerOf(run);
