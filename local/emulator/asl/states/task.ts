import type { HistoryEventType } from '@aws-sdk/client-sfn';
import { orAborted, withLimit } from '../abort';
import type { Json, TaskState } from '../definition';
import { errorDetails, HeartbeatMissed, StatesError } from '../errors';
import { whole, type EventDetails } from '../history';
import { payload } from '../payload';
import { withRecovery } from '../recovery';
import { type Resource, resourceOf } from '../resource';
import type { PendingTask } from '../task-tokens';
import type { Step, Visit } from '../visit';

const MAX_SECONDS = 99_999_999;

/** Calls the integration of the state's Resource; with a token, waits then until that is answered. */
export function task(visit: Visit<TaskState>): Promise<Step> {
  const { state, context, scope } = visit;
  const resource = resourceOf(state.Resource);
  return withRecovery(visit, async () => {
    const pending = resource.isCallback ? scope.run.service.tokens.issue() : undefined;
    try {
      const own = pending ? { context: { ...context, Task: { Token: pending.token } } } : {};
      const args = payload(await visit.arguments(own), visit.name);
      const result = await perform(visit, resource, args, pending);
      return { output: await visit.leave(result, state, '', { result }), next: state.Next };
    } finally {
      pending?.close();
    }
  });
}

interface Limits {
  timeoutInSeconds?: number;
  heartbeatInSeconds?: number;
}

async function limitsOf(visit: Visit<TaskState>): Promise<Limits> {
  const timeoutInSeconds = await visit.wholeNumber('TimeoutSeconds', 1, MAX_SECONDS);
  const heartbeatInSeconds = await visit.wholeNumber('HeartbeatSeconds', 1, MAX_SECONDS);
  return {
    ...(timeoutInSeconds !== undefined && { timeoutInSeconds }),
    ...(heartbeatInSeconds !== undefined && { heartbeatInSeconds }),
  };
}

/** The task between its first and its last event. */
async function perform(
  visit: Visit<TaskState>,
  resource: Resource,
  args: string,
  pending: PendingTask | undefined,
): Promise<Json> {
  const { run, trail, signal } = visit.scope;
  const limits = await limitsOf(visit);
  const events = eventsOf(resource, run.region);
  trail.add(...events.scheduled(args, limits));
  trail.add(...events.started());

  let timeout: StatesError | undefined;
  const late = () => (timeout = new StatesError('States.Timeout'));
  try {
    const answer = await withLimit(run.clock, limits.timeoutInSeconds, late, signal, (inner) =>
      call(visit, { resource, events, args, limits, pending, signal: inner }),
    );
    const json = payload(answer, events.subject);
    trail.add(...events.succeeded(json));
    return JSON.parse(json) as Json;
  } catch (error) {
    if (error instanceof StatesError) {
      const isLate = error === timeout || error instanceof HeartbeatMissed;
      trail.add(...(isLate ? events.timedOut(error) : events.failed(error)));
    }
    throw error;
  }
}

interface Call {
  resource: Resource;
  events: TaskEvents;
  args: string;
  limits: Limits;
  pending: PendingTask | undefined;
  signal: AbortSignal;
}

async function call(
  { name, scope }: Visit<TaskState>,
  { resource, events, args, limits, pending, signal }: Call,
): Promise<unknown> {
  const { run, trail } = scope;
  const submitted = (output: unknown) => {
    if (!signal.aborted) trail.add(...events.submitted(payload(output, events.subject)));
  };
  const { timeoutInSeconds: timeoutSeconds } = limits;
  const work = run.integrationFor(resource.call)(JSON.parse(args), {
    stateName: name,
    executionArn: run.executionArn,
    stateMachineArn: run.stateMachineArn,
    ...(timeoutSeconds !== undefined && { timeoutSeconds }),
    signal,
    submitted,
  });
  const answer = await orAborted(work, signal);
  if (!pending) return answer;
  submitted(answer);
  // Heartbeats are due only from now on, not while the call is under way.
  return orAborted(pending.outcome(limits.heartbeatInSeconds), signal);
}

type Event = [HistoryEventType, EventDetails];

/** The events of one call, in the shape that the kind of Resource has. */
interface TaskEvents {
  /** How the service's own messages name the task. */
  subject: string;
  scheduled(args: string, limits: Limits): Event;
  started(): Event;
  submitted(output: string): Event;
  succeeded(output: string): Event;
  failed(error: StatesError): Event;
  timedOut(error: StatesError): Event;
}

function eventsOf({ resourceType, resource }: Resource, region: string): TaskEvents {
  return resourceType === undefined ? functionEvents(resource) : integrationEvents({ resourceType, resource }, region);
}

function functionEvents(resource: string): TaskEvents {
  return {
    subject: resource,
    scheduled: (input, { timeoutInSeconds }) => [
      'LambdaFunctionScheduled',
      {
        lambdaFunctionScheduledEventDetails: {
          resource,
          input,
          inputDetails: whole,
          ...(timeoutInSeconds !== undefined && { timeoutInSeconds }),
        },
      },
    ],
    started: () => ['LambdaFunctionStarted', {}],
    submitted: () => {
      throw new Error('A function that is called by its ARN submits nothing');
    },
    succeeded: (output) => [
      'LambdaFunctionSucceeded',
      { lambdaFunctionSucceededEventDetails: { output, outputDetails: whole } },
    ],
    failed: (error) => ['LambdaFunctionFailed', { lambdaFunctionFailedEventDetails: errorDetails(error) }],
    timedOut: (error) => ['LambdaFunctionTimedOut', { lambdaFunctionTimedOutEventDetails: errorDetails(error) }],
  };
}

function integrationEvents(kind: { resourceType: string; resource: string }, region: string): TaskEvents {
  return {
    subject: kind.resourceType,
    scheduled: (parameters, limits) => [
      'TaskScheduled',
      { taskScheduledEventDetails: { ...kind, region, parameters, ...limits } },
    ],
    started: () => ['TaskStarted', { taskStartedEventDetails: kind }],
    submitted: (output) => ['TaskSubmitted', { taskSubmittedEventDetails: { ...kind, output, outputDetails: whole } }],
    succeeded: (output) => ['TaskSucceeded', { taskSucceededEventDetails: { ...kind, output, outputDetails: whole } }],
    failed: (error) => ['TaskFailed', { taskFailedEventDetails: { ...kind, ...errorDetails(error) } }],
    timedOut: (error) => ['TaskTimedOut', { taskTimedOutEventDetails: { ...kind, ...errorDetails(error) } }],
  };
}
