import { plan } from '../domain/controller/plan';
import type { TaskInput } from '../domain/tasks';
import { computationOf } from './runtime/computation';

/** Plan: the smallest set of actions that removes the drift. */
export const run = ({ site, ...inspection }: TaskInput<'plan'>) => Promise.resolve(plan(site, inspection));

export const handler = computationOf<'plan'>(run);
