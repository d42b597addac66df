import { lookAtSite } from '../domain/look-at-site';
import type { TaskFunction } from '../domain/tasks';
import { handlerOf } from './runtime/task';

/** Look at site: whether all of it is as wanted, in one invocation. */
export const run: TaskFunction<'lookAtSite'> = ({ site }, world) => lookAtSite(world, site);

export const handler = handlerOf(run);
