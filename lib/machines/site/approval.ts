import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Errors, IntegrationPattern, type State, type TaskStateBase, Timeout } from 'aws-cdk-lib/aws-stepfunctions';
import { CallAwsService } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { LIMITS } from '../../../domain/site/limits';
import type { NotesTable } from '../../notes-table';
import { EXECUTION, jsonata, NOW, text } from '../../states/expression';
import { JUST_FAILED } from '../../states/failure';
import { UNCHANGED } from '../../states/kit';
import { UNTIL_PUT } from '../../states/retries';
import { bounded } from '../../states/time-limit';
import { releaseForApproval } from './lock';
import type { PhaseContext } from './phase';
import { publish } from './tell';
import { NOTHING_YET } from './variables';

/** Where an apply waits for somebody's approval. */
export interface Approval {
  readonly first: State;
  /** Once it is approved. @param again the first state of another look at the site: the one that takes the lock */
  readonly then: (again: State) => void;
}

/** What the approval of an apply needs besides. */
export interface ApprovalProps {
  readonly topic: ITopic;
  readonly notes: NotesTable;
  readonly lockTable: Parameters<typeof releaseForApproval>[1];
}

/**
 * Await approval: people are told what would be done, the lock is released, and whoever has the task's token answers. The token goes
 * into the notes table; the history shows it, too, as it shows what every task was given. After that the lock is taken again and the site is looked at
 * again, from the beginning: the approval is for exactly what was found before.
 */
export function approval({ kit, release }: PhaseContext, { topic, notes, lockTable }: ApprovalProps): Approval {
  const { scope, $ } = kit;
  const seconds = jsonata<number>`${$.outline.dot('approvalMinutes')} * 60`;
  const answered: TaskStateBase = CallAwsService.jsonata(scope, 'Await approval', {
    service: 'dynamodb',
    action: 'putItem',
    iamAction: 'dynamodb:PutItem',
    integrationPattern: IntegrationPattern.WAIT_FOR_TASK_TOKEN,
    iamResources: [notes.tableArn],
    parameters: {
      TableName: notes.tableName,
      Item: {
        note: { S: text`approval ${EXECUTION}`.template },
        token: { S: '{% $states.context.Task.Token %}' },
        site: { S: $.site.dot('name').template },
        digest: { S: $.authorization.dot('digest').template },
        startedBy: { S: jsonata`${$.startedBy} ? ${$.startedBy} : ""`.template },
        expiresAt: { N: jsonata`$string($floor(${NOW} / 1000) + ${seconds})`.template },
      },
    },
    taskTimeout: Timeout.jsonata(seconds.template),
    outputs: UNCHANGED,
    assign: { ...NOTHING_YET, leftDisabled: $.leftDisabled.template, approval: '{% $states.result %}' },
    comment: 'Without the lock, until somebody approves or rejects it, or the time is over',
  });
  // What DynamoDB refuses it says at once: only the pauses come in addition.
  bounded(answered, { seconds: LIMITS.approvalMinutes * 60 + 600 });
  answered.addRetry(UNTIL_PUT);
  answered.addCatch(release, {
    errors: [Errors.TIMEOUT],
    outputs: UNCHANGED,
    assign: {
      failure:
        jsonata`{"Error": "ApprovalTimedOut", "Cause": ${text`Site ${$.site.dot('name')}: nobody approved or rejected it within ${$.outline.dot('approvalMinutes')} minutes. Nothing of it was done.`}}`
          .template,
    },
  });
  answered.addCatch(release, {
    errors: [Errors.ALL],
    outputs: UNCHANGED,
    assign: { failure: JUST_FAILED.template },
  });
  const request = $.request.present;
  const first = publish(kit, 'Ask for approval', topic, {
    subject: request.dot('subject'),
    message: request.dot('text'),
    next: releaseForApproval(kit, lockTable, answered),
  });
  return { first, then: (again) => answered.next(again) };
}
