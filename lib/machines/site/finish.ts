import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Errors, Fail, type State, Succeed } from 'aws-cdk-lib/aws-stepfunctions';
import { jsonata, text, variable } from '../../states/expression';
import { messageOf } from '../../states/failure';
import { type Phase, type StateKit, UNCHANGED } from '../../states/kit';
import { foundDrift, isRecovery } from './conditions';
import type { PhaseContext } from './phase';
import { tellOfFailure } from './tell';
import type { SiteVariables } from './variables';

/** Report: what was found and done, the execution's output. After a roll-back, the failure says what came of that, too. */
export function report({ kit, release }: PhaseContext, suffix = ''): Phase {
  const { $ } = kit;
  return (next) => {
    const task = kit.invoke(`Report${suffix}`, 'report', {
      input: {
        execution: variable('states.context.Execution.Id'),
        startedAt: variable('states.context.Execution.StartTime'),
        reportedAt: variable('states.context.State.EnteredTime'),
        site: $.site,
        document: $.document,
        mode: $.mode,
        findings: $.findings,
        platforms: $.platforms,
        leftDisabled: $.leftDisabled,
        authorization: $.authorization,
        bootstrap: $.bootstrap,
        schema: $.schema,
        controllers: $.controllers,
        plan: $.plan.present,
        changes: $.changes,
        restarts: $.restarts,
        cycle: $.cycle,
        verification: $.verification,
        notSeen: $.notSeen,
        clusterTemplates: $.clusterTemplates,
        clusters: $.clusters,
        rollBack: $.rollBack,
        troubles: $.troubles,
        firstCycle: $.firstCycle,
      },
      assign: (result) => ({
        report: result.dot('report'),
        telling: result.dot('telling'),
        ...(suffix === ''
          ? {}
          : {
              failure: jsonata<
                SiteVariables['failure']
              >`{"Error": "" & ${$.failure.dot('Error')}, "Cause": ${messageOf($.failure.dot('Cause'))} & "\\n" & ${result.dot('report')}.rollBack.summary}`,
            }),
      }),
    });
    if (suffix === '') kit.onFailure(task, release);
    else
      task.addCatch(release, {
        errors: [Errors.ALL],
        outputs: UNCHANGED,
        assign: {
          failure:
            jsonata`{"Error": "" & ${$.failure.dot('Error')}, "Cause": ${messageOf($.failure.dot('Cause'))} & "\\nNobody could tell what the roll-back came to. " & $join([${$.troubles}], " ")}`
              .template,
        },
      });
    task.next(next);
    return task;
  };
}

/**
 * Where a check goes on that found drift and then failed: what it could not look at is told in its report. Anything else fails.
 */
export function reportDrift({ kit, release }: PhaseContext, reported: State): State {
  const { failure } = kit.$;
  const why = text`${jsonata<string>`"" & ${failure.dot('Error')}`}: ${messageOf(failure.dot('Cause'))}`;
  return kit.choice(
    'A check that found drift?',
    [{ when: foundDrift(kit.$), next: reported, assign: { notSeen: why, failure: null } }],
    release,
  );
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
    succeededOrFailed: kit.choice(
      'Anything failed?',
      [
        { when: jsonata`${failure} = null`, next: succeeded },
        { when: isRecovery($), next: ended, comment: 'Whoever started it knows, and may try again for hours' },
      ],
      failed,
    ),
  };
}
