import { plan } from '../domain/controller/plan';
import type { TaskFunction } from '../domain/tasks';
import { handlerOf } from './runtime/task';

/** Plan: the smallest set of actions that removes the drift. */
export const run: TaskFunction<'plan'> = ({ site, ...inspection }) => Promise.resolve(plan(site, inspection));

export const handler = handlerOf(run);
