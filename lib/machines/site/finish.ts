import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Errors, Fail, type State, Succeed } from 'aws-cdk-lib/aws-stepfunctions';
import type { ReportInput } from '../../../domain/report/report';
import { Expression, jsonata, text, variable } from '../../states/expression';
import { messageOf } from '../../states/failure';
import { type Phase, type StateKit, UNCHANGED, type VariablesOf } from '../../states/kit';
import { foundDrift, isRecovery } from './conditions';
import { startMend } from './mend';
import type { PhaseContext } from './phase';
import { tellOfFailure } from './tell';
import type { SiteVariables } from './variables';

/** Report: what was found and done, the execution's output. */
export function report({ kit, release }: PhaseContext): Phase {
  const { $ } = kit;
  return (next) => {
    const task = kit.invoke('Report', 'report', {
      input: reportInput($, jsonata`null`),
      assign: (result) => ({ report: result.dot('report'), telling: result.dot('telling') }),
    });
    kit.onFailure(task, release).next(next);
    return task;
  };
}

/**
 * Report failure: the same of an execution that failed, however far it came: it is in the history, and in what people are told. The
 * failure's own cause says only what came of a roll-back.
 *
 * @returns where an execution goes on that failed: then its lock is released
 */
export function reportFailure({ kit, release }: PhaseContext): State {
  const { $ } = kit;
  const error = jsonata<string>`"" & ${$.failure.dot('Error')}`;
  const cause = causeOf($);
  const failed = (more: Expression<string>) =>
    jsonata<SiteVariables['failure']>`{"Error": ${error}, "Cause": ${cause} & ${more}}`;
  const hasRolledBack = jsonata<boolean>`(${$.rollBack} != null or $count(${$.troubles}) > 0)`;
  const task = kit.invoke('Report failure', 'report', {
    input: reportInput(
      $,
      jsonata`{"error": ${error}, "cause": ${cause}, "state": "" & ${$.failure.dot('State').present}}`,
    ),
    assign: (result) => ({
      report: result.dot('report'),
      telling: result.dot('telling'),
      failure: failed(jsonata`(${hasRolledBack} ? "\\n" & ${result.dot('report')}.rollBack.summary : "")`),
    }),
    comment: 'What was done so far, what was not, and what to do next',
  });
  const unknown = jsonata<string>`(${hasRolledBack} ? "\\nNobody could tell what the roll-back came to. " & $join([${$.troubles}], " ") : "")`;
  task.addCatch(release, {
    errors: [Errors.ALL],
    outputs: UNCHANGED,
    assign: { failure: failed(unknown).template },
  });
  task.next(release);
  return kit.choice('Failed how?', [{ when: isRecovery($), next: release, comment: 'Whoever started it knows' }], task);
}

function reportInput($: VariablesOf<SiteVariables>, failure: Expression<ReportInput['failure']>) {
  return {
    execution: variable<string>('states.context.Execution.Id'),
    startedAt: variable<string>('states.context.Execution.StartTime'),
    reportedAt: variable<string>('states.context.State.EnteredTime'),
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
    plan: $.plan,
    lastOutages: $.lastOutages,
    staged: digests($),
    changes: $.changes,
    restarts: $.restarts,
    started: $.started,
    cycle: $.cycle,
    verification: $.verification,
    notSeen: $.notSeen,
    clusterTemplates: $.clusterTemplates,
    clusters: $.clusters,
    rollBack: $.rollBack,
    troubles: $.troubles,
    firstCycle: $.firstCycle,
    failure,
    input: variable<unknown>('states.context.Execution.Input'),
  };
}

/** What was staged, without what only Commit and a roll-back need: with 64 controllers that would be a sixth of a payload. */
function digests({ staged }: VariablesOf<SiteVariables>): Expression<ReportInput['staged']> {
  const ofFile = `{"path": path, "before": told.before, "after": told.after, "key": told.key}`;
  return new Expression(`[${staged.source}.{"controller": controller, "files": [files.${ofFile}]}]`);
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

/** What a failure says, for people. */
function causeOf({ failure }: VariablesOf<SiteVariables>): Expression<string> {
  const none = text`No cause was given in state ${failure.dot('State').present}`;
  return jsonata`($exists(${failure.dot('Cause')}) ? ${messageOf(failure.dot('Cause'))} : ${none})`;
}

/** The end: with the report, or with the first failure. @param machine the machine's own ARN */
export function end(
  kit: StateKit<SiteVariables>,
  topic: ITopic,
  machine: string,
): { failed: State; succeededOrFailed: State } {
  const { scope, $ } = kit;
  const { failure } = $;
  const enabledFirst = jsonata<string>`${$.leftDisabled} and ${failure.dot('Error')} != "HAProxyLeftDisabled" ? " HAProxy had been left disabled, and was enabled first." : ""`;
  const ended = Fail.jsonata(scope, 'Failed', {
    error: jsonata`"" & ${failure.dot('Error')}`.template,
    cause: text`${causeOf($)}${enabledFirst}`.template,
  });
  const failed = tellOfFailure(kit, topic, ended);
  const succeeded = Succeed.jsonata(scope, 'Done', { outputs: $.report.template });
  return {
    failed,
    succeededOrFailed: kit.choice(
      'Anything failed?',
      [
        { when: jsonata`${failure} = null and ${$.mending} = "starts"`, next: startMend(kit, machine, succeeded) },
        { when: jsonata`${failure} = null`, next: succeeded },
        { when: isRecovery($), next: ended, comment: 'Whoever started it knows, and may try again for hours' },
      ],
      failed,
    ),
  };
}
