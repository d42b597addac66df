import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Errors, type State, TaskInput } from 'aws-cdk-lib/aws-stepfunctions';
import { EventBridgePutEvents, SnsPublish } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { NotesTable } from '../../notes-table';
import { type Expression, jsonata, text } from '../../states/expression';
import { messageOf } from '../../states/failure';
import { type Phase, type StateKit, UNCHANGED } from '../../states/kit';
import { CALL, PERSISTENT } from './calls';
import { isToMend, mendingText, noteMend } from './mend';
import { hadOutage, noteLastOutage } from './last-outage';
import type { PhaseContext } from './phase';
import type { SiteVariables } from './variables';

/**
 * Tells people and programs of drift, changes and findings; of an execution that found all as wanted, nobody. Whoever cannot be
 * told does not fail the execution.
 *
 * @param notes where the site's last outage is noted, and what checks start applies for
 */
export function tell({ kit }: PhaseContext, topic: ITopic, notes: NotesTable): Phase {
  const { scope, $ } = kit;
  const telling = $.telling.present;
  return (next) => {
    const event = EventBridgePutEvents.jsonata(scope, 'Send event', {
      ...CALL,
      entries: [
        {
          source: 'magnum-ha',
          detailType: 'Site report',
          detail: TaskInput.fromObject({ report: telling.dot('event').template }),
          eventBus: EventBus.fromEventBusName(scope, 'DefaultBus', 'default'),
        },
      ],
    });
    const message = publish(kit, 'Tell people', topic, {
      subject: telling.dot('subject'),
      message: jsonata`${telling.dot('text')} & ${mendingText($)}`,
      next: event,
    });
    event.addRetry(PERSISTENT).addCatch(next, { errors: [Errors.ALL], outputs: UNCHANGED });
    event.next(next);
    return kit.choice(
      'Anything to tell?',
      [
        { when: hadOutage($), next: noteLastOutage(kit, notes, message) },
        { when: isToMend($), next: noteMend(kit, notes, message) },
        { when: jsonata`${$.telling} != null`, next: message },
      ],
      next,
    );
  };
}

/** Tells people that an execution failed, then `next`: by its report, unless it came to none. */
export function tellOfFailure(kit: StateKit<SiteVariables>, topic: ITopic, next: State): State {
  const { $ } = kit;
  const execution = jsonata<string>`$states.context.Execution.Id`;
  const unreported = text`${$.failure.dot('Error')}: ${messageOf($.failure.dot('Cause'))}\n\nIt was asked for: ${jsonata<string>`$string($states.context.Execution.Input)`}\nThe whole record: magnum-ha audit ${execution}`;
  return publish(kit, 'Tell people of the failure', topic, {
    subject: jsonata`(${$.telling} != null ? ${$.telling.present.dot('subject')} : ${text`magnum-ha: ${jsonata<string>`$substring("" & ${$.failure.dot('Error')}, 0, 60)`}`})`,
    message: jsonata`(${$.telling} != null ? ${$.telling.present.dot('text')} : ${unreported})`,
    next,
  });
}

interface Publication {
  readonly subject: Expression<string>;
  readonly message: Expression<string>;
  readonly next: State;
}

export function publish(
  { scope }: StateKit<SiteVariables>,
  name: string,
  topic: ITopic,
  { subject, message, next }: Publication,
): State {
  const task = SnsPublish.jsonata(scope, name, {
    ...CALL,
    topic,
    subject: subject.template,
    // 256 KiB is the longest.
    message: TaskInput.fromText(jsonata`$substring(${message}, 0, 60000)`.template),
  });
  task.addRetry(PERSISTENT).addCatch(next, { errors: [Errors.ALL], outputs: UNCHANGED });
  task.next(next);
  return task;
}
