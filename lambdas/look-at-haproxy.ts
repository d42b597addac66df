import { withSite } from '../domain/commands/site-connection';
import { look } from '../domain/pacemaker/look';
import type { TaskFunction } from '../domain/tasks';
import { handlerOf } from './runtime/task';

/** Look at HAProxy: whether it is disabled, as whoever can be reached sees it. */
export const run: TaskFunction<'lookAtHaproxy'> = ({ site }, world) => withSite(world, site, {}, look);

export const handler = handlerOf(run);
