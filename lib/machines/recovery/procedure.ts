import { Duration } from 'aws-cdk-lib';
import {
  Choice,
  Condition,
  Errors,
  Fail,
  IntegrationPattern,
  type State,
  type StateMachine,
  Succeed,
  TaskInput,
  Timeout,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import { ERROR_CATALOGUE } from '../../../domain/error-catalogue';
import { jsonata, NOW, text, variable } from '../../states/expression';
import { UNCHANGED } from '../../states/kit';
import { bounded } from '../../states/time-limit';

/** So long it is tried. What keeps a site from being reached for longer, people know of. */
const TRIED_SECONDS = 12 * 3600;

/**
 * One attempt takes a quarter of an hour at most where it goes well: the last task of the execution that ended is waited for.
 * Where it does not, each of its states gives up after minutes.
 */
const ATTEMPT = Duration.hours(2);

/** Between two attempts, in seconds: soon at first, because everything behind the VIPs may be down. */
const BETWEEN = { first: 5, most: 300 };

/** No further attempt would do better. */
const FOR_PEOPLE: readonly string[] = [
  ...Object.keys(ERROR_CATALOGUE['Input and site document']),
  ...Object.keys(ERROR_CATALOGUE.Secrets),
];

/** The event's: an execution that has ended, with its input as text. */
const ended = variable<{ executionArn: string; input: string }>('states.input.detail');
const asked = jsonata<{ site: string; mode: string }>`$parse(${ended.dot('input')})`;
const [site, execution, deadline, attempts, error] = [
  variable<string>('site'),
  variable<string>('execution'),
  variable<number>('deadline'),
  variable<number>('attempts'),
  variable<{ Error: string; Cause: string }>('error'),
];

/**
 * The procedure: an apply? → Recover → Recovered; or, if that fails: another execution works on the site → Left to it; nobody
 * could do better → Not recovered; otherwise → Wait → Recover, for hours.
 */
export function procedure(scope: Construct, siteMachine: StateMachine): State {
  const recover = StepFunctionsStartExecution.jsonata(scope, 'Recover', {
    comment: 'HAProxy enabled first; then what the execution left is taken away, and its lock released',
    stateMachine: siteMachine,
    integrationPattern: IntegrationPattern.RUN_JOB,
    input: TaskInput.fromObject({ site: site.template, mode: 'recover' }),
    taskTimeout: Timeout.duration(ATTEMPT),
    assign: { recovery: '{% $states.result.Output %}' },
    outputs: UNCHANGED,
  });
  const recovered = Succeed.jsonata(scope, 'Recovered', {
    outputs: { site: site.template, after: execution.template, recovery: '{% $recovery %}' },
  });
  const left = Succeed.jsonata(scope, 'Left to another execution', {
    outputs: { site: site.template, after: execution.template, reason: error.dot('Cause').template },
  });
  const notRecovered = Fail.jsonata(scope, 'Not recovered', {
    error: 'NotRecovered',
    cause:
      text`Site ${site} could not be recovered after ${execution}, in ${attempts} attempts. HAProxy may be disabled: look at it now, with crm_mon -1 on a controller. ${error.dot('Cause')}`
        .template,
  });
  const wait = bounded(
    Wait.jsonata(scope, 'Wait for the next attempt', {
      time: WaitTime.seconds(
        jsonata`$min([${BETWEEN.most}, ${BETWEEN.first} * $power(2, $min([10, ${attempts} - 1]))])`.template,
      ),
    }),
    { seconds: TRIED_SECONDS },
  );
  const endedWith = (name: string) => `$contains(${error.source}.Cause, "\\"Error\\":\\"${name}\\"")`;
  const next = Choice.jsonata(scope, 'Try again?')
    .when(Condition.jsonata(`{% ${endedWith('SiteLocked')} %}`), left)
    .when(Condition.jsonata(`{% ${FOR_PEOPLE.map(endedWith).join(' or ')} %}`), notRecovered)
    .when(Condition.jsonata(jsonata`${NOW} > ${deadline}`.template), notRecovered)
    .otherwise(wait);
  recover.addCatch(next, {
    errors: [Errors.ALL],
    outputs: UNCHANGED,
    assign: {
      error: jsonata`$merge([{"Cause": ""}, $states.errorOutput])`.template,
      attempts: jsonata`${attempts} + 1`.template,
    },
  });
  recover.next(recovered);
  wait.next(recover);
  return apply(scope, recover);
}

/** A check changes nothing, and a recovery is tried again by whoever began it. */
function apply(scope: Construct, recover: State): State {
  const nothing = Succeed.jsonata(scope, 'Nothing to recover', {
    outputs: { after: ended.dot('executionArn').template },
  });
  return Choice.jsonata(scope, 'Apply?')
    .when(Condition.jsonata(jsonata`${asked}.mode = "apply" and $type(${asked}.site) = "string"`.template), recover, {
      assign: {
        site: `{% ${asked.source}.site %}`,
        execution: ended.dot('executionArn').template,
        deadline: jsonata`${NOW} + ${TRIED_SECONDS} * 1000`.template,
        attempts: 0,
      },
    })
    .otherwise(nothing);
}
