import { Lazy } from 'aws-cdk-lib';
import { Errors, type State, Succeed, type TaskStateBase } from 'aws-cdk-lib/aws-stepfunctions';
import {
  CallAwsService,
  DynamoAttributeValue,
  DynamoDeleteItem,
  DynamoGetItem,
  DynamoPutItem,
} from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { ErrorName } from '../../../domain/error-catalogue';
import type { Skipped } from '../../../domain/report/report';
import { TASKS } from '../../../domain/tasks';
import type { LockTable } from '../../lock-table';
import type { Construct } from 'constructs';
import { Expression, jsonata, NOW, text, variable } from '../../states/expression';
import { type Phase, type Rule, type StateKit, UNCHANGED, type VariablesOf } from '../../states/kit';
import { UNTIL_ANSWERED } from '../../states/retries';
import { timeLimit } from '../../states/time-limit';
import { CALL, CONDITION_FAILED } from './calls';
import { isRecovery, touchedSoFar } from './conditions';
import type { PhaseContext } from './phase';
import type { SiteVariables } from './variables';
import { waitForRecovery } from './wait-for-recovery';

/** The lock of a site: an item that names the execution which works on it. */
export interface Lock {
  readonly table: LockTable;
  /** ARN of the executions that can hold it. */
  readonly executions: string;
}

const ME = variable<string>('states.context.Execution.Id');
/** `owner` goes by another name in conditions: DynamoDB reserves the word. */
const NAMES = { '#owner': 'owner' };

/**
 * How many seconds longer than a function the last command that it began can go on: its controller's timeout(1) ends it
 * after 150 seconds at the latest, see `domain/commands/catalogue.ts`.
 */
const LAST_COMMAND_SECONDS = 180;

/** How long a function that nobody waits for any more, and its last command, can go on, in seconds. */
const AFTERMATH_SECONDS = Math.max(...Object.values(TASKS).map(({ minutes }) => minutes)) * 60 + LAST_COMMAND_SECONDS;

/** By so many seconds the clocks of AWS's services may differ. */
const CLOCKS_DIFFER_SECONDS = 300;

/** A recovery waits so many seconds longer than an apply. */
const POLITE_SECONDS = 30;

/**
 * Take site lock: one execution a site. A lock whose owner no longer runs is taken over, but not before the function that it
 * was in has ended too. That of a running one ends an apply with `SiteLocked`, which is reported, but for a recovery, which an apply
 * waits for; a check is skipped: it is a schedule's, and the next one comes.
 *
 * No clock decides who has it. It is never renewed, because it lasts longer than any execution can.
 *
 * @param first what is done as soon as no other execution runs, before anything is waited for
 */
export function takeSiteLock({ kit, release }: PhaseContext, lock: Lock, first: First): Phase {
  const { scope, $ } = kit;
  return (next) => {
    const put = putLock(kit, lock.table);
    const take = put('Take site lock', {
      comment: 'One execution a site',
      // An own lock is one that was written by an attempt whose answer was lost.
      conditionExpression: 'attribute_not_exists(hostKey) OR #owner = :me',
    });
    const takeOver = put('Take over site lock', {
      comment: 'Only while its owner is the one that no longer runs',
      conditionExpression: 'attribute_not_exists(hostKey) OR #owner IN (:dead, :me)',
      values: { ':dead': attribute($.lockOwner.present) },
      assign: { ownerStopped: null },
    });
    const read = readLock(scope, lock.table, $.lock);
    const look = lookAtOwner(scope, lock.executions, $.lockOwner);
    // StopExecution ends no function: one goes on, and would write between this execution's steps.
    const left = jsonata<number>`$max([0, $min([${AFTERMATH_SECONDS}, $ceil((${$.ownerStopped} - ${NOW}) / 1000) + ${AFTERMATH_SECONDS + CLOCKS_DIFFER_SECONDS}])])`;
    // An apply that waits for the same comes first: it does all that a recovery does.
    const politely = jsonata<number>`${left} + (${isRecovery($)} ? ${POLITE_SECONDS} : 0)`;
    const wait = kit.wait("Wait for the owner's last task", politely, AFTERMATH_SECONDS + POLITE_SECONDS);
    const recovery = waitForRecovery(kit, { read, look });
    const works = text`Another execution works on site ${$.lockSite}: ${$.lockOwner.present}.`;
    const advice = jsonata<string>`${recovery.isWaitedFor} ? ${recovery.advice} : "Wait until it has ended, or stop it unless it is about to cycle HAProxy, and start again."`;
    const locked = kit.failure('SiteLocked', text`${works} ${advice} ${touchedSoFar($)}`);
    const skipped = Succeed.jsonata(scope, 'Check skipped', {
      outputs: {
        site: $.site.dot('name').template,
        mode: 'check',
        outcome: 'skipped',
        execution: ME.template,
        heldBy: $.lockOwner.template,
        reason: text`${works} Nothing was looked at.`.template,
      } satisfies Skipped,
    });

    const free = first({ when: jsonata`${$.ownerStopped} != null`, next: wait })(next);
    const released = kit.choice('Released meanwhile?', [{ when: jsonata`${$.lockOwner} = ""`, next: takeOver }], look);
    const isRunning = jsonata<boolean>`${$.ownerStatus} = "RUNNING"`;
    const running = kit.choice(
      'Owner still running?',
      [
        { when: jsonata`${isRunning} and ${$.mode} = "check"`, next: skipped },
        { ...recovery.rule, when: jsonata`${isRunning} and ${recovery.rule.when}` },
        { when: isRunning, next: release, assign: locked },
      ],
      free,
    );
    wait.next(takeOver);

    for (const one of [take, takeOver]) {
      repeated(one, CONDITION_FAILED).addCatch(read, { errors: [CONDITION_FAILED], outputs: UNCHANGED });
      kit.onFailure(one, release).next(free);
    }
    kit.onFailure(repeated(read), release).next(released);
    const gone = 'Sfn.ExecutionDoesNotExistException';
    repeated(look, gone).addCatch(takeOver, { errors: [gone], outputs: UNCHANGED });
    kit.onFailure(look, release).next(running);
    return take;
  };
}

/** @param waits leads to the wait for another execution's last task, if there is one to wait for */
type First = (waits: Rule<SiteVariables>) => Phase;

/** When a lock may be written, besides `:me`. */
interface PutLock {
  readonly comment: string;
  readonly conditionExpression: string;
  readonly values?: Readonly<Record<string, DynamoAttributeValue>>;
  readonly assign?: { readonly ownerStopped: null };
}

/** Gives the states that write this execution's lock. */
function putLock({ scope, $ }: StateKit<SiteVariables>, table: LockTable) {
  // DynamoDB deletes what nobody has come back to. How long an execution can take is known once all states are made.
  const longest = Lazy.string({
    produce: () => String((timeLimit(scope).toSeconds() + AFTERMATH_SECONDS + CLOCKS_DIFFER_SECONDS) * 1000),
  });
  const item = {
    hostKey: attribute($.lock),
    site: attribute($.site.dot('name')),
    owner: attribute(ME),
    takenAt: attribute(variable('states.context.State.EnteredTime')),
    expiresAt: seconds(jsonata`${NOW} + ${new Expression<number>(longest)}`),
  };
  return (name: string, { values, ...others }: PutLock): DynamoPutItem =>
    DynamoPutItem.jsonata(scope, name, {
      ...CALL,
      ...others,
      table,
      item,
      expressionAttributeNames: NAMES,
      expressionAttributeValues: { ...values, ':me': attribute(ME) },
    });
}

/** Read site lock: sets `lockOwner`, empty if nobody has it, and `lockSite`. @param hostKey what it is named by */
export function readLock(scope: Construct, table: LockTable, hostKey: Expression<string>, call = CALL): DynamoGetItem {
  return DynamoGetItem.jsonata(scope, 'Read site lock', {
    ...call,
    table,
    key: { hostKey: attribute(hostKey) },
    consistentRead: true,
    assign: {
      lockOwner: '{% $exists($states.result.Item) ? $states.result.Item.owner.S : "" %}',
      lockSite: '{% $exists($states.result.Item) ? $states.result.Item.site.S : "" %}',
    },
  });
}

/** Look at lock owner: sets `ownerStatus` and so on. @param executions ARN of those that it may look at */
export function lookAtOwner(
  scope: Construct,
  executions: string,
  owner: Expression<string | null>,
  call = CALL,
): CallAwsService {
  return CallAwsService.jsonata(scope, 'Look at lock owner', {
    ...call,
    service: 'sfn',
    action: 'describeExecution',
    parameters: { ExecutionArn: owner.template },
    iamAction: 'states:DescribeExecution',
    iamResources: [executions],
    assign: {
      ownerStatus: '{% $states.result.Status %}',
      ownerStopped: jsonata`$exists($states.result.StopDate) ? $toMillis($states.result.StopDate) : ${NOW}`.template,
      ownerRecovers: '{% $parse($states.result.Input).mode = "recover" %}',
    },
  });
}

/**
 * Release site lock, then `next`: also if it fails, because the lock of an execution that has ended is taken over. So is one
 * that is kept, because something may still be under way that nobody waits for.
 */
export function releaseSiteLock(kit: StateKit<SiteVariables>, table: LockTable, next: State): State {
  return kit.choice(
    'Anything under way?',
    [
      { when: kit.$.orphaned, next, comment: 'The lock stays, and is taken over once all that was begun has ended' },
      { when: isLocked(kit.$), next, comment: "The lock is the other execution's" },
    ],
    deleteLock(kit, table, { name: 'Release site lock', next }),
  );
}

/** Whether this execution has failed because another works on the site. */
function isLocked({ failure }: VariablesOf<SiteVariables>): Expression<boolean> {
  return jsonata`(${failure.dot('Error')} = ${'SiteLocked' satisfies ErrorName})`;
}

/** Release site lock for approval: while it waits, others may work on the site. It has changed nothing yet. */
export function releaseForApproval(kit: StateKit<SiteVariables>, table: LockTable, next: State): State {
  return deleteLock(kit, table, { name: 'Release site lock for approval', next });
}

function deleteLock(
  { scope, $ }: StateKit<SiteVariables>,
  table: LockTable,
  { name, next }: { readonly name: string; readonly next: State },
): State {
  const release = DynamoDeleteItem.jsonata(scope, name, {
    ...CALL,
    comment: 'Only if this execution holds it',
    table,
    key: { hostKey: attribute($.lock) },
    conditionExpression: '#owner = :me',
    expressionAttributeNames: NAMES,
    expressionAttributeValues: { ':me': attribute(ME) },
  });
  repeated(release, CONDITION_FAILED).addCatch(next, { errors: [Errors.ALL], outputs: UNCHANGED });
  release.next(next);
  return release;
}

function attribute(value: Expression<string>): DynamoAttributeValue {
  return DynamoAttributeValue.fromString(value.template);
}

/** Milliseconds as DynamoDB's TTL wants them: whole seconds since 1970, a number written as text. */
function seconds(milliseconds: Expression<number>): DynamoAttributeValue {
  return DynamoAttributeValue.numberFromString(jsonata`$string($floor(${milliseconds} / 1000))`.template);
}

/** Tries a call again, unless it was answered with `answer`: throttling, an error of the service, a lost answer. */
function repeated<T extends TaskStateBase>(call: T, ...answer: string[]): T {
  if (answer.length > 0) call.addRetry({ errors: answer, maxAttempts: 0 });
  call.addRetry(UNTIL_ANSWERED);
  return call;
}
