import { Choice, Condition, Fail, type State, Succeed } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { invoke, onFailure, type Phase, RESULT, textOf, variables, type PhaseContext } from './step';

/** Report: what was found and done, the execution's output. */
export function report({ scope, functions, release }: PhaseContext): Phase {
  return (next) => {
    const task = invoke(scope, 'Report', functions.report, {
      payload: {
        execution: '{% $states.context.Execution.Id %}',
        startedAt: '{% $states.context.Execution.StartTime %}',
        reportedAt: '{% $states.context.State.EnteredTime %}',
        ...variables(
          'site',
          'mode',
          'findings',
          'leftDisabled',
          'bootstrap',
          'schema',
          'controllers',
          'plan',
          'changes',
          'restarts',
          'cycle',
          'verification',
          'clusterTemplates',
          'clusters',
        ),
      },
      assign: { report: RESULT },
    });
    onFailure(task, release).next(next);
    return task;
  };
}

/** The end: with the report, or with the first failure. */
export function end(scope: Construct): { readonly failed: State; readonly succeededOrFailed: State } {
  const failed = Fail.jsonata(scope, 'Failed', {
    error: '{% "" & $failure.Error %}',
    cause: `{% $exists($failure.Cause) ? ${textOf('$failure.Cause')} : "No cause was given in state " & $failure.State %}`,
  });
  const succeeded = Succeed.jsonata(scope, 'Done', { outputs: '{% $report %}' });
  return {
    failed,
    succeededOrFailed: Choice.jsonata(scope, 'Anything failed?')
      .when(Condition.jsonata('{% $failure = null %}'), succeeded)
      .otherwise(failed),
  };
}
