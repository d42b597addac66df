import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import {
  Choice,
  Condition,
  CustomState,
  Errors,
  Fail,
  Map,
  Pass,
  ProvideItems,
  type State,
  Succeed,
  TaskInput,
  Timeout,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import { EXECUTION, jsonata, NOW, text, variable } from '../../states/expression';
import { UNCHANGED } from '../../states/kit';
import { UNTIL_ANSWERED } from '../../states/retries';
import { bounded } from '../../states/time-limit';

/** What it is made from. */
export interface Sweep {
  /** ARN of the machine whose executions are recorded. */
  readonly siteMachine: string;
  /** The function that writes a record, once, of an execution that has ended. */
  readonly archive: IFunction;
  /** So long its event is tried to be delivered and handled: only after that a record is missing. */
  readonly patience: Duration;
}

/** Executions that began before are left: a sweep a day has seen them twice. */
const DAYS = 3;
/** Each page must fit into a state's payload: 0.4 KB an execution, of 256. */
const PAGE = 200;
/** GetExecutionHistory may be called 20 times a second, and the events of executions that end now come first. */
const AT_A_TIME = 5;
/** A sweep that lasts longer is ended by the next day's. */
const LONGEST = Duration.hours(20);

const [from, until, token, failed] = [
  variable<number>('from'),
  variable<number>('until'),
  variable<string | null>('token'),
  variable<number>('failed'),
];
const result = variable<{ readonly Executions: never; readonly NextToken: string }>('states.result');

/**
 * The procedure: Begin → List executions → Each → Archive … → the next page, until all that began in the last three days are seen. Those that
 * have a record are left as they are by the function itself. It fails in the end if one could not be recorded.
 */
export function procedure(scope: Construct, { siteMachine, archive, patience }: Sweep): State {
  const begin = Pass.jsonata(scope, 'Begin', {
    assign: {
      from: jsonata`${NOW} - ${Duration.days(DAYS).toMilliseconds()}`.template,
      until: jsonata`${NOW} - ${patience.toMilliseconds()}`.template,
      token: null,
      failed: 0,
    },
  });
  const list = bounded(listExecutions(scope, siteMachine), { seconds: 0 });
  const each = bounded(archiveEach(scope, archive), { seconds: LONGEST.toSeconds() });
  const notArchived = Fail.jsonata(scope, 'Not archived', {
    error: 'ExecutionsNotArchived',
    cause:
      text`${failed} executions have no record, and none could be written. Which ones, and why: the steps Archive of ${EXECUTION}`
        .template,
  });
  const more = Choice.jsonata(scope, 'More?')
    .when(Condition.jsonata(jsonata`${token} != null`.template), list)
    .when(Condition.jsonata(jsonata`${failed} > 0`.template), notArchived)
    .otherwise(Succeed.jsonata(scope, 'Swept'));
  begin.next(list);
  list.next(each).next(more);
  return begin;
}

/** List executions: a page of those that have ended, the latest first, and whether there are more. */
function listExecutions(scope: Construct, siteMachine: string): CustomState {
  const ended = jsonata<
    string[]
  >`[${result.dot('Executions')}[$exists(StopDate) and $toMillis(StartDate) >= ${from} and $toMillis(StopDate) <= ${until}].ExecutionArn]`;
  const isMore = jsonata<boolean>`$exists(${result.dot('NextToken')}) and $toMillis(${result.dot('Executions')}[-1].StartDate) >= ${from}`;
  const list = new CustomState(scope, 'List executions', {
    stateJson: {
      Type: 'Task',
      Resource: 'arn:aws:states:::aws-sdk:sfn:listExecutions',
      Arguments:
        jsonata`$merge([{"StateMachineArn": ${siteMachine}, "MaxResults": ${PAGE}}, ${token} = null ? {} : {"NextToken": ${token}}])`
          .template,
      TimeoutSeconds: 30,
      Assign: { token: jsonata`${isMore} ? ${result.dot('NextToken')} : null`.template },
      Output: { executions: ended.template },
    },
  });
  list.addRetry(UNTIL_ANSWERED);
  return list;
}

function archiveEach(scope: Construct, archive: IFunction): Map {
  const one = LambdaInvoke.jsonata(scope, 'Archive', {
    lambdaFunction: archive,
    payload: TaskInput.fromObject({ detail: { executionArn: '{% $states.input %}' } }),
    outputs: { failed: false },
    retryOnServiceExceptions: false,
    taskTimeout: Timeout.duration(Duration.minutes(5).plus(Duration.seconds(10))),
    comment: 'Writes a record if there is none',
  });
  one.addRetry({ errors: [Errors.ALL], maxAttempts: 2, interval: Duration.seconds(30), backoffRate: 2 });
  one.addCatch(Pass.jsonata(scope, 'Left without a record', { outputs: { failed: true } }), { errors: [Errors.ALL] });
  const executions = variable<string[]>('states.input.executions');
  return Map.jsonata(scope, 'Each', {
    items: ProvideItems.jsonata(executions.template),
    maxConcurrency: AT_A_TIME,
    assign: { failed: jsonata`${failed} + $count($states.result[failed])`.template },
    outputs: UNCHANGED,
  }).itemProcessor(one);
}
