import { withSite } from '../domain/commands/site-connection';
import { rollBack } from '../domain/rollback/roll-back';
import type { TaskFunction } from '../domain/tasks';
import { handlerOf } from './runtime/task';

/** Roll back: every controller to its state before this execution. */
export const run: TaskFunction<'rollBack'> = ({ site, platforms, ...input }, world) =>
  withSite(world, site, { platforms }, (connection) => rollBack(connection, input));

export const handler = handlerOf(run);
