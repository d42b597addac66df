import { Errors, type State, StateMachine, TaskInput } from 'aws-cdk-lib/aws-stepfunctions';
import { DynamoAttributeValue, DynamoPutItem, StepFunctionsStartExecution } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { PARENT_EXECUTION } from '../../../domain/site/started-by';
import type { NotesTable } from '../../notes-table';
import { EXECUTION, type Expression, jsonata, NOW, text } from '../../states/expression';
import { type StateKit, UNCHANGED, type VariablesOf } from '../../states/kit';
import { UNTIL_ANSWERED } from '../../states/retries';
import { CALL, CONDITION_FAILED } from './calls';
import type { SiteVariables } from './variables';

/** For the same drift a check starts no second apply for so long, whatever became of the first, in seconds: a week. */
const ONCE_SECONDS = 7 * 86_400;

/** Whether a check is to start an apply for what it found. */
export function isToMend({ report }: VariablesOf<SiteVariables>): Expression<boolean> {
  return jsonata`${report}.mending.starts = true`;
}

/** What people are told of it, in a line of its own; empty if nothing. */
export function mendingText({ mending }: VariablesOf<SiteVariables>): Expression<string> {
  return jsonata`(${mending} = "starts" ? "\\nAn apply follows by itself, as onDrift of the site document says." : ${mending} = "repeated" ? "\\nIt is not mended by itself: an apply was already started for the same drift, less than a week ago." : "")`;
}

/** Note mend: of several checks that find the same drift one starts an apply. If that cannot be noted, none is started. */
export function noteMend({ scope, $ }: StateKit<SiteVariables>, table: NotesTable, next: State): State {
  const seconds = jsonata<number>`$floor(${NOW} / 1000)`;
  const note = DynamoPutItem.jsonata(scope, 'Note mend', {
    ...CALL,
    comment: 'Once a week for the same drift',
    table,
    item: {
      note: DynamoAttributeValue.fromString(
        text`mend ${$.lock} ${jsonata<string>`${$.report}.mending.digest`}`.template,
      ),
      site: DynamoAttributeValue.fromString($.site.dot('name').template),
      execution: DynamoAttributeValue.fromString(EXECUTION.template),
      expiresAt: DynamoAttributeValue.numberFromString(jsonata`$string(${seconds} + ${ONCE_SECONDS})`.template),
    },
    // DynamoDB deletes what has expired days later. An own one was written by an attempt whose answer was lost.
    conditionExpression: 'attribute_not_exists(note) OR expiresAt < :now OR #execution = :me',
    expressionAttributeNames: { '#execution': 'execution' },
    expressionAttributeValues: {
      ':now': DynamoAttributeValue.numberFromString(jsonata`$string(${seconds})`.template),
      ':me': DynamoAttributeValue.fromString(EXECUTION.template),
    },
    assign: { mending: 'starts' },
  });
  note.addRetry({ errors: [CONDITION_FAILED], maxAttempts: 0 });
  note.addRetry(UNTIL_ANSWERED);
  note.addCatch(next, { errors: [CONDITION_FAILED], outputs: UNCHANGED, assign: { mending: 'repeated' } });
  note.addCatch(next, { errors: [Errors.ALL], outputs: UNCHANGED });
  note.next(next);
  return note;
}

/** Start mend: once the lock is released. @param machine its own ARN */
export function startMend({ scope, $ }: StateKit<SiteVariables>, machine: string, next: State): State {
  const start = StepFunctionsStartExecution.jsonata(scope, 'Start mend', {
    ...CALL,
    comment: 'An apply that does no more than onDrift of the site document lets it',
    stateMachine: StateMachine.fromStateMachineArn(scope, 'Itself', machine),
    // The same for an attempt whose answer was lost. A name has 80 characters at most.
    name: jsonata`$substring($states.context.Execution.Name, 0, 75) & "-mend"`.template,
    input: TaskInput.fromObject({
      site: $.site.dot('name').template,
      mode: 'apply',
      unattended: true,
      startedBy: EXECUTION.template,
      [PARENT_EXECUTION]: EXECUTION.template,
    }),
  });
  start.addRetry(UNTIL_ANSWERED).addCatch(next, { errors: [Errors.ALL], outputs: UNCHANGED });
  start.next(next);
  return start;
}
