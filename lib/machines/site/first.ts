import { Duration } from 'aws-cdk-lib';
import { Errors, type RetryProps, type State } from 'aws-cdk-lib/aws-stepfunctions';
import { jsonata, text } from '../../states/expression';
import { type Failure, JUST_FAILED } from '../../states/failure';
import { type Phase, type Rule, UNCHANGED } from '../../states/kit';
import { SOON } from '../../states/retries';
import { bounded } from '../../states/time-limit';
import { isRecovery, touchedSoFar } from './conditions';
import { enableHaproxy, isServing, late } from './cycle';
import type { PhaseContext } from './phase';
import type { SiteVariables } from './variables';
import { wakeFunctions } from './wake';

/** Nobody can tell yet whether everything is down: a minute of attempts, whatever the error. */
const UNTIL_SEEN: RetryProps = { errors: [Errors.ALL], maxAttempts: 5, interval: Duration.seconds(2), backoffRate: 2 };

/** As soon as nobody else works on the site, and again after a wait for another execution's last task. */
const TWICE = { times: 2 };

/**
 * What comes first as soon as no other execution works on the site: but for a check, HAProxy. Then another execution's last task is
 * waited for, and what Load site found refuses an apply.
 *
 * @param look where a check goes on
 * @param recovered where mode recover goes on
 */
export function first(
  context: PhaseContext,
  { look, recovered }: { readonly look: State; readonly recovered: State },
): (waits: Rule<SiteVariables>) => Phase {
  const { kit, release } = context;
  const { $ } = kit;
  return (waits) => (next) => {
    const refused = {
      when: jsonata<boolean>`${$.refusal} != null and ${$.mode} = "apply"`,
      next: release,
      assign: {
        failure: jsonata<Failure>`{"Error": ${$.refusal.dot('Error')}, "Cause": ${text`${$.refusal.dot('Cause')} ${touchedSoFar($)}`}}`,
      },
    };
    const then = kit.choice(
      'Anything to wait for?',
      [
        {
          when: jsonata`${$.failure} != null`,
          next: release,
          comment: 'Only in mode recover: it can be tried again soon',
        },
        waits,
        refused,
        { when: isRecovery($), next: recovered },
      ],
      next,
    );
    const haproxy = haproxyFirst(context, then);
    const isCheck = jsonata<boolean>`${$.mode} = "check"`;
    return kit.choice(
      'Apply?',
      [
        { ...waits, when: jsonata`${isCheck} and ${waits.when}` },
        { when: isCheck, next: look },
        { when: isRecovery($), next: haproxy, comment: 'It waits for no function that it does not need' },
      ],
      wakeFunctions(context)(haproxy),
    );
  };
}

/**
 * HAProxy first: if it was left disabled everything behind the VIPs is down, so it is enabled whatever else may be wrong, and
 * polled until it serves. If nobody can tell whether it is disabled, or it does not serve in its time, an apply goes on all the
 * same: Preflight says why. In mode recover that is a failure.
 *
 * @returns the first state
 */
function haproxyFirst(context: PhaseContext, next: State): State {
  const { kit } = context;
  const { $ } = kit;
  const unseen = {
    errors: [Errors.ALL],
    outputs: UNCHANGED,
    assign: { failure: jsonata<Failure | null>`${isRecovery($)} ? ${JUST_FAILED} : ${$.failure}`.template },
  };
  const look = kit.invoke('Look at HAProxy', 'lookAtHaproxy', {
    input: { site: $.site },
    assign: (result) => ({
      platforms: result.dot('platforms'),
      haproxyDisabled: result.dot('disabled'),
      leftDisabled: jsonata<boolean>`${$.leftDisabled} or ${result.dot('disabled')}`,
    }),
    retry: [SOON, UNTIL_SEEN],
    comment: 'If it was left disabled, everything behind the VIPs is down: that comes first',
  });
  const enable = enableHaproxy(context, {
    suffix: ' again',
    ...TWICE,
    rules: ({ isLate }) => [
      { when: isServing($), next },
      { when: jsonata`${isLate} and ${isRecovery($)}`, next, assign: kit.failure('HAProxyStartTimeout', late($)) },
      { when: isLate, next, comment: 'Preflight says why' },
    ],
    onPollFailed: (poll) => poll.addCatch(next, unseen),
  });
  const disabled = kit.choice('HAProxy disabled?', [{ when: $.haproxyDisabled, next: enable }], next);
  bounded(look, TWICE).addCatch(next, unseen);
  look.next(disabled);
  return look;
}
