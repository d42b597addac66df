import { withSite } from '../domain/commands/site-connection';
import { reach } from '../domain/controller/reach';
import type { TaskFunction } from '../domain/tasks';
import { handlerOf } from './runtime/task';

/** Reach: whether a cycle of HAProxy would come back, and HAProxy reach Magnum. */
export const run: TaskFunction<'reach'> = async ({ site, platforms }, world) => {
  await withSite(world, site, { platforms }, ({ nodes }) => reach(nodes));
  return null;
};

export const handler = handlerOf(run);
