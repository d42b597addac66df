import { withSite } from '../domain/commands/site-connection';
import { clearStaging } from '../domain/rollback/clear';
import type { TaskFunction } from '../domain/tasks';
import { handlerOf } from './runtime/task';

/** Clear staging: what executions have left that ended before their commit, on every controller that can be reached. */
export const run: TaskFunction<'clearStaging'> = ({ site, platforms }, world) =>
  withSite(world, site, { platforms }, ({ nodes }) => clearStaging(nodes));

export const handler = handlerOf(run);
