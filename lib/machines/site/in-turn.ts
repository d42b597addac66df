import type { State } from 'aws-cdk-lib/aws-stepfunctions';
import type { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { ErrorName } from '../../../domain/error-catalogue';
import { LIMITS } from '../../../domain/site/limits';
import { type Expression, jsonata, NOW, text } from '../../states/expression';
import { isOver, type Rule, type VariablesOf } from '../../states/kit';
import type { PhaseContext } from './phase';
import type { SiteVariables } from './variables';

/** Seconds between two looks, beside those that one takes by itself. */
const BETWEEN_LOOKS = 2;

/** The ways in which HAProxy is updated on one controller after another, by `haproxy.update` of the site document. */
const WAYS = {
  rolling: {
    action: 'roll',
    task: 'Roll HAProxy',
    wait: 'Wait for HAProxy to roll',
    choice: 'HAProxy rolled',
    comment: 'Stopped and started on one controller at a time, by a ban that ends by itself. Never down everywhere',
    error: 'HAProxyRollTimeout',
    late: 'HAProxy was stopped and started on one controller after another, but not everywhere',
    next: "Look at crm_mon -1 -r, haproxy -c and HAProxy's log there.",
  },
  reload: {
    action: 'reload',
    task: 'Reload HAProxy',
    wait: 'Wait for HAProxy to reload',
    choice: 'HAProxy reloaded',
    comment: 'A new process takes over, the old one serves its sessions on. Nothing is down',
    error: 'HAProxyReloadTimeout',
    late: 'HAProxy was reloaded, but not everywhere',
    next: "Where it was not, the old process serves on. Look at haproxy -c and HAProxy's log there.",
  },
} as const satisfies Record<string, { readonly error: ErrorName; readonly [part: string]: string }>;
type Way = keyof typeof WAYS;

/** Where it goes on once HAProxy was updated in a way, or was not. */
interface Updated {
  readonly next: State;
  /** If it was not in its time. @param told what is told of that */
  readonly late: (told: {
    readonly error: ErrorName;
    readonly cause: Expression<string>;
  }) => Pick<Rule<SiteVariables>, 'next' | 'assign'>;
  /** If a step fails. */
  readonly onFailure: (task: LambdaInvoke) => void;
  /** Of the states' names, if it is not the apply's own. */
  readonly suffix?: string;
}

/**
 * HAProxy updated on one controller after another, where the site document wants that: until all run with what is in place now.
 *
 * @param when whether it is updated at all. @default always
 */
export function inTurn(
  { kit }: PhaseContext,
  way: Way,
  { next, late, onFailure, suffix = '' }: Updated,
  when?: Expression<boolean>,
): Rule<SiteVariables> {
  const { $ } = kit;
  const { action, error, comment, ...names } = WAYS[way];
  const task = kit.invoke(`${names.task}${suffix}`, 'cycle', {
    input: { site: $.site, platforms: $.platforms, action, before: $.cycle },
    assign: (result) => ({
      cycle: result,
      startDeadline: kit.deadline($.startDeadline, $.outline.dot('haproxy').dot('startTimeoutSeconds')),
    }),
    comment,
  });
  const wait = kit.wait(`${names.wait}${suffix}`, BETWEEN_LOOKS, LIMITS.haproxySeconds);
  const updated = kit.choice(
    `${names.choice}${suffix}?`,
    [
      { when: jsonata`${$.cycle.dot('done')} = true`, next },
      { when: isOver($.startDeadline), ...late({ error, cause: lateCause($, way) }) },
    ],
    wait,
  );
  onFailure(task);
  task.next(updated);
  wait.next(task);
  const wanted = jsonata<boolean>`${$.outline.dot('haproxy')}.update = ${way}`;
  return {
    when: when ? jsonata`${when} and ${wanted}` : wanted,
    next: task,
    assign: {
      // This state's own time is the update's number: a retry of the next one enters no state again.
      cycle: jsonata<
        SiteVariables['cycle']
      >`{"done": false, "waitingFor": "", "lastAnswerAt": null, "firstAnswerAt": null, "startsNowhere": false, "cycle": ${NOW}}`,
      startDeadline: null,
    },
  };
}

/** What is told of an update that takes too long. */
function lateCause({ outline, cycle }: VariablesOf<SiteVariables>, way: Way): Expression<string> {
  const seconds = outline.dot('haproxy').dot('startTimeoutSeconds');
  return text`${WAYS[way].late} after ${seconds} s; waiting for: ${cycle.dot('waitingFor')}. ${WAYS[way].next}`;
}
