import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Fail, type State, Succeed } from 'aws-cdk-lib/aws-stepfunctions';
import { jsonata, text, variable } from '../../states/expression';
import { messageOf, type Phase, type StateKit } from '../../states/kit';
import type { PhaseContext } from './phase';
import { tellOfFailure } from './tell';
import type { SiteVariables } from './variables';

/** Report: what was found and done, the execution's output. */
export function report({ kit, release }: PhaseContext): Phase {
  const { $ } = kit;
  return (next) => {
    const task = kit.invoke('Report', 'report', {
      input: {
        execution: variable('states.context.Execution.Id'),
        startedAt: variable('states.context.Execution.StartTime'),
        reportedAt: variable('states.context.State.EnteredTime'),
        site: $.site,
        mode: $.mode,
        findings: $.findings,
        platforms: $.platforms,
        leftDisabled: $.leftDisabled,
        bootstrap: $.bootstrap,
        schema: $.schema,
        controllers: $.controllers,
        plan: $.plan.present,
        changes: $.changes,
        restarts: $.restarts,
        cycle: $.cycle,
        verification: $.verification,
        clusterTemplates: $.clusterTemplates,
        clusters: $.clusters,
      },
      assign: (result) => ({ report: result.dot('report'), telling: result.dot('telling') }),
    });
    kit.onFailure(task, release).next(next);
    return task;
  };
}

/** The end: with the report, or with the first failure. */
export function end(kit: StateKit<SiteVariables>, topic: ITopic): { failed: State; succeededOrFailed: State } {
  const { scope, $ } = kit;
  const { failure } = $;
  const enabledFirst = jsonata<string>`${$.leftDisabled} and ${failure.dot('Error')} != "HAProxyLeftDisabled" ? " HAProxy had been left disabled, and was enabled first." : ""`;
  const ended = Fail.jsonata(scope, 'Failed', {
    error: jsonata`"" & ${failure.dot('Error')}`.template,
    cause:
      text`${jsonata<string>`$exists(${failure.dot('Cause')}) ? ${messageOf(failure.dot('Cause'))} : ${text`No cause was given in state ${failure.dot('State').present}`}`}${enabledFirst}`
        .template,
  });
  const failed = tellOfFailure(kit, topic, ended);
  const succeeded = Succeed.jsonata(scope, 'Done', { outputs: $.report.template });
  return {
    failed,
    succeededOrFailed: kit.choice('Anything failed?', [{ when: jsonata`${failure} = null`, next: succeeded }], failed),
  };
}
