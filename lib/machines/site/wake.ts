import { Duration } from 'aws-cdk-lib';
import { CustomState, Errors, Fail } from 'aws-cdk-lib/aws-stepfunctions';
import { fileOf, TASK_NAMES, type TaskName } from '../../../domain/tasks';
import { Expression, text, variable } from '../../states/expression';
import { messageOf } from '../../states/failure';
import { ENVELOPE, type Phase } from '../../states/kit';
import { PATIENT } from '../../states/retries';
import { touchedSoFar } from './conditions';
import type { PhaseContext } from './phase';

/** Tasks that neither an apply nor its roll-back nor a recovery needs: the first has already run, the second is for checks. */
const NOT_NEEDED: readonly TaskName[] = ['loadSite', 'lookAtSite'];

/** As long as a function may take to start: on a busy machine that runs all of them, too. */
const TIMEOUT = Duration.minutes(2);

/** A function to wake. */
interface Asleep {
  /** That of its file. */
  readonly name: string;
  /** ARN of the version that the tasks invoke. */
  readonly version: string;
}

/**
 * Wake functions: an apply invokes every function that it may need, without an input, before anything is touched. Lambda refuses the first
 * invocation of one that nobody used for weeks, and most are used by applies only: without this, that would happen after Commit, or
 * while HAProxy is down. One that does not wake refuses the apply.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
 */
export function wakeFunctions({ kit, release }: PhaseContext): Phase {
  const { scope } = kit;
  const needed = TASK_NAMES.filter((task) => !NOT_NEEDED.includes(task));
  return (next) => {
    const map = kit.forEach<Asleep>('Wake functions', {
      items: new Expression(
        JSON.stringify(needed.map((task): Asleep => ({ name: fileOf(task), version: kit.versionOf(task) }))),
      ),
      most: needed.length,
      each: (asleep) => {
        const wake = new CustomState(scope, 'Wake function', {
          stateJson: {
            Type: 'Task',
            Resource: 'arn:aws:states:::lambda:invoke',
            Arguments: {
              FunctionName: asleep.dot('version').template,
              Payload: { envelope: ENVELOPE, input: null },
            },
            TimeoutSeconds: TIMEOUT.toSeconds(),
            Comment: 'It does nothing, but is ready after that',
          },
        });
        for (const retrier of PATIENT) wake.addRetry(retrier);
        return wake.addCatch(notReady(kit), { errors: [Errors.ALL] });
      },
    });
    kit.onFailure(map, release).next(next);
    return map;
  };
}

/** Ends the Map, whatever becomes of the others: nothing waits for them. */
function notReady({ scope, $ }: PhaseContext['kit']): Fail {
  const asleep = variable<Asleep>('states.context.Map.Item.Value');
  return Fail.jsonata(scope, 'Function not ready', {
    error: 'FunctionNotReady',
    cause:
      text`The function ${asleep.dot('name')} cannot be invoked. ${variable<string>('states.input.Error')}: ${messageOf(variable('states.input.Cause'))} ${touchedSoFar($)} See its state: aws lambda get-function-configuration --function-name ${asleep.dot('version')}. If it is Failed, deploy the stack again; then start again.`
        .template,
  });
}
