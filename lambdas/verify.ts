import { verify } from '../domain/controller/verify';
import { promote } from '../domain/rollback/keep';
import { throughSite } from '../domain/openstack/through-site';
import type { TaskFunction } from '../domain/tasks';
import { handlerOf } from './runtime/task';

/** Verify: what answers and what lives, observed now. */
export const run: TaskFunction<'verify'> = ({ site, platforms, restarts, changed, execution }, world) =>
  throughSite(world, site, { platforms }, async (openstack, connection) => {
    const verification = await verify(connection, openstack, restarts);
    if (verification.healthy) {
      // Of no use for this execution: the next one does what is left.
      await Promise.allSettled(changed.map((name) => promote(connection.node(name), execution)));
    }
    return verification;
  });

export const handler = handlerOf(run);
