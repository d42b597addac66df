import { authorize } from '../domain/authorization/authorize';
import type { TaskInput } from '../domain/tasks';
import { computationOf } from './runtime/computation';

/** Authorize: whether the site document lets an apply do now what it would do. */
export const run = (change: TaskInput<'authorize'>) => Promise.resolve().then(() => authorize(change));

export const handler = computationOf<'authorize'>(run);
