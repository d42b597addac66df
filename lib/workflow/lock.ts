import { Duration } from 'aws-cdk-lib';
import {
  Choice,
  Condition,
  Errors,
  Fail,
  type State,
  type TaskStateBase,
  Timeout,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import {
  CallAwsService,
  DynamoAttributeValue,
  DynamoDeleteItem,
  DynamoGetItem,
  DynamoPutItem,
} from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import type { LockTable } from '../lock-table';
import { TaskFunction } from '../task-function';
import { NOW, onFailure, type Phase, UNCHANGED, type PhaseContext } from './step';

/** The lock of a site: an item that names the execution which works on it. */
export interface Lock {
  readonly table: LockTable;
  /** How long an execution can last. */
  readonly timeout: Duration;
  /** ARN of the executions that can hold it. */
  readonly executions: string;
}

const HELD_BY_ANOTHER = 'DynamoDB.ConditionalCheckFailedException';
const SITE = DynamoAttributeValue.fromString('{% $site.name %}');
const ME = DynamoAttributeValue.fromString('{% $states.context.Execution.Id %}');
/** `site` and `owner` go by other names in conditions: DynamoDB reserves words. */
const OWNER_NAME = { '#owner': 'owner' };
const NAMES = { '#site': 'site', ...OWNER_NAME };

/**
 * How much longer than a function the last command that it began can go on: its controller's timeout(1) ends it after 150
 * seconds at the latest, see `domain/commands/catalogue.ts`.
 */
const LAST_COMMAND = Duration.minutes(3);

/** An AWS API answers within a second or not at all. */
const CALL = { taskTimeout: Timeout.duration(Duration.seconds(30)), outputs: UNCHANGED };

/**
 * Take site lock: one execution a site. A lock whose owner no longer runs (aborted, timed out) is taken over, but not
 * before the function that it was in has ended too; that of a running one ends this execution with `SiteLocked`.
 */
export function takeSiteLock({ scope, functions, release }: PhaseContext, lock: Lock): Phase {
  const limits = Object.values(functions).flatMap((one) =>
    one instanceof TaskFunction ? [one.limit.toSeconds()] : [],
  );
  /** Seconds. */
  const aftermath = Math.max(...limits) + LAST_COMMAND.toSeconds();
  const item = {
    site: SITE,
    owner: ME,
    takenAt: DynamoAttributeValue.fromString('{% $states.context.State.EnteredTime %}'),
    expiresAt: seconds(`${NOW} + ${(lock.timeout.toSeconds() + aftermath) * 1000}`),
  };
  return (next) => {
    const { table } = lock;
    const take = DynamoPutItem.jsonata(scope, 'Take site lock', {
      ...CALL,
      comment: 'One execution a site',
      table,
      item,
      // An own lock is one that was written by an attempt whose answer was lost.
      conditionExpression: 'attribute_not_exists(#site) OR expiresAt < :now OR #owner = :me',
      expressionAttributeNames: NAMES,
      expressionAttributeValues: { ':now': seconds(NOW), ':me': ME },
    });
    const takeOver = DynamoPutItem.jsonata(scope, 'Take over site lock', {
      ...CALL,
      comment: 'Only while its owner is the one that no longer runs',
      table,
      item,
      conditionExpression: 'attribute_not_exists(#site) OR #owner IN (:dead, :me)',
      expressionAttributeNames: NAMES,
      expressionAttributeValues: { ':dead': DynamoAttributeValue.fromString('{% $lockOwner %}'), ':me': ME },
    });
    const read = DynamoGetItem.jsonata(scope, 'Read site lock', {
      ...CALL,
      table,
      key: { site: SITE },
      consistentRead: true,
      assign: { lockOwner: '{% $exists($states.result.Item) ? $states.result.Item.owner.S : "" %}' },
    });
    const look = CallAwsService.jsonata(scope, 'Look at lock owner', {
      ...CALL,
      service: 'sfn',
      action: 'describeExecution',
      parameters: { ExecutionArn: '{% $lockOwner %}' },
      iamAction: 'states:DescribeExecution',
      iamResources: [lock.executions],
      assign: {
        ownerStatus: '{% $states.result.Status %}',
        ownerStopped: `{% $contains("" & $states.result.StopDate, /^\\d{4}-\\d\\d-\\d\\dT/) ? $toMillis($states.result.StopDate) : ${NOW} %}`,
      },
    });
    // StopExecution ends no function: one goes on, and would write between this execution's steps.
    const wait = Wait.jsonata(scope, "Wait for the owner's last task", {
      time: WaitTime.seconds(`{% $max([0, $ceil(($ownerStopped - ${NOW}) / 1000) + ${aftermath}]) %}`),
    });
    const locked = Fail.jsonata(scope, 'Site locked', {
      error: 'SiteLocked',
      cause:
        '{% "Another execution works on site " & $site.name & ": " & $lockOwner & ". Wait until it has ended, or stop it ' +
        'unless it is about to cycle HAProxy, and start again. Nothing was touched." %}',
    });

    const released = Choice.jsonata(scope, 'Released meanwhile?')
      .when(Condition.jsonata('{% $lockOwner = "" %}'), takeOver)
      .otherwise(look);
    const running = Choice.jsonata(scope, 'Owner still running?')
      .when(Condition.jsonata('{% $ownerStatus = "RUNNING" %}'), locked)
      .otherwise(wait);
    wait.next(takeOver);

    for (const put of [take, takeOver]) {
      repeated(put, HELD_BY_ANOTHER).addCatch(read, { errors: [HELD_BY_ANOTHER], outputs: UNCHANGED });
      onFailure(put, release).next(next);
    }
    onFailure(repeated(read), release).next(released);
    const gone = 'Sfn.ExecutionDoesNotExistException';
    repeated(look, gone).addCatch(takeOver, { errors: [gone], outputs: UNCHANGED });
    onFailure(look, release).next(running);
    return take;
  };
}

/** Release site lock, then `next`: also where it fails, because the lock of an execution that has ended is taken over. */
export function releaseSiteLock(scope: Construct, { table }: Lock, next: State): State {
  const release = DynamoDeleteItem.jsonata(scope, 'Release site lock', {
    ...CALL,
    comment: 'Only where this execution holds it',
    table,
    key: { site: SITE },
    conditionExpression: '#owner = :me',
    expressionAttributeNames: OWNER_NAME,
    expressionAttributeValues: { ':me': ME },
  });
  repeated(release, HELD_BY_ANOTHER).addCatch(next, { errors: [Errors.ALL], outputs: UNCHANGED });
  release.next(next);
  return release;
}

/** Milliseconds as DynamoDB's TTL wants them: whole seconds since 1970, a number written as text. */
function seconds(milliseconds: string): DynamoAttributeValue {
  return DynamoAttributeValue.numberFromString(`{% $string($floor((${milliseconds}) / 1000)) %}`);
}

/** Tries a call again, unless it was answered with `answer`: throttling, an error of the service, a lost answer. */
function repeated<T extends TaskStateBase>(call: T, ...answer: string[]): T {
  if (answer.length > 0) call.addRetry({ errors: answer, maxAttempts: 0 });
  call.addRetry({ errors: [Errors.ALL], maxAttempts: 4, interval: Duration.seconds(1), backoffRate: 2 });
  return call;
}
