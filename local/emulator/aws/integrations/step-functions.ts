import type { DescribeExecutionOutput, ExecutionStatus } from '@aws-sdk/client-sfn';
import { StatesError, type TaskCall } from '../../asl';
import { ServiceError } from '../../service-error';
import type { Execution } from '../execution';
import { ACCOUNT, REGION } from '../intrinsics';
import { inPascalCase } from '../pascal-case';
import type { StepFunctions } from '../step-functions';
import type { Action, Permission, ServiceNames } from './service';

const MODELLED = [
  ...['ExecutionAlreadyExists', 'ExecutionDoesNotExist', 'InvalidArn', 'InvalidExecutionInput', 'InvalidName'],
  ...['InvalidOutput', 'InvalidToken', 'StateMachineDoesNotExist', 'StateMachineTypeNotSupported', 'TaskTimedOut'],
];

/** `states:…` */
export const STATES: ServiceNames = {
  prefix: 'StepFunctions',
  generic: 'AWSStepFunctionsException',
  modelled: MODELLED,
  sdk: { version: 1, name: 'AWSStepFunctions' },
};

/** `aws-sdk:sfn:…` */
export const SFN: ServiceNames = {
  prefix: 'Sfn',
  generic: 'SfnException',
  modelled: MODELLED,
  sdk: { version: 2, name: 'Sfn' },
};

interface Start {
  readonly StateMachineArn: string;
  /** JSON, or a value that is written as JSON. */
  readonly Input?: unknown;
  readonly Name?: string;
}

/** `states:startExecution`, which tells dates in milliseconds; and `aws-sdk:sfn:startExecution`. */
export function startExecution(stepFunctions: StepFunctions, date: DateForm): Action<Start> {
  return {
    needs: ({ StateMachineArn }) => [{ action: 'states:StartExecution', resource: StateMachineArn }],
    run: (args) => started(start(stepFunctions, args), date),
  };
}

/** `states:startExecution.sync`, and `.sync:2`, whose result has the input and the output as JSON. */
export function runExecution(stepFunctions: StepFunctions, version: 1 | 2): Action<Start> {
  return {
    needs: ({ StateMachineArn }) => jobPermissions(StateMachineArn),
    run: async (args, call) => {
      const execution = start(stepFunctions, args);
      call.submitted(started(execution, inMilliseconds));
      await ended(execution, call);
      const { redriveCount, redriveStatus, redriveStatusReason, ...description } = execution.describe();
      const described = inPascalCase(description, inMilliseconds);
      if (description.status !== 'SUCCEEDED') throw new StatesError('States.TaskFailed', JSON.stringify(described));
      if (version === 1) return described;
      const [input, output] = [description.input, description.output].map((json): unknown =>
        JSON.parse(json ?? 'null'),
      );
      return { ...described, Input: input, Output: output };
    },
  };
}

/** `aws-sdk:sfn:startSyncExecution`. The task succeeds whichever way the execution ends. */
export function startSyncExecution(stepFunctions: StepFunctions): Action<Start> {
  return {
    needs: ({ StateMachineArn }) => [{ action: 'states:StartSyncExecution', resource: StateMachineArn }],
    run: async ({ StateMachineArn, Input, Name }) => {
      const execution = await stepFunctions.startSyncExecution(StateMachineArn, { input: inputOf(Input), name: Name });
      const description = execution.describe();
      const { startDate, stopDate } = description;
      const ms = (stopDate?.getTime() ?? 0) - (startDate?.getTime() ?? 0);
      const billingDetails = { billedDurationInMilliseconds: Math.ceil(ms / 100) * 100, billedMemoryUsedInMB: 64 };
      return inPascalCase({ ...description, billingDetails, outputDetails: { included: true } }, inIso);
    },
  };
}

interface OfExecution {
  readonly ExecutionArn: string;
}

/** `aws-sdk:sfn:describeExecution`. */
export function describeExecution(stepFunctions: StepFunctions): Action<OfExecution> {
  return {
    needs: ({ ExecutionArn }) => [{ action: 'states:DescribeExecution', resource: ExecutionArn }],
    run: ({ ExecutionArn }) => inPascalCase(stepFunctions.describeExecution(ExecutionArn), inIso),
  };
}

interface Stop extends OfExecution {
  readonly Error?: string;
  readonly Cause?: string;
}

/** `aws-sdk:sfn:stopExecution`. */
export function stopExecution(stepFunctions: StepFunctions): Action<Stop> {
  return {
    needs: ({ ExecutionArn }) => [{ action: 'states:StopExecution', resource: ExecutionArn }],
    run: async ({ ExecutionArn, Error: error, Cause: cause }) => {
      const execution = stepFunctions.stopExecution(ExecutionArn, error, cause);
      const { stopDate } = await execution.result;
      return inPascalCase({ stopDate }, inIso);
    },
  };
}

interface List {
  readonly StateMachineArn: string;
  readonly StatusFilter?: ExecutionStatus;
}

/** `aws-sdk:sfn:listExecutions`, all on one page. */
export function listExecutions(stepFunctions: StepFunctions): Action<List> {
  return {
    needs: ({ StateMachineArn }) => [{ action: 'states:ListExecutions', resource: StateMachineArn }],
    run: ({ StateMachineArn, StatusFilter }) => ({
      Executions: stepFunctions
        .listExecutions({ machine: StateMachineArn }, StatusFilter)
        .map(({ executionArn, name, startDate, stateMachineArn, status, stopDate }) =>
          inPascalCase({ executionArn, name, startDate, stateMachineArn, status, stopDate }, inIso),
        ),
    }),
  };
}

interface Answer {
  readonly TaskToken: string;
  /** JSON, or a value that is written as JSON. */
  readonly Output?: unknown;
  readonly Error?: string;
  readonly Cause?: string;
}

/** `aws-sdk:sfn:sendTaskSuccess`, `sendTaskFailure`, `sendTaskHeartbeat`. */
export function sendTask({ tokens }: StepFunctions, what: 'Success' | 'Failure' | 'Heartbeat'): Action<Answer> {
  return {
    needs: () => [{ action: `states:SendTask${what}`, resource: '*' }],
    run: ({ TaskToken, Output, Error: error, Cause: cause }) => {
      if (what === 'Heartbeat') tokens.sendTaskHeartbeat(TaskToken);
      else if (what === 'Failure') tokens.sendTaskFailure(TaskToken, error, cause);
      else tokens.sendTaskSuccess(TaskToken, typeof Output === 'string' ? Output : JSON.stringify(Output));
      return {};
    },
  };
}

/** How a date is written into a result. */
type DateForm = (date: Date) => unknown;
export const inIso: DateForm = (date) => date.toISOString();
export const inMilliseconds: DateForm = (date) => date.getTime();

function start(stepFunctions: StepFunctions, { StateMachineArn, Input, Name }: Start): Execution {
  return stepFunctions.startExecution(StateMachineArn, { input: inputOf(Input), name: Name });
}

function started(execution: Execution, date: DateForm): object {
  const { executionArn, startDate }: DescribeExecutionOutput = execution.describe();
  return inPascalCase({ executionArn, startDate }, date);
}

/** Waits for its end, or ends it when nobody waits any more. */
async function ended(execution: Execution, { signal }: TaskCall): Promise<void> {
  const stop = () => {
    execution.stop();
  };
  signal.addEventListener('abort', stop);
  try {
    await execution.result;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function inputOf(input: unknown): unknown {
  if (typeof input !== 'string') return input ?? {};
  try {
    return JSON.parse(input);
  } catch {
    const message = `Invalid State Machine Execution Input: '${input}'`;
    throw new ServiceError('InvalidExecutionInput', message);
  }
}

/** What a machine needs to wait for an execution of another: the service asks for more than to start it. */
function jobPermissions(machineArn: string): Permission[] {
  const executions = `${machineArn.replace(':stateMachine:', ':execution:')}:*`;
  const rule = `arn:aws:events:${REGION}:${ACCOUNT}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule`;
  return [
    { action: 'states:StartExecution', resource: machineArn },
    ...['states:DescribeExecution', 'states:StopExecution'].map((action) => ({ action, resource: executions })),
    ...['events:PutTargets', 'events:PutRule', 'events:DescribeRule'].map((action) => ({ action, resource: rule })),
  ];
}
