import { LIMITS } from '../../../domain/site/limits';
import { jsonata, text } from '../../states/expression';
import { isOver, type Phase } from '../../states/kit';
import type { PhaseContext } from './phase';

/** Seconds between two looks, beside the five that one takes by itself. */
const BETWEEN_LOOKS = 2;

/**
 * Start HAProxy: where it does not run, without an outage for the others. Before a cycle, so that HAProxy is known to start on
 * every controller before it is disabled.
 */
export function startDown({ kit, release }: PhaseContext): Phase {
  return (next) => {
    const { $ } = kit;
    const seconds = $.outline.dot('haproxy').dot('startTimeoutSeconds');
    const task = kit.invoke('Start HAProxy', 'cycle', {
      input: { site: $.site, platforms: $.platforms, action: 'start-down', before: null, on: $.plan.dot('start') },
      assign: (result) => ({ started: result, downDeadline: kit.deadline($.downDeadline, seconds) }),
      comment: 'Where it does not run. Nothing is disabled: the others serve on',
    });
    const wait = kit.wait('Wait for HAProxy to start', BETWEEN_LOOKS, LIMITS.haproxySeconds);
    const controllers = jsonata<string>`$join([${$.plan.dot('start')}], ", ")`;
    const started = kit.choice(
      'HAProxy started?',
      [
        { when: jsonata`${$.started.dot('done')} = true`, next },
        {
          when: isOver($.downDeadline),
          next: release,
          assign: kit.failure(
            'HAProxyStartTimeout',
            text`HAProxy did not run on ${controllers}, and pacemaker was told to start it there. It does not serve after ${seconds} s; waiting for: ${$.started.dot('waitingFor')}. Nothing was disabled. Look at crm_mon -1 -r, haproxy -c and HAProxy's log there. If pacemaker calls it started, it has no monitor operation: crm_resource --refresh --resource ${$.outline.dot('haproxy').dot('resource')}.`,
          ),
        },
      ],
      wait,
    );
    kit.onFailure(task, release).next(started);
    wait.next(task);
    return kit.choice('HAProxy to start?', [{ when: jsonata`$count(${$.plan.dot('start')}) > 0`, next: task }], next);
  };
}
