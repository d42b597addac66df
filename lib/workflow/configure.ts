import { everywhere, forEach, invoke, onFailure, type Phase, RESULT, variables, type PhaseContext } from './step';

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
