import { Duration } from 'aws-cdk-lib';
import {
  Choice,
  Condition,
  Errors,
  Map,
  Pass,
  ProvideItems,
  type RetryProps,
  type State,
  TaskInput,
  type TaskStateBase,
  Timeout,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import type { TaskFunction } from '../task-function';
import type { TaskFunctions } from '../task-functions';

/** What every phase of the workflow is built from. */
export interface PhaseContext {
  /** Where states are made. */
  readonly scope: Construct;
  readonly functions: TaskFunctions;
  /** Where a failed execution goes on: `Release site lock`. */
  readonly release: State;
}

/** A part of the procedure: makes its states, which go on at `next`, and returns its first one. */
export type Phase = (next: State) => State;

/** Chains phases, the last one going on at `end`. @returns the first one's first state */
export function inOrder(phases: readonly Phase[], end: State): State {
  return phases.reduceRight((next, phase) => phase(next), end);
}

/** Data flows in variables. A state's input is the execution's own, so that histories stay short. */
export const UNCHANGED = '{% $states.input %}';

/** What a task's function returned. */
export const RESULT = '{% $states.result.Payload %}';

/** Now, as expressions know it: the moment the state was entered, in milliseconds since 1970. */
export const NOW = '$toMillis($states.context.State.EnteredTime)';

/** `{site: '{% $site %}', …}`: these variables under their own names. */
export function variables<Name extends string>(...names: readonly Name[]): Record<Name, string> {
  return Object.fromEntries(names.map((name) => [name, `{% $${name} %}`])) as Record<Name, string>;
}

/** Whether Preflight found HAProxy disabled: then nothing behind the VIPs answers. */
export const HAPROXY_DISABLED = '"HAProxyDisabled" in $findings.name';

/** Sets a deadline variable when it is reached for the first time, to `seconds` from then. */
export function deadline(variable: string, seconds: number | string): Record<string, string> {
  return { [variable]: `{% $${variable} ? $${variable} : ${NOW} + ${seconds} * 1000 %}` };
}

/** Whether the time of a deadline variable is over; it is not where none was set. */
export function isOver(variable: string): string {
  return `($${variable} ? ${NOW} > $${variable} : false)`;
}

/**
 * Errors after which a task is simply tried again: Lambda's own, and what passes by itself on the way to the site. All
 * tasks are safe to repeat.
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html
 */
const TRANSIENT = [
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.ClientExecutionTimeoutException',
  'Lambda.TooManyRequestsException',
  'BastionUnreachable',
  'ControllerUnreachable',
  'SshConnectionLost',
  'KeystoneUnreachable',
  'OpenStackUnreachable',
  'OpenStackUnavailable',
];

/** How much longer than its function a task waits: what Lambda needs to start the function and to answer. */
const OVERHEAD = Duration.seconds(10);

/** What `invoke` needs. */
export interface Invocation {
  /** @default - its input */
  readonly payload?: Record<string, unknown>;
  /** Variables that it sets. */
  readonly assign?: Record<string, unknown>;
  /** @default - its input */
  readonly outputs?: string;
  /** @default - two more attempts after transient errors */
  readonly retry?: RetryProps;
  readonly comment?: string;
}

const AFTER_TRANSIENT: RetryProps = {
  errors: TRANSIENT,
  maxAttempts: 2,
  interval: Duration.seconds(2),
  backoffRate: 2,
};

/** A task that runs a function. */
export function invoke(scope: Construct, name: string, target: TaskFunction, options: Invocation): LambdaInvoke {
  const { payload, outputs = UNCHANGED, retry = AFTER_TRANSIENT, ...others } = options;
  const task = LambdaInvoke.jsonata(scope, name, {
    lambdaFunction: target,
    ...(payload ? { payload: TaskInput.fromObject(payload) } : {}),
    outputs,
    taskTimeout: Timeout.duration(target.limit.plus(OVERHEAD)),
    // CDK's own would try six times.
    retryOnServiceExceptions: false,
    ...others,
  });
  task.addRetry(retry);
  return task;
}

/** What `forEach` needs. */
export interface Repetition {
  /** Expression of the array. */
  readonly items: string;
  /** First state of what is done for each item, which is its input. */
  readonly first: State;
  /** @default - 40 at a time, as many as Step Functions does */
  readonly maxConcurrency?: number;
  readonly assign: Record<string, unknown>;
}

/** A Map: does something for each item, and shows each in the history. */
export function forEach(scope: Construct, name: string, { items, first, ...others }: Repetition): Map {
  return Map.jsonata(scope, name, { items: ProvideItems.jsonata(items), outputs: UNCHANGED, ...others }).itemProcessor(
    first,
  );
}

/** The first failure of the execution: a later one is a consequence, or matters less. */
const NOTED = '{% $failure ? $failure : $merge([$states.errorOutput, {"State": $states.context.State.Name}]) %}';

/** Whatever goes wrong in a state is noted, and the execution goes on at `next`. */
export function onFailure<T extends TaskStateBase | Map>(state: T, next: State, failure = NOTED): T {
  state.addCatch(next, { errors: [Errors.ALL], assign: { failure }, outputs: UNCHANGED });
  return state;
}

/** For a choice's rule: notes a failure that is no state's error. @param cause an expression */
export function failure(error: string, cause: string): { readonly failure: string } {
  return { failure: `{% $failure ? $failure : {"Error": "${error}", "Cause": ${cause}} %}` };
}

/**
 * An expression that gives the text of a cause. A function's error comes as JSON, of which only the message is for people;
 * whatever is not exactly of that form stays as it is, because $parse would fail on it, and with it the execution.
 *
 * @param cause an expression
 */
export function textOf(cause: string): string {
  const string = String.raw`"(?:[^\\"]|\\.)*"`;
  const trace = String.raw`\[(?:${string},?)*\]`;
  const form = String.raw`/^\{"errorType":${string},"errorMessage":${string}(?:,"trace":${trace})?\}$/`;
  return `($cause := "" & ${cause}; $contains($cause, ${form}) ? $parse($cause).errorMessage : $cause)`;
}

/** What `everywhere` needs. */
export interface Everywhere {
  readonly items: string;
  readonly task: TaskStateBase;
  /** The variable that gets the results. */
  readonly results: string;
}

/**
 * Runs a task for each item, side by side. Where one fails the others still end, before the failure of the first counts:
 * a Map that failed itself would stop waiting for them, and the lock would be released while they still write.
 */
export function everywhere(
  { scope, release }: PhaseContext,
  name: string,
  { items, task, results }: Everywhere,
): Phase {
  return (next) => {
    task.addCatch(Pass.jsonata(scope, `${name}: failed`, { comment: 'The others are waited for' }), {
      errors: [Errors.ALL],
      outputs: { failure: '{% $merge([$states.errorOutput, {"State": $states.context.State.Name}]) %}' },
    });
    const map = forEach(scope, name, {
      items,
      first: task,
      assign: {
        [results]: '{% [$states.result[$not($exists(failure))]] %}',
        failure: '{% $exists($states.result.failure) ? [$states.result.failure][0] : null %}',
      },
    });
    const decide: State = Choice.jsonata(scope, `${name}: everywhere?`)
      .when(Condition.jsonata('{% $failure = null %}'), next)
      .otherwise(release);
    onFailure(map, release).next(decide);
    return map;
  };
}
