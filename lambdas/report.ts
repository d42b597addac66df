import { report } from '../domain/report/report';
import { tellingOf } from '../domain/report/telling';
import type { TaskInput } from '../domain/tasks';
import { computationOf } from './runtime/computation';
import { measured } from './runtime/metrics';

/** Report: the execution's output, what people are told of it, and its metrics. */
export const run = (input: TaskInput<'report'>) => {
  const made = report(input);
  return Promise.resolve(measured({ report: made, telling: tellingOf(made) }));
};

export const handler = computationOf<'report'>(run);
