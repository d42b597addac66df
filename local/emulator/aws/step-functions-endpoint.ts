import type {
  DescribeExecutionInput,
  DescribeExecutionOutput,
  GetExecutionHistoryInput,
  ListExecutionsInput,
  ListStateMachinesInput,
  SendTaskFailureInput,
  SendTaskSuccessInput,
  StartExecutionInput,
} from '@aws-sdk/client-sfn';
import { ServiceError } from '../service-error';
import type { HttpServer } from './http-server';
import type { AuthorizeArn } from './s3-endpoint';
import { jsonServer } from './json-server';
import type { StepFunctions } from './step-functions';

/** As many items as a page has if nobody says how many; most at the same time. */
const PAGE = 100;
const LARGEST_PAGE = 1000;

/**
 * An endpoint on loopback that speaks as much of Step Functions' API (JSON 1.0) as operators use: executions are started,
 * described and listed, their histories read, page by page, and tasks that wait answered.
 *
 * @param authorize what each caller may do @default everything
 */
export function stepFunctionsEndpoint(of: () => StepFunctions, authorize: AuthorizeArn = () => true): HttpServer {
  const actions: Readonly<Record<string, (input: never) => unknown>> = {
    StartExecution: ({ stateMachineArn = '', name, input }: StartExecutionInput) => {
      const execution = of().startExecution(stateMachineArn, { name, input: parsed(input) });
      const { executionArn, startDate } = execution.describe();
      return { executionArn, startDate };
    },
    DescribeExecution: ({ executionArn = '' }: DescribeExecutionInput) => of().describeExecution(executionArn),
    GetExecutionHistory: (input: GetExecutionHistoryInput) => {
      const events = [...of().getExecutionHistory(input.executionArn ?? '')];
      const { items, ...next } = page(input.reverseOrder ? events.reverse() : events, input);
      return { events: items, ...next };
    },
    ListExecutions: ({ stateMachineArn: machine = '', statusFilter, ...input }: ListExecutionsInput) => {
      const { items, ...next } = page(of().listExecutions({ machine }, statusFilter), input);
      return { executions: items.map(listed), ...next };
    },
    SendTaskSuccess: ({ taskToken = '', output = '' }: SendTaskSuccessInput) => {
      of().tokens.sendTaskSuccess(taskToken, output);
      return {};
    },
    SendTaskFailure: ({ taskToken = '', error, cause }: SendTaskFailureInput) => {
      of().tokens.sendTaskFailure(taskToken, error, cause);
      return {};
    },
    ListStateMachines: (input: ListStateMachinesInput) => {
      const { items, ...next } = page(of().listStateMachines(), input);
      return { stateMachines: items, ...next };
    },
  };
  return jsonServer('1.0', (caller, action, body) => {
    const perform = Object.hasOwn(actions, action) ? actions[action] : undefined;
    if (!perform) throw new ServiceError('UnknownOperationException', `${action} is not simulated`);
    const { executionArn, stateMachineArn } = body as { executionArn?: string; stateMachineArn?: string };
    const resource = executionArn ?? stateMachineArn ?? '*';
    if (!authorize(caller, `states:${action}`, resource)) {
      const message = `User: ${caller} is not authorized to perform: states:${action} on resource: ${resource}`;
      throw new ServiceError('AccessDeniedException', message);
    }
    return inSeconds(perform(body as never));
  });
}

/** @throws ServiceError InvalidExecutionInput */
function parsed(input = '{}'): unknown {
  try {
    return JSON.parse(input) as unknown;
  } catch {
    throw new ServiceError('InvalidExecutionInput', 'Invalid State Machine Execution Input');
  }
}

type Paged = Pick<ListStateMachinesInput, 'maxResults' | 'nextToken'>;

/** @throws ServiceError InvalidToken */
function page<T>(all: readonly T[], { maxResults, nextToken }: Paged) {
  const start = nextToken === undefined ? 0 : Number(nextToken);
  if (!Number.isInteger(start)) throw new ServiceError('InvalidToken', `Invalid Token: '${nextToken ?? ''}'`);
  const end = start + Math.min(maxResults ?? PAGE, LARGEST_PAGE);
  return { items: all.slice(start, end), ...(end < all.length && { nextToken: String(end) }) };
}

function listed(description: DescribeExecutionOutput): Partial<DescribeExecutionOutput> {
  const { executionArn, stateMachineArn, name, status, startDate, stopDate } = description;
  return { executionArn, stateMachineArn, name, status, startDate, ...(stopDate && { stopDate }) };
}

/** Times in this protocol are seconds since 1970. */
function inSeconds(value: unknown): unknown {
  if (value instanceof Date) return value.getTime() / 1000;
  if (Array.isArray(value)) return value.map(inSeconds);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inSeconds(one)]));
}
