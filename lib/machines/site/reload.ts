import type { State } from 'aws-cdk-lib/aws-stepfunctions';
import type { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { LIMITS } from '../../../domain/site/limits';
import { type Expression, jsonata, NOW, text } from '../../states/expression';
import { isOver, type Rule, type VariablesOf } from '../../states/kit';
import type { PhaseContext } from './phase';
import type { SiteVariables } from './variables';

/** Seconds between two looks, beside the five that one takes by itself. */
const BETWEEN_LOOKS = 2;

/** Where it goes on once HAProxy was reloaded, or was not. */
interface Reloaded {
  readonly next: State;
  /** If it was not in its time. */
  readonly late: Pick<Rule<SiteVariables>, 'next' | 'assign'>;
  /** If a step fails. */
  readonly onFailure: (task: LambdaInvoke) => void;
  /** Of the states' names, if it is not the apply's own. */
  readonly suffix?: string;
}

/** The rule by which HAProxy is reloaded, where the site document wants that: nothing is disabled, and no dead-man is needed. */
export function toReload({ $ }: PhaseContext['kit'], next: State, when?: Expression<boolean>): Rule<SiteVariables> {
  const wanted = jsonata<boolean>`${$.outline.dot('haproxy')}.update = "reload"`;
  return {
    when: when ? jsonata`${when} and ${wanted}` : wanted,
    next,
    assign: {
      // This state's own time is the update's number: a retry of the next one enters no state again.
      cycle: jsonata<
        SiteVariables['cycle']
      >`{"done": false, "waitingFor": "", "lastAnswerAt": null, "firstAnswerAt": null, "startsNowhere": false, "cycle": ${NOW}}`,
      startDeadline: null,
    },
  };
}

/** Reload HAProxy: on one controller after another, until all run with what is in place now. */
export function reloadHaproxy({ kit }: PhaseContext, { next, late, onFailure, suffix = '' }: Reloaded): State {
  const { $ } = kit;
  const task = kit.invoke(`Reload HAProxy${suffix}`, 'cycle', {
    input: { site: $.site, platforms: $.platforms, action: 'reload', before: $.cycle },
    assign: (result) => ({
      cycle: result,
      startDeadline: kit.deadline($.startDeadline, $.outline.dot('haproxy').dot('startTimeoutSeconds')),
    }),
    comment: 'A new process takes over, the old one serves its sessions on. Nothing is down',
  });
  const wait = kit.wait(`Wait for HAProxy to reload${suffix}`, BETWEEN_LOOKS, LIMITS.haproxySeconds);
  const reloaded = kit.choice(
    `HAProxy reloaded${suffix}?`,
    [
      { when: jsonata`${$.cycle.dot('done')} = true`, next },
      { when: isOver($.startDeadline), ...late },
    ],
    wait,
  );
  onFailure(task);
  task.next(reloaded);
  wait.next(task);
  return task;
}

/** What is told of a reload that takes too long. */
export function notReloaded({ outline, cycle }: VariablesOf<SiteVariables>): Expression<string> {
  const seconds = outline.dot('haproxy').dot('startTimeoutSeconds');
  return text`HAProxy was reloaded, but not everywhere after ${seconds} s; waiting for: ${cycle.dot('waitingFor')}. Where it was not, the old process serves on. Look at haproxy -c and HAProxy's log there.`;
}
