import { Choice, Condition, Errors, Pass, type State, type TaskStateBase } from 'aws-cdk-lib/aws-stepfunctions';
import { forEach, invoke, onFailure, type Phase, RESULT, variables, type PhaseContext } from './step';

/** Stage and validate: no file is put in place anywhere before all are accepted everywhere. */
export function stage(context: PhaseContext): Phase {
  const { scope, functions } = context;
  return everywhere(context, 'Stage and validate', {
    items: '{% $plan.stage %}',
    task: invoke(scope, 'Stage files', functions.stage, {
      payload: { ...variables('site'), controller: '{% $states.input %}' },
      outputs: RESULT,
      comment: "Beside the old ones; the controller's own programs check them",
    }),
    results: 'staged',
  });
}

/** Commit: each file in one rename, then the firewall rule. */
export function commit(context: PhaseContext): Phase {
  const { scope, functions } = context;
  return everywhere(context, 'Commit', {
    items: '{% $staged %}',
    task: invoke(scope, 'Commit files', functions.commit, {
      payload: {
        ...variables('site'),
        controller: '{% $states.input.controller %}',
        files: '{% $states.input.files %}',
      },
      outputs: RESULT,
      comment: 'In one rename each, the previous one kept beside it',
    }),
    results: 'changes',
  });
}

/**
 * Restart services: one controller after another, so that the others serve. All of them where the schema changed: whatever
 * runs has seen other tables, or none.
 */
export function restart({ scope, functions, release }: PhaseContext): Phase {
  return (next) => {
    const map = forEach(scope, 'Restart services', {
      items: '{% $schema.action in ["created", "changed"] ? [$site.controllers.name] : $plan.restart %}',
      maxConcurrency: 1,
      first: invoke(scope, 'Restart Magnum', functions.restart, {
        payload: { ...variables('site'), controller: '{% $states.input %}' },
        outputs: RESULT,
        comment: 'API and conductor, until both are back',
      }),
      assign: { restarts: '{% $states.result %}' },
    });
    onFailure(map, release).next(next);
    return map;
  };
}

interface Everywhere {
  readonly items: string;
  readonly task: TaskStateBase;
  /** The variable that gets the results. */
  readonly results: string;
}

/**
 * Runs a task for each item, side by side. Where one fails the others still end, before the failure of the first counts:
 * a Map that failed itself would stop waiting for them, and the lock would be released while they still write.
 */
function everywhere({ scope, release }: PhaseContext, name: string, { items, task, results }: Everywhere): Phase {
  return (next) => {
    task.addCatch(Pass.jsonata(scope, `${name}: failed`, { comment: 'The others are waited for' }), {
      errors: [Errors.ALL],
      outputs: { failure: '{% $merge([$states.errorOutput, {"State": $states.context.State.Name}]) %}' },
    });
    const map = forEach(scope, name, {
      items,
      first: task,
      assign: {
        [results]: '{% [$states.result[$not($exists(failure))]] %}',
        failure: '{% $exists($states.result.failure) ? [$states.result.failure][0] : null %}',
      },
    });
    const decide: State = Choice.jsonata(scope, `${name}: everywhere?`)
      .when(Condition.jsonata('{% $failure = null %}'), next)
      .otherwise(release);
    onFailure(map, release).next(decide);
    return map;
  };
}
