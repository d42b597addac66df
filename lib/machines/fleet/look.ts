import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import {
  Errors,
  type IStateMachine,
  JitterType,
  type RetryProps,
  type State,
  Succeed,
  TaskInput as StateInput,
  Timeout,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke, StepFunctionsStartExecution } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import type { Look, LookStep } from '../../../domain/audit/look';
import { PARENT_EXECUTION } from '../../../domain/site/started-by';
import type { TaskName } from '../../../domain/tasks';
import type { TaskFunction } from '../../task-function';
import type { TaskFunctions } from '../../task-functions';
import { EXECUTION, jsonata, NOW, text, variable } from '../../states/expression';
import { JUST_FAILED } from '../../states/failure';
import { type InvokeOptions, StateKit, UNCHANGED } from '../../states/kit';
import { REFUSALS } from '../../states/retries';
import { timeLimit } from '../../states/time-limit';
import { CALL } from '../site/calls';
import { report } from '../site/finish';
import { type Lock, lookAtOwner, readLock } from '../site/lock';
import { lookAtSite } from '../site/look';
import type { PhaseContext } from '../site/phase';
import { loadSite } from '../site/prepare';
import type { SiteVariables } from '../site/variables';

/** What a look is made from. */
export interface LookProps {
  readonly functions: TaskFunctions;
  readonly lock: Lock;
  /** The function that writes the record of a look. */
  readonly archive: TaskFunction;
  readonly siteMachine: IStateMachine;
}

/** An Express execution is ended after that, and nothing of it is caught. */
export const EXPRESS_LIMIT = Duration.minutes(5);

/** How many seconds each task may take: all of them together must be over before the execution is ended. */
const SECONDS: Partial<Record<TaskName, number>> = { loadSite: 20, lookAtSite: 130, report: 15 };
const ARCHIVE_SECONDS = 30;

/** Of a call of an AWS API. If it fails, a check is started, which has more time. */
const BRIEF_CALL = { ...CALL, taskTimeout: Timeout.duration(Duration.seconds(5)) };

/** Whatever lasts longer, or is another error, is left to the check. */
const BRIEFLY: RetryProps = {
  errors: [...REFUSALS],
  maxAttempts: 3,
  interval: Duration.seconds(1),
  backoffRate: 2,
  jitterStrategy: JitterType.FULL,
};

/** In place of a history, which an Express execution does not have. */
const STEPS = variable<readonly LookStep[]>('steps');

/** Makes the states of a look: each that invokes a function has little time, and notes what it returned. */
class LookKit extends StateKit<SiteVariables> {
  override invoke<T extends TaskName>(name: string, task: T, options: InvokeOptions<SiteVariables, T>): LambdaInvoke {
    const { assign } = options;
    const seconds = SECONDS[task] ?? 0;
    return super.invoke(name, task, {
      ...options,
      ...{ retry: [BRIEFLY], seconds },
      assign: (result) => {
        const step = jsonata<LookStep>`{"name": $states.context.State.Name, "enteredAt": $states.context.State.EnteredTime, "output": ${result}}`;
        const steps = task === 'loadSite' ? jsonata`[${step}]` : jsonata`$append(${STEPS}, ${step})`;
        return { ...assign?.(result), steps };
      },
    });
  }
}

/**
 * The look of the fleet machine at one site, as an Express execution, which costs next to nothing. It uses what a check uses, and takes no
 * lock, because it changes nothing. If all is as wanted the record of that goes to the archive. Otherwise, or if anything fails or takes too
 * long, a check is started, which looks in detail and has a history:
 *
 * Load site → Read site lock (busy: skipped) → Look at site → Report → Archive
 *
 * Its input is that of the check.
 *
 * @returns its first state
 */
export function look(parent: Construct, { functions, lock, archive, siteMachine }: LookProps): State {
  const scope = new Construct(parent, 'Look');
  const kit = new LookKit(scope, functions);
  const { $ } = kit;
  const site = variable<string>('states.input.site');
  const start = startCheck(scope, siteMachine);
  const context: PhaseContext = { kit, release: start };
  const done = Succeed.jsonata(scope, 'As wanted', {
    outputs: { site: site.template, verdict: 'as-wanted' },
  });
  const busy = Succeed.jsonata(scope, 'Busy', {
    outputs: { site: site.template, verdict: 'busy', heldBy: $.lockOwner.template },
    comment: 'It is looked at the next time',
  });

  const record = writeRecord(kit, archive);
  kit.onFailure(record, start).next(done);
  const quiet = kit.choice('Nothing to tell?', [{ when: jsonata`${$.telling} = null`, next: record }], start);
  const reported = report(context)(quiet);
  const looked = lookAtSite(kit, reported, (state, next) => kit.onFailure(state, next))(start);
  const owner = lookAtOwner(scope, lock.executions, $.lockOwner, BRIEF_CALL);
  const running = kit.choice(
    'Owner still running?',
    [{ when: jsonata`${$.ownerStatus} = "RUNNING"`, next: busy }],
    start,
  );
  kit.onFailure(owner, start).next(running);
  const free = kit.choice('Busy?', [{ when: jsonata`${$.lockOwner} = ""`, next: looked }], owner);
  const read = readLock(scope, lock.table, $.lock, BRIEF_CALL);
  kit.onFailure(read, start).next(free);
  const first = loadSite(context, start, true)(read);

  const longest = timeLimit(scope);
  if (longest.toSeconds() > EXPRESS_LIMIT.toSeconds()) {
    throw new Error(`A look can take ${longest.toSeconds()} s, and an Express execution is ended before`);
  }
  return first;
}

/** Archive: only once that is done the site counts as checked. */
function writeRecord({ scope }: LookKit, archive: TaskFunction): LambdaInvoke {
  const told: Readonly<Record<keyof Look, string>> = {
    executionArn: EXECUTION.template,
    name: '{% $states.context.Execution.Name %}',
    startedAt: '{% $states.context.Execution.StartTime %}',
    endedAt: '{% $states.context.State.EnteredTime %}',
    input: '{% $states.context.Execution.Input %}',
    steps: STEPS.template,
  };
  const state = LambdaInvoke.jsonata(scope, 'Archive', {
    // A version, as of all functions. CDK's own types differ in `undefined`.
    lambdaFunction: archive.currentVersion as IFunction,
    payload: StateInput.fromObject(told),
    outputs: UNCHANGED,
    taskTimeout: Timeout.duration(Duration.seconds(ARCHIVE_SECONDS)),
    retryOnServiceExceptions: false,
    comment: "The record of the look is one of the site's, as that of a check is",
  });
  state.addRetry(BRIEFLY);
  return state;
}

/** Start check: it tells of itself. */
function startCheck(scope: Construct, siteMachine: IStateMachine): State {
  const site = variable<string>('states.input.site');
  const at = jsonata<string>`$fromMillis(${NOW}, "[Y0001][M01][D01]T[H01][m01][s01]Z")`;
  const failure = variable<SiteVariables['failure']>('failure');
  const found = jsonata<string>`${STEPS}[-1].output.notAsWanted`;
  const because = jsonata<string>`$substring(${failure} ? ${failure.dot('Error')} : $exists(${found}) and ${found} != null ? ${found} : "It could not be told.", 0, 200)`;
  const start = StepFunctionsStartExecution.jsonata(scope, 'Start check', {
    comment: 'It looks in detail, and its result is told by itself',
    stateMachine: siteMachine,
    // The same for an attempt whose answer was lost.
    name: text`${site}-check-${at}`.template,
    input: StateInput.fromObject({
      site: site.template,
      mode: 'check',
      [PARENT_EXECUTION]: `{% $states.input.${PARENT_EXECUTION} %}`,
    }),
    taskTimeout: Timeout.duration(Duration.seconds(10)),
    outputs: {
      site: site.template,
      verdict: 'check-started',
      check: '{% $states.result.ExecutionArn %}',
      because: because.template,
    },
  });
  start.addRetry({ errors: [Errors.ALL], maxAttempts: 3, interval: Duration.seconds(2), backoffRate: 2 });
  const failed = Succeed.jsonata(scope, 'Could not start', {
    outputs: {
      site: site.template,
      verdict: 'could-not-start',
      error: '{% $failure.Error %}',
      because: because.template,
    },
  });
  start.addCatch(failed, { errors: [Errors.ALL], outputs: UNCHANGED, assign: { failure: JUST_FAILED.template } });
  return start;
}
