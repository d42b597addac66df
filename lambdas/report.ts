import { report } from '../domain/report/report';
import type { TaskFunction } from '../domain/tasks';
import { handlerOf } from './runtime/task';

/** Report: the execution's output. */
export const run: TaskFunction<'report'> = (input) => Promise.resolve(report(input));

export const handler = handlerOf(run);
