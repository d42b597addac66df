import { upgradeSchema } from '../domain/bootstrap/schema';
import { withSite } from '../domain/commands/site-connection';
import type { TaskFunction } from '../domain/tasks';
import { handlerOf } from './runtime/task';

/** Upgrade schema, from the first controller: all of them share the database. */
export const run: TaskFunction<'upgradeSchema'> = ({ site, mode }, world) =>
  withSite(world, site, { expected: [site.controllers[0]] }, ({ nodes }) => upgradeSchema(nodes[0], mode));

export const handler = handlerOf(run);
