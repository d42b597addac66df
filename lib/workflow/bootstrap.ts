import { Choice, Condition, type State } from 'aws-cdk-lib/aws-stepfunctions';
import { HAPROXY_DISABLED, invoke, onFailure, type Phase, RESULT, variables, type PhaseContext } from './step';

/**
 * Bootstrap: accounts of Magnum in the database, RabbitMQ and Keystone, where the site document asks for them. Before anything
 * is planned: whatever comes later on the controllers needs them, and they need nothing on the controllers.
 */
export function bootstrap({ scope, functions, release }: PhaseContext): Phase {
  return (next) => {
    const task = invoke(scope, 'Bootstrap', functions.bootstrap, {
      payload: variables('site', 'mode'),
      assign: { bootstrap: RESULT },
      comment: 'Makes what lacks, deletes nothing; a check only looks',
    });
    onFailure(task, release).next(next);
    // Only a check comes here with HAProxy disabled, and reports that.
    return Choice.jsonata(scope, 'Bootstrap asked for?')
      .when(Condition.jsonata(`{% $count($site.bootstrap[$ != "schema"]) > 0 and $not(${HAPROXY_DISABLED}) %}`), task)
      .otherwise(next);
  };
}

/**
 * Upgrade schema: Magnum's tables, where the site document asks for them. Behind Commit, because only the magnum.conf in place
 * names the database; before Restart services, because a conductor without its tables neither works nor registers. Also where
 * nothing on the controllers changes: an execution may have ended in between.
 *
 * @param lacking where a check goes on that finds none: nothing behind it can be well
 */
export function upgradeSchema({ scope, functions, release }: PhaseContext, lacking: State): Phase {
  return (next) => {
    const task = invoke(scope, 'Upgrade schema', functions.upgradeSchema, {
      payload: variables('site', 'mode'),
      assign: { schema: RESULT },
      comment: "By Magnum's own program, on one controller",
    });
    const there = Choice.jsonata(scope, 'Schema there?')
      .when(Condition.jsonata('{% $schema.action = "missing" %}'), lacking, { comment: 'Only in a check' })
      .otherwise(next);
    onFailure(task, release).next(there);
    return Choice.jsonata(scope, 'Schema asked for?')
      .when(Condition.jsonata('{% "schema" in $site.bootstrap %}'), task)
      .otherwise(next);
  };
}

/** Whether a check found that something of bootstrap lacks. */
export const BOOTSTRAP_LACKS = '$count($bootstrap[action = "missing" or action = "differs"]) > 0';
