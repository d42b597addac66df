import type { HistoryEvent } from '@aws-sdk/client-sfn';
import type { Clock, Random } from '../../../domain/world';
import { inside, withLimit } from './abort';
import type { ExecutionType, Json, JsonObject, StateMachine } from './definition';
import { errorDetails, StatesError, Stopped } from './errors';
import { serviceFunctions } from './functions';
import { History, MAX_EVENTS, Trail, whole } from './history';
import { integrationFinder } from './integrations';
import { payload } from './payload';
import type { ExecutionResult, Integration, Run, Service } from './run';
import { runStates } from './states';
import { checkDefinition } from './validate';
import { Variables } from './variables';

export { DefinitionRefused, StatesError } from './errors';
export type { Child, ChildDescription, ChildOptions, ExecutionResult, Integration, Service, TaskCall } from './run';
export type { ExecutionType, Json } from './definition';
export { TaskTokens } from './task-tokens';

export interface PrepareOptions {
  /** What each task Resource does; a key may have `*` for any text. A Resource takes its exact key first. */
  readonly integrations: Readonly<Record<string, Integration>>;
  /** @default STANDARD */
  readonly type?: ExecutionType;
}

/** A state machine that can be run: what CreateStateMachine would accept. */
export interface Runnable {
  readonly machine: StateMachine;
  readonly type: ExecutionType;
  integrationFor(resource: string): Integration;
}

/** As what type each definition was accepted: many deployments on one machine share them. */
const accepted = new WeakMap<object, ExecutionType>();

/**
 * Checks a definition, once. It must not be changed afterwards: what is compiled of it is kept.
 * @param definition as parsed JSON; whoever prepares it again does so with integrations for the same resources
 * @throws DefinitionRefused
 */
export function prepare(definition: object, { integrations, type = 'STANDARD' }: PrepareOptions): Runnable {
  const integrationFor = integrationFinder(integrations);
  if (accepted.get(definition) !== type) {
    checkDefinition(definition, { type, isKnown: (resource) => integrationFor(resource) !== undefined });
    accepted.set(definition, type);
  }
  return {
    machine: definition as StateMachine,
    type,
    integrationFor: (resource) => integrationFor(resource) as Integration,
  };
}

/** What an execution is known by. */
export interface Identity {
  readonly executionArn: string;
  /** The execution's own. */
  readonly name: string;
  readonly stateMachineArn: string;
  readonly roleArn: string;
}

export interface RunOptions extends Identity {
  readonly runnable: Runnable;
  /** The execution's input, as JSON. */
  readonly input: Json;
  /** Wait, Retry intervals, time limits, the events' timestamps, `$now()` and `$millis()`. */
  readonly clock: Clock;
  /** `$random()`, `$uuid()`, jitter. */
  readonly random: Random;
  readonly service: Service;
  /** Is told each event as it is recorded. */
  readonly onEvent?: (event: HistoryEvent) => void;
  /** Stops the execution when aborted, as StopExecution does; a StatesError as its reason gives error and cause. */
  readonly signal: AbortSignal;
}

/** How long an execution of type EXPRESS can last, in seconds. */
const EXPRESS_LIMIT = 300;

/**
 * Runs one execution of a state machine as Step Functions would, to its end. When it returns, nothing of the execution
 * runs any more except integrations that do not heed their signal.
 * @throws any error of an integration that is not a StatesError
 */
export async function execute(options: RunOptions): Promise<ExecutionResult> {
  const { runnable, input, clock, onEvent } = options;
  const { machine, type } = runnable;
  const startDate = new Date(clock.now());
  const run = runOf(options, startDate);
  const history = new History(() => new Date(clock.now()), onEvent, type === 'STANDARD' ? MAX_EVENTS : Infinity);
  const trail = new Trail(history, 0);
  const limit =
    type === 'STANDARD' ? machine.TimeoutSeconds : Math.min(machine.TimeoutSeconds ?? Infinity, EXPRESS_LIMIT);
  const timeout = new Stopped();
  const stop = inside(options.signal, () => new Stopped());
  let ending: Ending;
  try {
    recordStart(options, trail);
    const output = await withLimit(
      clock,
      limit,
      () => timeout,
      stop.signal,
      (signal) => runStates(machine, input, { run, trail, variables: new Variables(), signal }),
    );
    ending = { status: 'SUCCEEDED', output };
  } catch (error) {
    ending = endingOf(error, timeout, options.signal);
  } finally {
    stop.release();
  }
  const stopDate = recordEnding(ending, trail);
  return { executionArn: run.executionArn, ...ending, events: history.events, startDate, stopDate };
}

function runOf({ runnable, clock, random, service, ...options }: RunOptions, startDate: Date): Run {
  const { executionArn, stateMachineArn } = options;
  return {
    executionArn,
    stateMachineArn,
    region: stateMachineArn.split(':')[3] ?? '',
    clock,
    random,
    service,
    functions: serviceFunctions(clock, random),
    context: contextOf(options, options.input, startDate),
    integrationFor: (resource) => runnable.integrationFor(resource),
  };
}

function recordStart({ input, stateMachineArn, roleArn }: RunOptions, trail: Trail): void {
  // The first state follows event 0, not this one.
  trail.note('ExecutionStarted', {
    executionStartedEventDetails: { input: JSON.stringify(input), inputDetails: whole, roleArn },
  });
  payload(input, nameOf(stateMachineArn));
}

type Ending = Pick<ExecutionResult, 'status' | 'output' | 'error' | 'cause'>;

function endingOf(error: unknown, timeout: Stopped, signal: AbortSignal): Ending {
  if (error === timeout) return { status: 'TIMED_OUT' };
  if (error instanceof Stopped) return { status: 'ABORTED', ...errorDetails(signal.reason) };
  if (error instanceof StatesError) return { status: 'FAILED', ...errorDetails(error) };
  throw error;
}

/** Appends the last event; gives its time. */
function recordEnding({ status, output, ...told }: Ending, { history, previous }: Trail): Date {
  switch (status) {
    case 'SUCCEEDED': {
      const executionSucceededEventDetails = { output: JSON.stringify(output), outputDetails: whole };
      return history.end('ExecutionSucceeded', { executionSucceededEventDetails }, previous);
    }
    case 'FAILED':
      return history.end('ExecutionFailed', { executionFailedEventDetails: told }, previous);
    case 'ABORTED':
      return history.end('ExecutionAborted', { executionAbortedEventDetails: told }, 0);
    case 'TIMED_OUT':
      return history.end('ExecutionTimedOut', { executionTimedOutEventDetails: { error: 'States.Timeout' } }, 0);
  }
}

/** The name of a state machine, from its ARN. */
function nameOf(stateMachineArn: string): string {
  return stateMachineArn.split(':').at(-1) ?? '';
}

function contextOf(identity: Identity, input: Json, startDate: Date): JsonObject {
  const { executionArn, name, roleArn, stateMachineArn } = identity;
  return {
    Execution: {
      Id: executionArn,
      Input: input,
      StartTime: startDate.toISOString(),
      Name: name,
      RoleArn: roleArn,
      RedriveCount: 0,
    },
    StateMachine: { Id: stateMachineArn, Name: nameOf(stateMachineArn) },
  };
}
