import { report } from '../domain/report/report';
import { tellingOf } from '../domain/report/telling';
import type { TaskInput } from '../domain/tasks';
import { computationOf } from './runtime/computation';
import { measured } from './runtime/metrics';

/** Report: the execution's output, and what people are told of it. */
export const run = (input: TaskInput<'report'>) => {
  const made = report(input);
  return Promise.resolve({ report: made, telling: tellingOf(made) });
};

/** With its metrics. */
export const handler = computationOf<'report'>(async (input) => measured(await run(input)));
