import { Duration } from 'aws-cdk-lib';
import { Choice, Condition, Wait, WaitTime } from 'aws-cdk-lib/aws-stepfunctions';
import { deadline, failure, invoke, isOver, onFailure, type Phase, RESULT, variables, type PhaseContext } from './step';

/**
 * Magnum's services report to the database once a minute, and count as up for three minutes after their last report: what
 * is not well after that will not get well by waiting.
 */
const DEADLINE_SECONDS = 180;

/** Verify: what answers and what lives, observed after the last change, until all is well. */
export function verify({ scope, functions, release }: PhaseContext): Phase {
  return (next) => {
    const task = invoke(scope, 'Verify', functions.verify, {
      payload: variables('site', 'restarts'),
      assign: { verification: RESULT, ...deadline('verifyDeadline', DEADLINE_SECONDS) },
      comment: 'What answers and what lives, observed now',
    });
    const wait = Wait.jsonata(scope, 'Wait for Magnum', { time: WaitTime.duration(Duration.seconds(5)) });
    const healthy = Choice.jsonata(scope, 'Healthy?')
      .when(Condition.jsonata('{% $verification.healthy = true %}'), next)
      .when(Condition.jsonata(`{% ${isOver('verifyDeadline')} %}`), release, {
        assign: failure(
          'VerificationFailed',
          `"Magnum on site " & $site.name & " is not well after ${DEADLINE_SECONDS} s; waiting for: " & $join([$verification.waitingFor], "; ")`,
        ),
      })
      .otherwise(wait);
    onFailure(task, release).next(healthy);
    wait.next(task);
    return task;
  };
}
