import { withSite } from '../domain/commands/site-connection';
import { preflight } from '../domain/findings/preflight';
import type { TaskFunction } from '../domain/tasks';
import { handlerOf } from './runtime/task';

/** Preflight: whether the controllers can be worked with, and what will go wrong with the installed Magnum. */
export const run: TaskFunction<'preflight'> = ({ site }, world) => withSite(world, site, {}, preflight);

export const handler = handlerOf(run);
