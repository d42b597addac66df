import { withSite } from '../domain/commands/site-connection';
import { restart } from '../domain/controller/restart';
import { controllerNamed } from '../domain/site/named';
import type { TaskFunction } from '../domain/tasks';
import { handlerOf } from './runtime/task';

/** Restart services, on one controller: Magnum's API and conductor, until both are back. */
export const run: TaskFunction<'restart'> = ({ site, platforms, controller, afterRollBack }, world) =>
  withSite(world, site, { platforms, expected: [controllerNamed(site, controller)] }, ({ node }) =>
    restart(node(controller), { afterRollBack }),
  );

export const handler = handlerOf(run);
