import { Duration } from 'aws-cdk-lib';
import { Choice, Condition, Errors, type RetryProps, type State, Wait, WaitTime } from 'aws-cdk-lib/aws-stepfunctions';
import {
  deadline,
  failure,
  invoke,
  isOver,
  NOW,
  onFailure,
  type Phase,
  RESULT,
  textOf,
  variables,
  type PhaseContext,
} from './step';

/** Between two polls. One looks for up to 5 seconds by itself, so this only lets go of the function. */
const BETWEEN_POLLS = WaitTime.duration(Duration.seconds(2));

/**
 * The control plane is down, and nothing else that the execution could do matters as much: eleven attempts, with six
 * minutes between them in all, whatever the error. The only Retry of its state: another ahead of it would give up sooner.
 */
const UNTIL_ENABLED: RetryProps = {
  errors: [Errors.ALL],
  maxAttempts: 10,
  interval: Duration.seconds(2),
  backoffRate: 2,
  maxDelay: Duration.minutes(1),
};

/**
 * Cycle HAProxy: disabled, polled until gone everywhere, enabled, polled until it serves everywhere.
 *
 * HAProxy is never left disabled: whatever goes wrong from Disable HAProxy on is noted, and the way leads through Enable
 * HAProxy, which is tried again and again. Choices and waits in between cannot fail: their expressions take any value.
 */
export function cycleHaproxy(context: PhaseContext): Phase {
  return (next) => {
    const { scope } = context;
    return Choice.jsonata(scope, 'HAProxy to cycle?')
      .when(Condition.jsonata('{% $plan.cycle = true %}'), stop(context, enableHaproxy(context, next)))
      .otherwise(next);
  };
}

function stop({ scope, functions }: PhaseContext, enable: State): State {
  const disable = invoke(scope, 'Disable HAProxy', functions.cycle, {
    // Where an attempt before disabled HAProxy and was lost, the outage counts from here: a retry enters no state again.
    payload: { ...variables('site'), action: 'disable', before: { lastAnswerAt: `{% ${NOW} %}`, firstAnswerAt: null } },
    assign: { cycle: RESULT, ...deadline('stopDeadline', '$site.haproxy.stopTimeoutSeconds') },
    comment: 'The outage of everything behind the VIPs begins',
  });
  const poll = invoke(scope, 'Poll HAProxy stopped', functions.cycle, {
    payload: { ...variables('site'), action: 'poll-stopped', before: '{% $cycle %}' },
    assign: { cycle: RESULT },
  });
  const wait = Wait.jsonata(scope, 'Wait for HAProxy to stop', { time: BETWEEN_POLLS });
  const stopped = Choice.jsonata(scope, 'HAProxy stopped?')
    .when(Condition.jsonata('{% $cycle.done = true %}'), enable)
    .when(Condition.jsonata(`{% ${isOver('stopDeadline')} %}`), enable, {
      assign: failure(
        'HAProxyStopTimeout',
        '"HAProxy did not stop within " & $site.haproxy.stopTimeoutSeconds & " s and was enabled again; waiting for: " & $cycle.waitingFor',
      ),
    })
    .otherwise(wait);

  onFailure(disable, enable).next(stopped);
  onFailure(poll, enable).next(stopped);
  wait.next(poll);
  return disable;
}

/**
 * HAProxy enabled, polled until it serves everywhere.
 *
 * @param suffix of the states' names, where it is not the cycle's
 */
export function enableHaproxy({ scope, functions, release }: PhaseContext, next: State, suffix = ''): State {
  const enable = invoke(scope, `Enable HAProxy${suffix}`, functions.cycle, {
    payload: { ...variables('site'), action: 'enable', before: '{% $cycle %}' },
    assign: { cycle: RESULT, startDeadline: null },
    retry: UNTIL_ENABLED,
    comment: 'Also whatever went wrong before; safe to repeat',
  });
  onFailure(
    enable,
    release,
    '{% {"Error": "HAProxyLeftDisabled", "Cause": "Run `pcs resource enable " & $site.haproxy.resource & "` on a controller of ' +
      'site " & $site.name & " now: HAProxy was disabled, or may have been, and with it every service behind the VIPs is down. ' +
      `Enabling it failed: " & $states.errorOutput.Error & ": " & ${textOf('$states.errorOutput.Cause')} & ` +
      '($failure ? " (before that: " & $failure.Error & ")" : "")} %}',
  );

  const poll = invoke(scope, `Poll HAProxy serving${suffix}`, functions.cycle, {
    payload: { ...variables('site'), action: 'poll-started', before: '{% $cycle %}' },
    // From the first poll on: Enable HAProxy can have taken its time.
    assign: { cycle: RESULT, ...deadline('startDeadline', '$site.haproxy.startTimeoutSeconds') },
  });
  const wait = Wait.jsonata(scope, `Wait for HAProxy to serve${suffix}`, { time: BETWEEN_POLLS });
  const serving = Choice.jsonata(scope, `HAProxy serving${suffix}?`)
    .when(Condition.jsonata('{% $cycle.done = true and $failure = null %}'), next)
    .when(Condition.jsonata('{% $cycle.done = true %}'), release, { comment: 'After a failure before' })
    .when(Condition.jsonata(`{% ${isOver('startDeadline')} %}`), release, {
      assign: failure(
        'HAProxyStartTimeout',
        '"HAProxy was enabled, but does not serve everywhere after " & $site.haproxy.startTimeoutSeconds & " s; waiting for: " & $cycle.waitingFor & ". Look at crm_mon -1 -r and haproxy -c on the controllers."',
      ),
    })
    .otherwise(wait);

  enable.next(serving);
  onFailure(poll, release).next(serving);
  wait.next(poll);
  return enable;
}
