import { Errors, type State } from 'aws-cdk-lib/aws-stepfunctions';
import type { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { SiteState } from '../../../domain/look-at-site';
import { type Expression, jsonata } from '../../states/expression';
import { type Assignment, type Phase, type StateKit, UNCHANGED } from '../../states/kit';
import { AFTER_REFUSAL } from '../../states/retries';
import type { SiteVariables } from './variables';

/** What a look tells if all is as wanted: the variables that the report is made of. */
const SEEN = [
  'platforms',
  'findings',
  'bootstrap',
  'schema',
  'controllers',
  'plan',
  'verification',
  'clusterTemplates',
  'clusters',
] as const satisfies readonly (keyof SiteState)[];

/**
 * Look at site: a check looks at everything in one state, because each state costs, and most checks find all as wanted. If something is
 * not, or the look fails or takes too long, the check goes on as if it had not looked, and its history tells in detail what is wrong.
 *
 * @param reported where it goes on if all is as wanted
 * @param failed how it goes on after a failure; a check forgets it, because what comes next tells more
 */
export function lookAtSite(
  kit: StateKit<SiteVariables>,
  reported: State,
  failed = (look: LambdaInvoke, next: State) => look.addCatch(next, { errors: [Errors.ALL], outputs: UNCHANGED }),
): Phase {
  const { $ } = kit;
  return (next) => {
    const look = kit.invoke('Look at site', 'lookAtSite', {
      input: { site: $.site },
      assign: (result) => {
        const state = result.dot('state');
        const seen = (name: (typeof SEEN)[number]): Expression<never> =>
          jsonata`${state} ? ${state.dot(name)} : ${$[name]}`;
        return Object.fromEntries(SEEN.map((name) => [name, seen(name)])) satisfies Assignment<SiteVariables>;
      },
      // What fails is tried again in detail.
      retry: [AFTER_REFUSAL],
      comment: 'All at once; nothing is changed',
    });
    const decide = kit.choice('All as wanted?', [{ when: jsonata`${$.verification} != null`, next: reported }], next);
    failed(look, next);
    look.next(decide);
    return look;
  };
}
