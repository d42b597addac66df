import { report } from '../domain/report/report';
import { tellingOf } from '../domain/report/telling';
import type { Invocation, TaskInput } from '../domain/tasks';
import { measured } from './runtime/metrics';

/** Report: the execution's output, and what people are told of it. */
export const run = (input: TaskInput<'report'>) => {
  const made = report(input);
  return Promise.resolve({ report: made, telling: tellingOf(made) });
};

/** With its metrics. */
export const handler = async ({ input }: Invocation<'report'>) => measured(await run(input));
