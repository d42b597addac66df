import type { State } from 'aws-cdk-lib/aws-stepfunctions';
import { type Expression, jsonata, text } from '../../states/expression';
import { isOver, type Rule, type StateKit } from '../../states/kit';
import { bounded } from '../../states/time-limit';
import type { SiteVariables } from './variables';

/** So many seconds an apply waits for a recovery, which takes seconds where HAProxy starts, and a few minutes where it does not. */
const MOST_SECONDS = 300;

/** Seconds between two looks at the lock. */
const BETWEEN_LOOKS = 5;

/** An apply's way where the lock is a recovery's. */
interface WaitForRecovery {
  /** Whether the lock's owner is one, and this execution an apply. */
  readonly isWaitedFor: Expression<boolean>;
  /** Leads to the wait, as long as there is time for it. */
  readonly rule: Rule<SiteVariables>;
  /** What to do once there is none. */
  readonly advice: Expression<string>;
}

/**
 * Wait for the recovery: it follows a failed apply by itself, and whoever starts the next apply need not know of it.
 *
 * @param read reads the lock, where the wait leads back to
 * @param look looks at its owner after that
 */
export function waitForRecovery(
  kit: StateKit<SiteVariables>,
  { read, look }: { readonly read: State; readonly look: State },
): WaitForRecovery {
  const { $ } = kit;
  const isWaitedFor = jsonata<boolean>`(${$.mode} = "apply" and ${$.ownerRecovers})`;
  const wait = kit.wait('Wait for the recovery', BETWEEN_LOOKS, MOST_SECONDS + BETWEEN_LOOKS);
  // The first look comes before the wait, and the last one may end after its time. All others take theirs from it.
  for (const one of [read, look]) bounded(one, { times: 2 });
  wait.next(read);
  return {
    isWaitedFor,
    rule: {
      when: jsonata`${isWaitedFor} and $not(${isOver($.recoveryDeadline)})`,
      next: wait,
      assign: { recoveryDeadline: kit.deadline($.recoveryDeadline, MOST_SECONDS) },
    },
    advice: text`It is a recovery, and this apply has waited ${MOST_SECONDS} s for it. See in its history what takes so long, and start again once it has ended.`,
  };
}
