import { Duration } from 'aws-cdk-lib';
import { Errors, type RetryProps, type State } from 'aws-cdk-lib/aws-stepfunctions';
import { jsonata, text } from '../../states/expression';
import type { Failure } from '../../states/failure';
import { type Phase, type Rule, UNCHANGED } from '../../states/kit';
import { bounded } from '../../states/time-limit';
import { touchedSoFar } from './conditions';
import { enableHaproxy, isServing } from './cycle';
import type { PhaseContext } from './phase';
import type { SiteVariables } from './variables';

/** Nobody can tell yet whether everything is down: a minute of attempts, whatever the error. */
const UNTIL_SEEN: RetryProps = { errors: [Errors.ALL], maxAttempts: 5, interval: Duration.seconds(2), backoffRate: 2 };

/** As soon as nobody else works on the site, and again after a wait for another execution's last task. */
const TWICE = { times: 2 };

/**
 * What comes first as soon as no other execution works on the site: in an apply, HAProxy. Then another execution's last task is
 * waited for, and what Load site found refuses the execution.
 */
export function first(context: PhaseContext): (waits: Rule<SiteVariables>) => Phase {
  const { kit, release } = context;
  const { $ } = kit;
  return (waits) => (next) => {
    const refused = {
      when: jsonata<boolean>`${$.refusal} != null`,
      next: release,
      assign: {
        failure: jsonata<Failure>`{"Error": ${$.refusal.dot('Error')}, "Cause": ${text`${$.refusal.dot('Cause')} ${touchedSoFar($)}`}}`,
      },
    };
    const then = kit.choice('Anything to wait for?', [waits, refused], next);
    const isCheck = jsonata<boolean>`${$.mode} = "check"`;
    return kit.choice(
      'Apply?',
      [
        { ...waits, when: jsonata`${isCheck} and ${waits.when}` },
        { when: isCheck, next },
      ],
      haproxyFirst(context, then),
    );
  };
}

/**
 * HAProxy first: if it was left disabled everything behind the VIPs is down, so it is enabled whatever else may be wrong, and
 * polled until it serves. If nobody can tell whether it is disabled, or it does not serve in its time, it goes on all the same:
 * Preflight says why.
 *
 * @returns the first state
 */
function haproxyFirst(context: PhaseContext, next: State): State {
  const { kit } = context;
  const { $ } = kit;
  const look = kit.invoke('Look at HAProxy', 'lookAtHaproxy', {
    input: { site: $.site },
    assign: (result) => ({
      platforms: result.dot('platforms'),
      haproxyDisabled: result.dot('disabled'),
      leftDisabled: jsonata<boolean>`${$.leftDisabled} or ${result.dot('disabled')}`,
    }),
    retry: [UNTIL_SEEN],
    comment: 'If it was left disabled, everything behind the VIPs is down: that comes first',
  });
  const enable = enableHaproxy(context, {
    suffix: ' again',
    ...TWICE,
    rules: ({ isLate }) => [
      { when: isServing($), next },
      { when: isLate, next, comment: 'Preflight says why' },
    ],
    onPollFailed: (poll) => poll.addCatch(next, { errors: [Errors.ALL], outputs: UNCHANGED }),
  });
  const disabled = kit.choice('HAProxy disabled?', [{ when: $.haproxyDisabled, next: enable }], next);
  bounded(look, TWICE).addCatch(next, { errors: [Errors.ALL], outputs: UNCHANGED });
  look.next(disabled);
  return look;
}
