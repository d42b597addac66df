import type { HistoryEventType } from '@aws-sdk/client-sfn';
import { orAborted, withLimit } from '../abort';
import type { Json, TaskState } from '../definition';
import { errorDetails, StatesError } from '../errors';
import { whole, type EventDetails } from '../history';
import { payload } from '../payload';
import { withRecovery } from '../recovery';
import type { Step, Visit } from '../visit';

const MAX_SECONDS = 99_999_999;

/**
 * Calls the integration of the state's Resource. HeartbeatSeconds is recorded and goes no further: only activities and
 * tasks with a token send heartbeats.
 */
export function task(visit: Visit<TaskState>): Promise<Step> {
  return withRecovery(visit, async () => {
    const { state } = visit;
    const args = payload(await visit.arguments(), visit.name);
    const result = await call(visit, args);
    return { output: await visit.leave(result, state, '', { result }), next: state.Next };
  });
}

async function call(visit: Visit<TaskState>, args: string): Promise<Json> {
  const { scope, name, state } = visit;
  const { run, trail } = scope;
  const timeoutSeconds = await visit.wholeNumber('TimeoutSeconds', 1, MAX_SECONDS);
  const heartbeatInSeconds = await visit.wholeNumber('HeartbeatSeconds', 1, MAX_SECONDS);
  const limits = {
    ...(timeoutSeconds !== undefined && { timeoutInSeconds: timeoutSeconds }),
    ...(heartbeatInSeconds !== undefined && { heartbeatInSeconds }),
  };
  const events = eventsOf(state.Resource, run.region);
  trail.add(...events.scheduled(args, limits));
  trail.add(...events.started());

  const timeout = new StatesError('States.Timeout');
  try {
    const answer = await withLimit(run.clock, timeoutSeconds, timeout, scope.signal, (signal) => {
      const context = { stateName: name, executionArn: run.executionArn, signal };
      const work = run.integrationFor(state.Resource)(JSON.parse(args), {
        ...context,
        ...(timeoutSeconds !== undefined && { timeoutSeconds }),
      });
      return orAborted(work, signal);
    });
    const json = payload(asJson(answer), events.subject);
    trail.add(...events.succeeded(json));
    return JSON.parse(json) as Json;
  } catch (error) {
    if (error instanceof StatesError) {
      trail.add(...(error === timeout ? events.timedOut(error) : events.failed(error)));
    }
    throw error;
  }
}

/** What is left of a value when it goes through JSON; null for nothing. */
function asJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value ?? null)) as Json;
}

type Event = [HistoryEventType, EventDetails];

/** The events of one call, in the shape that the kind of Resource has. */
interface TaskEvents {
  /** How the service's own messages name the task. */
  subject: string;
  scheduled(args: string, limits: { timeoutInSeconds?: number; heartbeatInSeconds?: number }): Event;
  started(): Event;
  succeeded(output: string): Event;
  failed(error: StatesError): Event;
  timedOut(error: StatesError): Event;
}

function eventsOf(resource: string, region: string): TaskEvents {
  const integration = /^arn:[\w-]+:states:::(.+):(\w+)$/.exec(resource);
  return integration === null
    ? functionEvents(resource)
    : integrationEvents({ resourceType: integration[1], resource: integration[2] }, region);
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
    succeeded: (output) => [
      'LambdaFunctionSucceeded',
      { lambdaFunctionSucceededEventDetails: { output, outputDetails: whole } },
    ],
    failed: (error) => ['LambdaFunctionFailed', { lambdaFunctionFailedEventDetails: errorDetails(error) }],
    timedOut: (error) => ['LambdaFunctionTimedOut', { lambdaFunctionTimedOutEventDetails: errorDetails(error) }],
  };
}

function integrationEvents(
  kind: { resourceType: string | undefined; resource: string | undefined },
  region: string,
): TaskEvents {
  return {
    subject: String(kind.resourceType),
    scheduled: (parameters, limits) => [
      'TaskScheduled',
      { taskScheduledEventDetails: { ...kind, region, parameters, ...limits } },
    ],
    started: () => ['TaskStarted', { taskStartedEventDetails: kind }],
    succeeded: (output) => ['TaskSucceeded', { taskSucceededEventDetails: { ...kind, output, outputDetails: whole } }],
    failed: (error) => ['TaskFailed', { taskFailedEventDetails: { ...kind, ...errorDetails(error) } }],
    timedOut: (error) => ['TaskTimedOut', { taskTimedOutEventDetails: { ...kind, ...errorDetails(error) } }],
  };
}
