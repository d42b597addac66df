import type { HistoryEvent } from '@aws-sdk/client-sfn';
import type { Clock, Random } from '../../../domain/world';
import { uuid } from '../uuid';
import { withLimit } from './abort';
import type { Json, JsonObject } from './definition';
import { errorDetails, StatesError, Stopped } from './errors';
import { serviceFunctions } from './functions';
import { History, Trail, whole } from './history';
import { integrationFinder } from './integrations';
import { payload } from './payload';
import type { Integration, Run } from './run';
import { runStates } from './states';
import { checkDefinition } from './validate';
import { Variables } from './variables';

export { DefinitionRefused, StatesError } from './errors';
export type { Integration } from './run';

export interface RunOptions {
  /** The state machine, as parsed JSON. It must not be changed afterwards: what is compiled of it is kept. */
  definition: object;
  /** The execution's input, as JSON. */
  input: unknown;
  /** `arn:aws:states:<region>:<account>:stateMachine:<name>`; region and account of the execution come from it. */
  stateMachineArn: string;
  /** The execution's name. @default a random UUID */
  name?: string;
  /** What each task Resource does; a key may have `*` for any text. A Resource takes its exact key first. */
  integrations: Record<string, Integration>;
  /** Wait, Retry intervals, time limits, the events' timestamps, `$now()` and `$millis()`. */
  clock: Clock;
  /** `$random()`, `$uuid()`, jitter. */
  random: Random;
  /** Is told each event as it is recorded. */
  onEvent?: (event: HistoryEvent) => void;
  /** Stops the execution when aborted, as StopExecution does; a StatesError as its reason gives error and cause. */
  signal?: AbortSignal;
}

/** What DescribeExecution and GetExecutionHistory would say at the end. */
export interface ExecutionResult {
  executionArn: string;
  status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  /** Only of an execution that succeeded. */
  output?: unknown;
  /** Only of one that failed or was aborted, and where there is one. */
  error?: string;
  cause?: string;
  events: HistoryEvent[];
  startDate: Date;
  stopDate: Date;
}

/**
 * Runs one execution of a state machine as Step Functions (Standard) would, to its end. When it returns, nothing of the
 * execution runs any more except integrations that do not heed their signal.
 * @throws DefinitionRefused before anything has run
 * @throws whatever an integration throws that is not a StatesError
 */
export async function execute(options: RunOptions): Promise<ExecutionResult> {
  const integrationFor = integrationFinder(options.integrations);
  const machine = checkDefinition(options.definition, (resource) => integrationFor(resource) !== undefined);
  const input = JSON.parse(JSON.stringify(options.input === undefined ? {} : options.input)) as Json;
  const { clock, random } = options;
  const startDate = new Date(clock.now());
  const identity = identify(options.stateMachineArn, options.name ?? uuid(random));
  const run: Run = {
    ...identity,
    clock,
    random,
    functions: serviceFunctions(clock, random),
    context: contextOf(identity, options.stateMachineArn, input, startDate),
    integrationFor: (resource) => integrationFor(resource) as Integration,
  };

  const history = new History(() => new Date(clock.now()), options.onEvent);
  const trail = new Trail(history, 0);
  const timeout = new Stopped();
  const abort = new AbortController();
  const onAbort = (): void => {
    abort.abort(new Stopped());
  };
  if (options.signal?.aborted) onAbort();
  options.signal?.addEventListener('abort', onAbort);

  let ending: Ending;
  try {
    // The first state follows event 0, not this one.
    trail.note('ExecutionStarted', {
      executionStartedEventDetails: {
        input: JSON.stringify(input),
        inputDetails: whole,
        roleArn: identity.roleArn,
      },
    });
    payload(input, identity.machineName);
    const output = await withLimit(clock, machine.TimeoutSeconds, timeout, abort.signal, (signal) =>
      runStates(machine, input, { run, trail, variables: new Variables(), signal }),
    );
    ending = { status: 'SUCCEEDED', output };
  } catch (error) {
    if (error === timeout) ending = { status: 'TIMED_OUT' };
    else if (error instanceof Stopped) ending = { status: 'ABORTED', ...errorDetails(options.signal?.reason) };
    else if (error instanceof StatesError) ending = { status: 'FAILED', ...errorDetails(error) };
    else throw error;
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
  }
  const stopDate = recordEnding(ending, trail);
  return { executionArn: run.executionArn, ...ending, events: history.events, startDate, stopDate };
}

type Ending = Pick<ExecutionResult, 'status' | 'output' | 'error' | 'cause'>;

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

type Identity = ReturnType<typeof identify>;

function identify(stateMachineArn: string, name: string) {
  const [, partition, , region = '', account = '', , machineName = ''] = stateMachineArn.split(':');
  return {
    name,
    region,
    machineName,
    executionArn: `arn:${partition}:states:${region}:${account}:execution:${machineName}:${name}`,
    roleArn: `arn:${partition}:iam::${account}:role/${machineName}`,
  };
}

function contextOf(identity: Identity, stateMachineArn: string, input: Json, startDate: Date): JsonObject {
  return {
    Execution: {
      Id: identity.executionArn,
      Input: input,
      StartTime: startDate.toISOString(),
      Name: identity.name,
      RoleArn: identity.roleArn,
      RedriveCount: 0,
    },
    StateMachine: { Id: stateMachineArn, Name: identity.machineName },
  };
}
