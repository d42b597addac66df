import type { HistoryEventType } from '@aws-sdk/client-sfn';
import type { FailState, Json, States } from '../definition';
import { StatesError, Stopped } from '../errors';
import type { Scope } from '../run';
import { Visit, type Step } from '../visit';
import { choice } from './choice';
import { map } from './map';
import { parallel } from './parallel';
import { pass } from './pass';
import { task } from './task';
import { wait } from './wait';

/**
 * Runs a chain of states from StartAt to the state that ends it.
 * @returns the last state's output
 * @throws StatesError as the chain fails; Stopped when the scope's signal is aborted
 */
export async function runStates(chain: States, input: Json, scope: Scope): Promise<Json> {
  let next: string | undefined = chain.StartAt;
  let value = input;
  while (next !== undefined) {
    scope.signal.throwIfAborted();
    const step: Step = await runState(chain, next, value, scope);
    next = step.next;
    value = step.output;
  }
  return value;
}

async function runState(chain: States, name: string, input: Json, scope: Scope): Promise<Step> {
  const state = chain.States[name];
  if (state === undefined) throw new Error(`validate.ts let a transition to '${name}' pass`);
  try {
    switch (state.Type) {
      case 'Pass':
        return await pass(new Visit(scope, name, state, input));
      case 'Task':
        return await task(new Visit(scope, name, state, input));
      case 'Choice':
        return await choice(new Visit(scope, name, state, input));
      case 'Wait':
        return await wait(new Visit(scope, name, state, input));
      case 'Map':
        return await map(new Visit(scope, name, state, input));
      case 'Parallel':
        return await parallel(new Visit(scope, name, state, input));
      case 'Succeed':
        return { output: await new Visit(scope, name, state, input).leave(input), next: undefined };
      case 'Fail':
        return await fail(new Visit(scope, name, state, input));
    }
  } catch (error) {
    if (error instanceof Stopped && error.after !== undefined && ABORTABLE.has(state.Type)) {
      scope.trail.note(`${state.Type}StateAborted` as HistoryEventType, {}, error.after);
    }
    throw error;
  }
}

/** The types of states for which the service has an event that they were aborted: those that take time. */
const ABORTABLE = new Set(['Task', 'Wait', 'Map', 'Parallel']);

async function fail(visit: Visit<FailState>): Promise<never> {
  const { Error: error, Cause: cause } = visit.state;
  const text = async (field: 'Error' | 'Cause', template?: string): Promise<string | undefined> =>
    template === undefined ? undefined : ((await visit.evaluate(template, field, {}, 'string')) as string);
  throw new StatesError(await text('Error', error), await text('Cause', cause));
}
