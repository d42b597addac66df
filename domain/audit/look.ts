import { canonicalJson } from '../canonical';
import type { TaskOutput } from '../tasks';
import type { HistoryEvent } from './history';
import type { EndedExecution } from './record';

/** A task of a look. */
export interface LookStep {
  /** Of the state. */
  readonly name: string;
  /** ISO 8601. */
  readonly enteredAt: string;
  readonly output: unknown;
}

/** A look of the fleet machine at a site that is as wanted, as its execution tells it. Times are in ISO 8601. */
export interface Look {
  readonly executionArn: string;
  readonly name: string;
  readonly startedAt: string;
  readonly endedAt: string;
  /** As that of a check. */
  readonly input: unknown;
  /** In order; the last one is Report. */
  readonly steps: readonly LookStep[];
}

/**
 * The execution of a look, with events in place of its history: an Express execution has none that could be read. They have the shape of
 * a history's, and no more than the execution told: a task ends when the next one begins.
 */
export function executionOf(look: Look): {
  readonly execution: EndedExecution;
  readonly events: readonly HistoryEvent[];
} {
  const { executionArn, name, startedAt, endedAt, steps } = look;
  const input = JSON.stringify(look.input);
  const made = steps.at(-1)?.output as TaskOutput<'report'> | undefined;
  const output = canonicalJson(made?.report ?? null);
  const execution = {
    ...{ executionArn, name, input, output },
    ...{ status: 'SUCCEEDED', startDate: startedAt, stopDate: endedAt },
  };
  const events: HistoryEvent[] = [
    { type: 'ExecutionStarted', timestamp: startedAt, executionStartedEventDetails: { input } },
    ...steps.flatMap((step, index) => eventsOf(step, executionArn, steps[index + 1]?.enteredAt ?? endedAt)),
    { type: 'ExecutionSucceeded', timestamp: endedAt, executionSucceededEventDetails: { output } },
  ];
  return { execution, events: events.map((event, index) => ({ id: index + 1, previousEventId: index, ...event })) };
}

function eventsOf({ name, enteredAt, output }: LookStep, execution: string, endedAt: string): HistoryEvent[] {
  const parameters = JSON.stringify({ Payload: { envelope: { execution, state: name } } });
  return [
    { type: 'TaskStateEntered', timestamp: enteredAt, stateEnteredEventDetails: { name } },
    { type: 'TaskScheduled', timestamp: enteredAt, taskScheduledEventDetails: { parameters } },
    {
      type: 'TaskSucceeded',
      timestamp: endedAt,
      taskSucceededEventDetails: { output: JSON.stringify({ Payload: output }) },
    },
    { type: 'TaskStateExited', timestamp: endedAt, stateExitedEventDetails: { name } },
  ];
}

/** Whether it is the ARN of a look: an Express execution of the fleet machine. */
export function isLook(executionArn: string): boolean {
  return executionArn.split(':')[5] === 'express';
}

/** The name of an execution, or that of a look, by its ARN. */
export function nameOf(executionArn: string): string {
  return executionArn.split(':').at(isLook(executionArn) ? -2 : -1) ?? '';
}
