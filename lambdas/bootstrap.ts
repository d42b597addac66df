import { bootstrap } from '../domain/bootstrap/bootstrap';
import { throughSite } from '../domain/openstack/through-site';
import { secretNames } from '../domain/secrets/references';
import type { TaskFunction } from '../domain/tasks';
import { handlerOf } from './runtime/task';

/** Bootstrap: what Magnum needs outside of itself and nobody has made yet, as far as the site document asks for it. */
export const run: TaskFunction<'bootstrap'> = ({ site, mode }, world) =>
  throughSite(world, site, { secrets: secretNames(site).bootstrap }, (openstack, connection) =>
    bootstrap(connection, openstack, mode),
  );

export const handler = handlerOf(run);
