import type { State } from 'aws-cdk-lib/aws-stepfunctions';
import { type Expression, jsonata } from '../../states/expression';
import type { Phase } from '../../states/kit';
import { haproxyDisabled, isHeldBack } from './conditions';
import type { PhaseContext } from './phase';

/**
 * Bootstrap: accounts of Magnum in the database, RabbitMQ and Keystone, if the site document asks for them. Before anything
 * is planned: whatever comes later on the controllers needs them, and they need nothing on the controllers.
 */
export function bootstrap({ kit, release }: PhaseContext): Phase {
  const { $ } = kit;
  return (next) => {
    const task = kit.invoke('Bootstrap', 'bootstrap', {
      input: { site: $.site, mode: $.acts },
      assign: (result) => ({ bootstrap: result }),
      comment: 'Creates what is missing, deletes nothing; a check only looks',
    });
    kit.onFailure(task, release).next(next);
    // Only a check comes here with HAProxy disabled, and reports that.
    const asked = jsonata<boolean>`$count($outline.bootstrap[$ != "schema"]) > 0 and $not(${haproxyDisabled($)})`;
    return kit.choice('Bootstrap asked for?', [{ when: asked, next: task }], next);
  };
}

/** Where an execution goes on that finds no tables and may not make them. */
type Missing = Record<'check' | 'authorize', State>;

/**
 * Upgrade schema: Magnum's tables, if the site document asks for them. After Commit, because only the magnum.conf in place
 * names the database; before Restart services, because a conductor without its tables neither works nor registers. Also if
 * nothing on the controllers changes: an execution may have ended in between.
 *
 * @param missing where a check, or an apply that is not authorized yet, goes on that finds none: nothing that comes later can succeed
 */
export function upgradeSchema(context: PhaseContext, missing: Missing): Phase {
  return schema(context, missing, '', jsonata`"schema" in $outline.bootstrap`);
}

/** The same for a check that found drift: not while another magnum.conf is in place, which may name another database, or none. */
export function lookAtSchema(context: PhaseContext, missing: State): Phase {
  const staged = context.kit.$.plan.dot('stage');
  return schema(
    context,
    { check: missing, authorize: missing },
    ' in a check',
    jsonata`"schema" in $outline.bootstrap and $count(${staged}) = 0`,
  );
}

function schema({ kit, release }: PhaseContext, missing: Missing, suffix: string, asked: Expression<boolean>): Phase {
  const { $ } = kit;
  return (next) => {
    const task = kit.invoke(`Upgrade schema${suffix}`, 'upgradeSchema', {
      input: { site: $.site, mode: $.acts },
      assign: (result) => ({ schema: result }),
      comment: "By Magnum's own program, on one controller",
    });
    const none = jsonata<boolean>`${$.schema.dot('action')} = "missing"`;
    const there = kit.choice(
      `Schema there${suffix}?`,
      [
        { when: jsonata`${none} and ${isHeldBack($)}`, next: missing.authorize },
        { when: none, next: missing.check, comment: 'Only in a check' },
      ],
      next,
    );
    kit.onFailure(task, release).next(there);
    return kit.choice(`Schema asked for${suffix}?`, [{ when: asked, next: task }], next);
  };
}
