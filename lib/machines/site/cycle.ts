import { Duration } from 'aws-cdk-lib';
import { Errors, type RetryProps, type State, type TaskStateBase } from 'aws-cdk-lib/aws-stepfunctions';
import { END_DISABLE } from '../../../domain/commands/disable';
import { LIMITS } from '../../../domain/site/limits';
import { quote } from '../../../domain/ssh/command-line';
import { type Expression, jsonata, NOW, text } from '../../states/expression';
import { inOrder, isOver, messageOf, type Phase, type Rule, UNCHANGED, type VariablesOf } from '../../states/kit';
import { HURRIED } from '../../states/retries';
import { bounded } from '../../states/time-limit';
import type { PhaseContext } from './phase';
import type { SiteVariables } from './variables';

/** What ends our own disable, as somebody types it. */
const END_DISABLE_BY_HAND = END_DISABLE.argv.map(quote).join(' ');

/** Seconds between two polls. One looks for up to 5 seconds by itself, so this only lets go of the function. */
const BETWEEN_POLLS = 2;

/** After this many seconds it is believed that HAProxy starts nowhere. It starts within two, where it does. */
const GIVEN_UP_SECONDS = 20;

/**
 * The control plane is down, and nothing else that the execution could do matters as much: eleven attempts, with six
 * minutes between them in all, whatever the error. The only Retry of its state: another before it would give up sooner.
 */
const UNTIL_ENABLED: RetryProps = {
  errors: [Errors.ALL],
  maxAttempts: 10,
  interval: Duration.seconds(2),
  backoffRate: 2,
  maxDelay: Duration.minutes(1),
};

/**
 * Cycle HAProxy: the dead-man armed; then HAProxy disabled, polled until gone everywhere, enabled, polled until it serves
 * everywhere.
 *
 * HAProxy is never left disabled: whatever goes wrong from Disable HAProxy on is noted, and the way leads through Enable
 * HAProxy, which is tried again and again. Choices and waits in between cannot fail: their expressions take any value.
 */
export function cycleHaproxy(context: PhaseContext): Phase {
  const { kit } = context;
  return (next) => {
    const first = inOrder([reach(context), armDeadMan(context)], stop(context, enableAfterStop(context, next)));
    return kit.choice('HAProxy to cycle?', [{ when: jsonata`${kit.$.plan.dot('cycle')} = true`, next: first }], next);
  };
}

/** Reach: before any outage, whether HAProxy would come back and reach Magnum. */
function reach({ kit, release }: PhaseContext): Phase {
  return (next) => {
    const task = kit.invoke('Reach', 'reach', {
      input: { site: kit.$.site, platforms: kit.$.platforms },
      comment: 'Its address is free, and each API answers its neighbours: before any outage',
    });
    kit.onFailure(task, release).next(next);
    return task;
  };
}

/** Arm dead-man: from now on pacemaker itself knows when a disable ends. HAProxy runs on. */
function armDeadMan({ kit, release }: PhaseContext): Phase {
  return (next) => {
    const { $ } = kit;
    const arm = kit.invoke('Arm dead-man', 'cycle', {
      input: {
        site: $.site,
        platforms: $.platforms,
        action: 'arm',
        // This state's own time is the cycle's number: a retry enters no state again.
        before: jsonata`{"lastAnswerAt": null, "firstAnswerAt": null, "cycle": ${NOW}}`,
      },
      assign: (result) => ({ cycle: result }),
      comment:
        'Pacemaker will start HAProxy again when haproxy.deadManSeconds are over, whatever becomes of this execution',
    });
    kit.onFailure(arm, release).next(next);
    return arm;
  };
}

function stop({ kit }: PhaseContext, enable: State): State {
  const { $ } = kit;
  const haproxy = $.site.dot('haproxy');
  const disable = kit.invoke('Disable HAProxy', 'cycle', {
    input: {
      site: $.site,
      platforms: $.platforms,
      action: 'disable',
      // If an attempt before disabled HAProxy and was lost, the outage counts from here: a retry enters no state again.
      before: jsonata`{"lastAnswerAt": ${NOW}, "firstAnswerAt": null, "cycle": ${$.cycle.dot('cycle')}}`,
    },
    assign: (result) => ({
      cycle: result,
      stopDeadline: kit.deadline($.stopDeadline, haproxy.dot('stopTimeoutSeconds')),
    }),
    comment: 'The outage of everything behind the VIPs begins',
  });
  const poll = kit.invoke('Poll HAProxy stopped', 'cycle', {
    input: { site: $.site, platforms: $.platforms, action: 'poll-stopped', before: $.cycle },
    assign: (result) => ({ cycle: result }),
    retry: HURRIED,
  });
  const wait = kit.wait('Wait for HAProxy to stop', BETWEEN_POLLS, LIMITS.haproxySeconds);
  const stopped = kit.choice(
    'HAProxy stopped?',
    [
      { when: jsonata`${$.cycle.dot('done')} = true`, next: enable },
      {
        when: isOver($.stopDeadline),
        next: enable,
        assign: kit.failure(
          'HAProxyStopTimeout',
          text`HAProxy did not stop within ${haproxy.dot('stopTimeoutSeconds')} s and was enabled again; waiting for: ${$.cycle.dot('waitingFor')}`,
        ),
      },
    ],
    wait,
  );

  kit.onFailure(disable, enable).next(stopped);
  kit.onFailure(poll, enable).next(stopped);
  wait.next(poll);
  return disable;
}

/** Where it goes on once HAProxy is enabled. */
interface Enabled {
  /** Of the choice after each poll. @param isLate whether HAProxy has had its time to serve everywhere */
  readonly rules: (times: { readonly isLate: Expression<boolean> }) => readonly Rule<SiteVariables>[];
  /** If a poll fails. */
  readonly onPollFailed: (poll: TaskStateBase) => void;
  /** Of the states' names, if it is not the cycle's. */
  readonly suffix?: string;
  /** How often an execution comes here at most. @default once */
  readonly times?: number;
}

/** HAProxy enabled, polled until a rule leads on. */
export function enableHaproxy(
  { kit, release }: PhaseContext,
  { rules, onPollFailed, suffix = '', times = 1 }: Enabled,
): State {
  const { $ } = kit;
  const haproxy = $.site.dot('haproxy');
  const enable = kit.invoke(`Enable HAProxy${suffix}`, 'cycle', {
    input: { site: $.site, platforms: $.platforms, action: 'enable', before: $.cycle },
    assign: (result) => ({ cycle: result, startDeadline: null, nowhereDeadline: null }),
    retry: [UNTIL_ENABLED],
    comment: 'Also whatever went wrong before; safe to repeat',
  });
  const command = jsonata<string>`${$.platforms}[0].platform.shell = "crmsh" ? "crm resource start" : "pcs resource enable"`;
  const before = jsonata<string>`${$.failure} ? " (before that: " & ${$.failure.dot('Error')} & ")" : ""`;
  enable.addCatch(release, {
    errors: [Errors.ALL],
    outputs: UNCHANGED,
    assign: {
      orphaned: kit.orphanedByError.template,
      failure: jsonata<
        SiteVariables['failure']
      >`{"Error": "HAProxyLeftDisabled", "Cause": ${text`On a controller of site ${$.site.dot('name')} run now: ${END_DISABLE_BY_HAND}; ${command} ${haproxy.dot('resource')}. HAProxy was disabled, or may have been, and with it every service behind the VIPs is down; what this execution has disabled comes back by itself within ${haproxy.dot('deadManSeconds')} s. Enabling it failed: ${jsonata<string>`$states.errorOutput.Error`}: ${messageOf(jsonata`$states.errorOutput.Cause`)}${before}`}}`
        .template,
    },
  });

  const poll = kit.invoke(`Poll HAProxy serving${suffix}`, 'cycle', {
    input: { site: $.site, platforms: $.platforms, action: 'poll-started', before: $.cycle },
    retry: HURRIED,
    assign: (result) => ({
      cycle: result,
      // From the first poll on: Enable HAProxy can have taken its time.
      startDeadline: kit.deadline($.startDeadline, haproxy.dot('startTimeoutSeconds')),
      nowhereDeadline: kit.deadline($.nowhereDeadline, GIVEN_UP_SECONDS),
    }),
  });
  const wait = kit.wait(`Wait for HAProxy to serve${suffix}`, BETWEEN_POLLS, times * LIMITS.haproxySeconds);
  const serving = kit.choice(`HAProxy serving${suffix}?`, rules({ isLate: isOver($.startDeadline) }), wait);
  for (const one of [enable, poll]) bounded(one, { times }).next(serving);
  onPollFailed(poll);
  wait.next(poll);
  return enable;
}

/** Whether HAProxy serves everywhere. */
export function isServing({ cycle }: VariablesOf<SiteVariables>): Expression<boolean> {
  return jsonata`${cycle.dot('done')} = true`;
}

/** The cycle's way on from Enable HAProxy. */
function enableAfterStop(context: PhaseContext, next: State): State {
  const { kit, release } = context;
  const { $ } = kit;
  const haproxy = $.site.dot('haproxy');
  const unserved = takeFragmentBack(context);
  return enableHaproxy(context, {
    rules: ({ isLate }) => [
      { when: jsonata`${isServing($)} and ${$.failure} = null`, next },
      { when: isServing($), next: release, comment: 'After a failure before' },
      {
        when: jsonata`${$.cycle.dot('startsNowhere')} = true and ${isOver($.nowhereDeadline)}`,
        next: unserved,
        assign: kit.failure(
          'HAProxyStartTimeout',
          text`HAProxy was enabled, but pacemaker has given up to start it, on every controller; waiting for: ${$.cycle.dot('waitingFor')}.`,
        ),
      },
      {
        when: isLate,
        next: unserved,
        assign: kit.failure(
          'HAProxyStartTimeout',
          text`HAProxy was enabled, but does not serve everywhere after ${haproxy.dot('startTimeoutSeconds')} s; waiting for: ${$.cycle.dot('waitingFor')}. Look at crm_mon -1 -r and haproxy -c on the controllers.`,
        ),
      },
    ],
    onPollFailed: (poll) => kit.onFailure(poll, release),
  });
}

/**
 * The way back if HAProxy does not come up: the fragment of before, on every controller, and HAProxy enabled again. The
 * failure says what came of it.
 */
function takeFragmentBack({ kit, release }: PhaseContext): State {
  const { $ } = kit;
  const haproxy = $.site.dot('haproxy');
  const path = text`${haproxy.dot('fragmentDirectory')}/${haproxy.dot('fragment')}`;
  const told = (what: Expression<string>) => ({
    failure: jsonata<
      SiteVariables['failure']
    >`{"Error": ${$.failure.dot('Error')}, "Cause": ${messageOf($.failure.dot('Cause'))} & ${what}}`,
  });
  const take = kit.invoke('Take fragment back', 'cycle', {
    input: { site: $.site, platforms: $.platforms, action: 'take-back', before: $.cycle },
    assign: (result) => ({
      cycle: result,
      takenBack: result.dot('takenBack'),
      backDeadline: kit.deadline($.backDeadline, haproxy.dot('startTimeoutSeconds')),
    }),
    retry: [UNTIL_ENABLED],
    comment: 'HAProxy does not come up with it. Again and again: a controller may have missed it',
  });
  take.addCatch(release, {
    errors: [Errors.ALL],
    outputs: UNCHANGED,
    assign: {
      orphaned: kit.orphanedByError.template,
      failure: told(
        text` The fragment of before could not be put back: ${jsonata<string>`$states.errorOutput.Error`}: ${messageOf(jsonata`$states.errorOutput.Cause`)}. Do it on each controller now: mv ${path}.magnum-ha-previous ${path}, or rm ${path} if there is none; then crm_resource --cleanup --resource ${haproxy.dot('resource')}.`,
      ).failure.template,
    },
  });
  const wait = kit.wait('Wait for HAProxy to come back', BETWEEN_POLLS, LIMITS.haproxySeconds);
  const where = jsonata<string>`$count(${$.takenBack}) = 0 ? "nowhere, as pacemaker would start HAProxy nowhere now" : "on " & $join([${$.takenBack}], ", ")`;
  const vip = jsonata<string>`${$.cycle.dot('firstAnswerAt')} = null ? "does not answer: everything behind it is down" : "answers"`;
  const back = kit.choice(
    'HAProxy back?',
    [
      {
        when: jsonata`${$.cycle.dot('done')} = true`,
        next: release,
        assign: told(
          text` The fragment of before was put back ${where}, and HAProxy serves everywhere again. Magnum is behind the VIP only where HAProxy ran on with its fragment. Find what kept HAProxy from starting (its log; ss -ltnp), then start again.`,
        ),
      },
      {
        when: isOver($.backDeadline),
        next: release,
        assign: told(
          text` The fragment of before was put back ${where}, but HAProxy still does not serve everywhere; waiting for: ${$.cycle.dot('waitingFor')}. The VIP ${vip}. Its cause is another one: crm_mon -1 -r, and HAProxy's log.`,
        ),
      },
    ],
    wait,
  );
  take.next(back);
  wait.next(take);
  return take;
}
