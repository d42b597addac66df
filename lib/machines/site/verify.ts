import { EXECUTION, jsonata, text } from '../../states/expression';
import { isOver, type Phase } from '../../states/kit';
import { foundDrift } from './conditions';
import type { PhaseContext } from './phase';

/**
 * Magnum's services report to the database once a minute, and count as up for three minutes after their last report: what
 * is not well after that will not get well by waiting.
 */
const DEADLINE_SECONDS = 180;

/** Verify: what answers and what lives, observed after the last change, until all is well. */
export function verify({ kit, release }: PhaseContext): Phase {
  const { $ } = kit;
  return (next) => {
    const task = kit.invoke('Verify', 'verify', {
      input: {
        site: $.site,
        platforms: $.platforms,
        restarts: $.restarts,
        changed: jsonata`[${$.staged}.controller]`,
        execution: EXECUTION,
      },
      assign: (result) => ({
        verification: result,
        verifyDeadline: kit.deadline($.verifyDeadline, DEADLINE_SECONDS),
      }),
      comment: 'What answers and what lives, observed now',
    });
    const wait = kit.wait('Wait for Magnum', 5, DEADLINE_SECONDS);
    const waitingFor = jsonata<string>`$join([${$.verification.dot('waitingFor')}], "; ")`;
    const healthy = kit.choice(
      'Healthy?',
      [
        { when: jsonata`${$.verification.dot('healthy')} = true`, next },
        {
          when: jsonata`${foundDrift($)} and $count(${$.verification}.apis[name = "VIP" and answers = false]) > 0`,
          next: release,
          assign: kit.failure(
            'VerificationFailed',
            text`Magnum's API does not answer at the VIP, so nobody looked at cluster templates and clusters; waiting for: ${waitingFor}`,
          ),
          comment: 'Magnum cannot be asked',
        },
        { when: foundDrift($), next, comment: 'What a check found does not get well by waiting' },
        {
          when: isOver($.verifyDeadline),
          next: release,
          assign: kit.failure(
            'VerificationFailed',
            text`Magnum on site ${$.site.dot('name')} is not well after ${String(DEADLINE_SECONDS)} s; waiting for: ${waitingFor}`,
          ),
        },
      ],
      wait,
    );
    kit.onFailure(task, release).next(healthy);
    wait.next(task);
    return task;
  };
}
