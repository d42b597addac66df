import { withSite } from '../domain/commands/site-connection';
import { clearStaging } from '../domain/rollback/clear';
import type { TaskFunction } from '../domain/tasks';
import { measuredRecovery } from './runtime/metrics';
import { handlerOf } from './runtime/task';

/** Clear staging: what executions have left that ended before their commit, on every controller that can be reached. */
export const run: TaskFunction<'clearStaging'> = ({ site, platforms }, world) =>
  withSite(world, site, { platforms }, ({ nodes }) => clearStaging(nodes));

/** With its metric: only a recovery clears. */
export const handler = handlerOf<'clearStaging'>(async (input, world) =>
  measuredRecovery(world.clock.now(), await run(input, world)),
);
