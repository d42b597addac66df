import { report } from '../domain/report/report';
import type { TaskInput } from '../domain/tasks';
import { computationOf } from './runtime/computation';

/** Report: the execution's output. */
export const run = (input: TaskInput<'report'>) => Promise.resolve(report(input));

export const handler = computationOf<'report'>(run);
