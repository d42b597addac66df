import { Duration } from 'aws-cdk-lib';
import { Errors, type RetryProps, type State, type TaskStateBase } from 'aws-cdk-lib/aws-stepfunctions';
import { END_BAN } from '../../../domain/commands/ban';
import { END_DISABLE } from '../../../domain/commands/disable';
import type { ErrorName } from '../../../domain/error-catalogue';
import { LIMITS } from '../../../domain/site/limits';
import { quote } from '../../../domain/ssh/command-line';
import { messageOf } from '../../states/failure';
import { type Expression, jsonata, NOW, text } from '../../states/expression';
import { isOver, type Phase, type Rule, UNCHANGED, type VariablesOf } from '../../states/kit';
import { HURRIED } from '../../states/retries';
import { bounded } from '../../states/time-limit';
import type { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { PhaseContext } from './phase';
import { inTurn } from './in-turn';
import type { SiteVariables } from './variables';

/** What ends our own disable, and our ban, as somebody types it. */
const END_BY_HAND = [END_DISABLE, END_BAN].map(({ argv }) => argv.map(quote).join(' ')).join('; ');

/** Seconds between two polls. One looks for up to 5 seconds by itself, so this only lets go of the function. */
const BETWEEN_POLLS = 2;

/** After this many seconds it is believed that HAProxy starts nowhere. It starts within two, where it does. */
const GIVEN_UP_SECONDS = 20;

/**
 * The control plane is down, and nothing else that the execution could do matters as much: an attempt every 15 seconds, for six
 * minutes, whatever the error. The only Retry of its state: another before it would give up sooner.
 */
const UNTIL_ENABLED: RetryProps = {
  errors: [Errors.ALL],
  maxAttempts: 26,
  interval: Duration.seconds(2),
  backoffRate: 2,
  maxDelay: Duration.seconds(15),
};

/**
 * Update HAProxy, so that it reads what is in place: it is reloaded, or stopped and started on one controller after another, where the
 * site document wants that, or cycled: the dead-man armed; then HAProxy disabled, polled until gone everywhere, enabled, polled until
 * it serves everywhere.
 *
 * HAProxy is never left disabled, or banned from a controller: whatever goes wrong from Disable HAProxy or Roll HAProxy on is noted,
 * and the way leads through Enable HAProxy, which is tried again and again. Choices and waits in between cannot fail: their
 * expressions take any value.
 */
export function updateHaproxy(context: PhaseContext): Phase {
  const { kit, release } = context;
  return (next) => {
    const enable = enableAfterStop(context, next);
    const cycle = armDeadMan(context)(stop(context, enable));
    const orElse = (other: State) => ({
      next,
      late: ({ error, cause }: { error: ErrorName; cause: Expression<string> }) => ({
        next: other,
        assign: kit.failure(error, cause),
      }),
      onFailure: (task: LambdaInvoke) => kit.onFailure(task, other),
    });
    const ways = [inTurn(context, 'rolling', orElse(enable)), inTurn(context, 'reload', orElse(release))];
    const first = reach(context)(kit.choice('Update HAProxy how?', ways, cycle));
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
function armDeadMan({ kit, release }: PhaseContext, suffix = ''): Phase {
  return (next) => {
    const { $ } = kit;
    const arm = kit.invoke(`Arm dead-man${suffix}`, 'cycle', {
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

function stop({ kit }: PhaseContext, enable: State, suffix = ''): State {
  const { $ } = kit;
  const haproxy = $.outline.dot('haproxy');
  const disable = kit.invoke(`Disable HAProxy${suffix}`, 'cycle', {
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
    // An attempt whose answer was lost may have disabled it, and the dead-man does not wait.
    retry: HURRIED,
    comment: 'The outage of everything behind the VIPs begins',
  });
  const poll = kit.invoke(`Poll HAProxy stopped${suffix}`, 'cycle', {
    input: { site: $.site, platforms: $.platforms, action: 'poll-stopped', before: $.cycle },
    assign: (result) => ({ cycle: result }),
    retry: HURRIED,
  });
  const wait = kit.wait(`Wait for HAProxy to stop${suffix}`, BETWEEN_POLLS, LIMITS.haproxySeconds);
  const stopped = kit.choice(
    `HAProxy stopped${suffix}?`,
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
  const haproxy = $.outline.dot('haproxy');
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
      unserved: true,
      failure: jsonata<
        SiteVariables['failure']
      >`{"Error": "HAProxyLeftDisabled", "Cause": ${text`On a controller of site ${$.site.dot('name')} run now: ${END_BY_HAND}; ${command} ${haproxy.dot('resource')}. HAProxy was disabled, or may have been, and with it every service behind the VIPs is down; what this execution has disabled comes back by itself within ${haproxy.dot('deadManSeconds')} s. Enabling it failed: ${jsonata<string>`$states.errorOutput.Error`}: ${messageOf(jsonata`$states.errorOutput.Cause`)}${before}`}}`
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

/** What is told of HAProxy that does not serve everywhere in its time. */
export function late({ outline, cycle }: VariablesOf<SiteVariables>): Expression<string> {
  const seconds = outline.dot('haproxy').dot('startTimeoutSeconds');
  return text`HAProxy was enabled, but does not serve everywhere after ${seconds} s; waiting for: ${cycle.dot('waitingFor')}. Look at crm_mon -1 -r and haproxy -c on the controllers.`;
}

/** The cycle's way on from Enable HAProxy. */
function enableAfterStop(context: PhaseContext, next: State): State {
  const { kit, release } = context;
  const { $ } = kit;
  return enableHaproxy(context, {
    rules: ({ isLate }) => [
      { when: jsonata`${isServing($)} and ${$.failure} = null`, next },
      { when: isServing($), next: release, comment: 'After a failure before' },
      {
        when: jsonata`${$.cycle.dot('startsNowhere')} = true and ${isOver($.nowhereDeadline)}`,
        next: release,
        assign: {
          unserved: true,
          ...kit.failure(
            'HAProxyStartTimeout',
            text`HAProxy was enabled, but pacemaker has given up to start it, on every controller; waiting for: ${$.cycle.dot('waitingFor')}.`,
          ),
        },
      },
      {
        when: isLate,
        next: release,
        assign: { unserved: true, ...kit.failure('HAProxyStartTimeout', late($)) },
      },
    ],
    onPollFailed: (poll) => kit.onFailure(poll, release),
  });
}

/**
 * HAProxy did not come up, and what it reads is as before: pacemaker is made to try again, and again, because a controller may
 * have missed it.
 *
 * @param noted notes what goes wrong
 */
export function startAgain(
  context: PhaseContext,
  next: State,
  noted: (context: PhaseContext, state: LambdaInvoke, next: State) => LambdaInvoke,
): State {
  const { kit } = context;
  const { $ } = kit;
  const task = kit.invoke('Start HAProxy again', 'cycle', {
    input: { site: $.site, platforms: $.platforms, action: 'start-again', before: $.cycle },
    assign: (result) => ({
      cycle: result,
      backDeadline: kit.deadline($.backDeadline, $.outline.dot('haproxy').dot('startTimeoutSeconds')),
    }),
    retry: [UNTIL_ENABLED],
    comment: 'With the fragment of before',
  });
  const wait = kit.wait('Wait for HAProxy to come back', BETWEEN_POLLS, LIMITS.haproxySeconds);
  const back = kit.choice(
    'HAProxy back?',
    [
      { when: jsonata`${$.cycle.dot('done')} = true`, next },
      {
        when: isOver($.backDeadline),
        next,
        assign: {
          troubles: jsonata`$append([${$.troubles}], [${text`HAProxy still does not serve everywhere, so its cause is another one (crm_mon -1 -r, and HAProxy's log); waiting for: ${$.cycle.dot('waitingFor')}.`}])`,
        },
      },
    ],
    wait,
  );
  noted(context, task, next).next(back);
  wait.next(task);
  return task;
}

/**
 * One more cycle, after which HAProxy has read what is in place now. It goes on at `next` whatever happens.
 *
 * @returns its first state, and the one from which on HAProxy is enabled
 */
export function cycleBack({ kit }: PhaseContext, next: State): { readonly cycle: State; readonly enable: State } {
  const context: PhaseContext = { kit, release: next };
  const suffix = ' for roll-back';
  const enable = enableHaproxy(context, {
    suffix,
    rules: ({ isLate }) => [
      { when: isServing(kit.$), next },
      { when: isLate, next, comment: 'What does not serve is told' },
    ],
    onPollFailed: (poll) =>
      poll.addCatch(next, {
        errors: [Errors.ALL],
        outputs: UNCHANGED,
        assign: { orphaned: kit.orphanedByError.template },
      }),
  });
  return { cycle: armDeadMan(context, suffix)(stop(context, enable, suffix)), enable };
}
