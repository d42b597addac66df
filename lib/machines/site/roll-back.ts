import { Duration } from 'aws-cdk-lib';
import { Errors, Pass, type RetryProps, type State } from 'aws-cdk-lib/aws-stepfunctions';
import type { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { LIMITS } from '../../../domain/site/limits';
import type { Restart } from '../../../domain/controller/restart';
import { EXECUTION, type Expression, jsonata, text } from '../../states/expression';
import { JUST_FAILED, messageOf } from '../../states/failure';
import { inOrder, isOver, type Phase, UNCHANGED } from '../../states/kit';
import { cycleBack, startAgain } from './cycle';
import type { PhaseContext } from './phase';
import { inTurn } from './in-turn';

/** How long controllers on which something goes wrong are tried again. */
const DEADLINE_SECONDS = 60;
const BETWEEN_ATTEMPTS = 5;
/** How long Magnum may take until it is as well as it was: its conductors report once a minute. */
const WELL_SECONDS = 75;

/** A controller must not stay between old and new, whatever the error; and HAProxy may be down meanwhile. Three minutes. */
const UNTIL_ROLLED_BACK: RetryProps = {
  errors: [Errors.ALL],
  maxAttempts: 20,
  interval: Duration.seconds(2),
  backoffRate: 2,
  maxDelay: Duration.seconds(10),
};

/** Where an execution goes on after a failure. */
export interface WaysBack {
  /** Before anything was put in place: what was staged is taken away. */
  readonly discard: State;
  /** From then on: every controller returns to its state before. */
  readonly rollBack: State;
}

/**
 * Roll back: what this execution changed on the controllers is undone, observed and told, whatever goes wrong meanwhile. If
 * HAProxy does not start, that also holds for its fragment where the document says to keep what is there.
 */
export function waysBack(context: PhaseContext): WaysBack {
  const { kit, release } = context;
  const { $ } = kit;
  const discard = kit.invoke('Discard staged files', 'rollBack', {
    input: { site: $.site, platforms: $.platforms, execution: EXECUTION, staged: $.staged, scope: 'nothing' },
    comment: 'Nothing of them was put in place, or it is to be kept',
  });
  discard.addCatch(release, {
    errors: [Errors.ALL],
    outputs: UNCHANGED,
    assign: { orphaned: kit.orphanedByError.template },
  });
  discard.next(release);

  const told = inOrder([verifyAfterRollBack(context)], release);
  const first = inOrder(
    [rollBackFiles(context), startHaproxyAgain(context), restartAgain(context), cycleHaproxyBack(context)],
    told,
  );
  const keeps = jsonata<boolean>`${$.outline.dot('onFailure')} = "keep"`;
  const rollBack = kit.choice(
    'To roll back?',
    [
      { when: jsonata`${$.unserved} = true`, next: first, comment: 'HAProxy does not start with what is there' },
      { when: jsonata`$count(${$.staged}) = 0`, next: release, comment: 'Nothing was put in place' },
      { when: keeps, next: discard },
    ],
    first,
  );
  return { discard, rollBack };
}

/** Files and rules of all controllers, and once more those of controllers on which something went wrong. */
function rollBackFiles(context: PhaseContext): Phase {
  const { kit } = context;
  const { $ } = kit;
  return (next) => {
    const task = kit.invoke('Roll back files', 'rollBack', {
      input: {
        site: $.site,
        platforms: $.platforms,
        execution: EXECUTION,
        staged: $.staged,
        scope: jsonata`${$.outline.dot('onFailure')} = "keep" ? "fragment" : "everything"`,
      },
      assign: (result) => ({
        rollBack: result,
        rollBackDeadline: kit.deadline($.rollBackDeadline, DEADLINE_SECONDS),
        firstCycle: $.cycle,
        stopDeadline: null,
        restarts: [],
        verification: null,
        verifyDeadline: null,
      }),
      retry: [UNTIL_ROLLED_BACK],
      comment: "Only where this execution's own are still in place",
    });
    const wait = kit.wait('Wait for controllers', BETWEEN_ATTEMPTS, DEADLINE_SECONDS);
    const done = kit.choice(
      'Rolled back?',
      [
        { when: jsonata`$count(${$.rollBack.dot('failed')}) = 0`, next },
        { when: isOver($.rollBackDeadline), next },
      ],
      wait,
    );
    noteTrouble(context, task, next).next(done);
    wait.next(task);
    return task;
  };
}

/** Before all else if HAProxy is down: everything behind the VIPs is. */
function startHaproxyAgain(context: PhaseContext): Phase {
  const { kit } = context;
  return (next) =>
    kit.choice(
      'HAProxy to start again?',
      [{ when: jsonata`${kit.$.unserved} = true`, next: startAgain(context, next, noteTrouble) }],
      next,
    );
}

/** The services that have read what is not in place any more, one controller after another. */
function restartAgain({ kit }: PhaseContext): Phase {
  const { scope, $ } = kit;
  return (next) => {
    const failed = Pass.jsonata(scope, 'Restart again: failed', { comment: 'The others are restarted all the same' });
    const map = kit.forEach('Restart services again', {
      items: jsonata<readonly string[]>`[${$.rollBack.dot('controllers')}[$count(stale) > 0].controller]`,
      most: LIMITS.controllers,
      maxConcurrency: 1,
      each: (controller) =>
        kit
          .invoke('Restart Magnum again', 'restart', {
            input: { site: $.site, platforms: $.platforms, controller, afterRollBack: true },
            output: 'result',
            comment: 'With the files of before',
          })
          .addCatch(failed, { errors: [Errors.ALL], outputs: { failure: JUST_FAILED.template } }),
      assign: (results) => ({
        restarts: jsonata<readonly Restart[]>`[${results}[$not($exists(failure))]]`,
        troubles: jsonata<
          readonly string[]
        >`$append([${$.troubles}], [${results}[$exists(failure)].failure.${messageOf(jsonata`Cause`)}])`,
      }),
    });
    kit.onFailure(map, next).next(next);
    return map;
  };
}

/** HAProxy is updated once more, in the same way, if it has read the fragment that was taken away. */
function cycleHaproxyBack(context: PhaseContext): Phase {
  const { kit } = context;
  const { $ } = kit;
  return (next) => {
    const rewritten = jsonata<boolean>`$count(${$.staged}.files[kind = "fragment" and rewritten = true]) > 0`;
    const read = jsonata<boolean>`(${$.cycle} != null or true in ${$.rollBack.dot('controllers')}.haproxyStale)`;
    const stale = jsonata<boolean>`${$.unserved} = false and ${rewritten} and ${read}`;
    const { cycle, enable } = cycleBack(context, next);
    const orElse = (other: State) => ({
      next,
      late: ({ cause }: { cause: Expression<string> }) => ({
        next: other,
        assign: { troubles: jsonata<readonly string[]>`$append([${$.troubles}], [${cause}])` },
      }),
      onFailure: (task: LambdaInvoke) => noteTrouble(context, task, other),
      suffix: ' for roll-back',
    });
    return kit.choice(
      'HAProxy to cycle back?',
      [
        // Where HAProxy did not start on one controller, others may run with what was taken away; and nothing is down for this.
        inTurn(context, 'rolling', orElse(enable), jsonata`${rewritten} and ${read}`),
        inTurn(context, 'reload', orElse(next), stale),
        { when: stale, next: cycle },
      ],
      next,
    );
  };
}

/** What answers and what lives after it: told, whatever it is. Magnum may not have been well before either. */
function verifyAfterRollBack({ kit }: PhaseContext): Phase {
  const { $ } = kit;
  return (next) => {
    const task = kit.invoke('Verify after roll-back', 'verify', {
      input: {
        site: $.site,
        platforms: $.platforms,
        restarts: $.restarts,
        changed: jsonata`[]`,
        execution: EXECUTION,
      },
      assign: (result) => ({ verification: result, verifyDeadline: kit.deadline($.verifyDeadline, WELL_SECONDS) }),
    });
    const wait = kit.wait('Wait for Magnum after roll-back', BETWEEN_ATTEMPTS, WELL_SECONDS);
    const well = kit.choice(
      'Well after roll-back?',
      [
        { when: jsonata`${$.verification.dot('healthy')} = true`, next },
        { when: isOver($.verifyDeadline), next },
      ],
      wait,
    );
    task.addCatch(next, { errors: [Errors.ALL], outputs: UNCHANGED });
    task.next(well);
    wait.next(task);
    return task;
  };
}

/** Whatever goes wrong in a state is told beside the first failure, and the way back goes on. */
function noteTrouble({ kit }: PhaseContext, state: LambdaInvoke, next: State): LambdaInvoke {
  const said = text`${JUST_FAILED.dot('Error')}: ${messageOf(jsonata`$states.errorOutput.Cause`)}`;
  state.addCatch(next, {
    errors: [Errors.ALL],
    outputs: UNCHANGED,
    assign: {
      orphaned: kit.orphanedByError.template,
      troubles: jsonata`$append([${kit.$.troubles}], [${said}])`.template,
    },
  });
  return state;
}
