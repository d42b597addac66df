import type { Random } from '../../../../domain/world';
import type { Integration } from '../../asl';
import type { LocalTable } from '../dynamodb';
import type { EventBus } from '../event-bus';
import type { Functions } from '../functions';
import { allows } from '../iam';
import type { Buckets } from '../s3';
import type { Topics } from '../sns';
import type { StepFunctions } from '../step-functions';
import type { Machine } from '../template';
import { DYNAMODB, DYNAMODB_SDK, item, type ItemAction } from './dynamodb';
import { invoke, LAMBDA } from './lambda';
import { EVENTS, publish, putEvents, SNS } from './messages';
import { getObject, headObject, listObjectsV2, putObject, S3 } from './s3';
import { type Action, type Caller, integration, type ServiceNames } from './service';
import * as states from './step-functions';

/** The services that tasks call. */
export interface Services {
  readonly functions: Functions;
  readonly tables: ReadonlyMap<string, LocalTable>;
  readonly buckets: Buckets;
  readonly topics: Topics;
  readonly bus: EventBus;
  readonly stepFunctions: StepFunctions;
  readonly random: Random;
  /** Is told the name of each function that a task invokes. */
  readonly onInvoke: (name: string) => void;
}

/** All that the tasks of a machine can call, as far as its role allows it. */
export function integrations(services: Services, { roleArn, statements }: Machine): Record<string, Integration> {
  const caller: Caller = { roleArn, may: ({ action, resource }) => allows(statements, action, resource) };
  const of = <Args>(names: ServiceNames, action: Action<Args>) => integration(names, action, caller, services.random);
  const { functions, tables, buckets, topics, bus, stepFunctions, onInvoke } = services;
  const items: ItemAction[] = ['putItem', 'getItem', 'updateItem', 'deleteItem'];
  const all: Record<string, Integration> = {
    'lambda:invoke': of(LAMBDA, invoke(functions, onInvoke)),
    ...Object.fromEntries(items.map((action) => [`dynamodb:${action}`, of(DYNAMODB, item(action, tables))])),
    'aws-sdk:dynamodb:putItem': of(DYNAMODB_SDK, item('putItem', tables)),
    'sns:publish': of(SNS, publish(topics)),
    'events:putEvents': of(EVENTS, putEvents(bus)),
    'aws-sdk:s3:getObject': of(S3, getObject(buckets)),
    'aws-sdk:s3:headObject': of(S3, headObject(buckets)),
    'aws-sdk:s3:putObject': of(S3, putObject(buckets)),
    'aws-sdk:s3:listObjectsV2': of(S3, listObjectsV2(buckets)),
    'states:startExecution': of(states.STATES, states.startExecution(stepFunctions, states.inMilliseconds)),
    'states:startExecution.sync': of(states.STATES, states.runExecution(stepFunctions, 1)),
    'states:startExecution.sync:2': of(states.STATES, states.runExecution(stepFunctions, 2)),
    'aws-sdk:sfn:startExecution': of(states.SFN, states.startExecution(stepFunctions, states.inIso)),
    'aws-sdk:sfn:startSyncExecution': of(states.SFN, states.startSyncExecution(stepFunctions)),
    'aws-sdk:sfn:describeExecution': of(states.SFN, states.describeExecution(stepFunctions)),
    'aws-sdk:sfn:stopExecution': of(states.SFN, states.stopExecution(stepFunctions)),
    'aws-sdk:sfn:listExecutions': of(states.SFN, states.listExecutions(stepFunctions)),
    'aws-sdk:sfn:sendTaskSuccess': of(states.SFN, states.sendTask(stepFunctions, 'Success')),
    'aws-sdk:sfn:sendTaskFailure': of(states.SFN, states.sendTask(stepFunctions, 'Failure')),
    'aws-sdk:sfn:sendTaskHeartbeat': of(states.SFN, states.sendTask(stepFunctions, 'Heartbeat')),
  };
  return Object.fromEntries(Object.entries(all).map(([name, one]) => [`arn:aws:states:::${name}`, one]));
}
