import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import {
  Choice,
  Condition,
  DistributedMap,
  Errors,
  Fail,
  ResultWriterV2,
  S3ObjectsItemReader,
  type State,
  StateMachineType,
  Succeed,
  TaskInput as StateInput,
  Timeout,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke, SnsPublish } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { RESULTS } from '../../../domain/audit/fleet';
import type { EndedRun, Matrix, RunSummary } from '../../../domain/audit/fleet-results';
import { DOCUMENT_KEYS } from '../../../domain/site/bucket';
import { PARENT_EXECUTION } from '../../../domain/site/started-by';
import type { FleetResults } from '../../fleet-results';
import type { FleetSettings } from '../../settings';
import { EXECUTION, jsonata, text, variable } from '../../states/expression';
import { UNCHANGED } from '../../states/kit';
import { bounded } from '../../states/time-limit';
import { EXPRESS_LIMIT, look, type LookProps } from './look';

/** What it is made from. */
export interface Fleet extends LookProps {
  /** Of the site documents. */
  readonly bucket: IBucket;
  readonly results: FleetResults;
  readonly settings: FleetSettings;
  /** On which people are told. */
  readonly topic: ITopic;
}

/** As many sites as a run is made for. */
const MOST_SITES = 10_000;

const INPUT = variable<{ readonly sites: string }>('states.context.Execution.Input');
/** The part of the input that says which sites. */
const asked = INPUT.dot('sites');
const isAsked = jsonata<boolean>`$exists(${asked})`;
/** What the names of the sites begin with. */
const beginning = jsonata<string>`${isAsked} ? $substringBefore(${asked}, "*") : ""`;

/**
 * The procedure: a look at each site that has a document, or whose name begins as `{"sites": "prod-*"}` says, which starts a check if not all is as
 * wanted. Then what came of them is put together, people are told if something is not as wanted, and the run fails if too many sites were neither looked at nor are checked.
 */
export function procedure(scope: Construct, { bucket, results, settings, topic, ...props }: Fleet): State {
  const each = DistributedMap.jsonata(scope, 'Each site', {
    itemReader: new S3ObjectsItemReader({ bucket, prefix: jsonata`${DOCUMENT_KEYS} & ${beginning}`.template }),
    itemSelector: {
      site: jsonata`$substringAfter($states.context.Map.Item.Value.Key, ${DOCUMENT_KEYS})`.template,
      mode: 'check',
      [PARENT_EXECUTION]: EXECUTION.template,
    },
    // In each line that the functions log.
    label: 'Look',
    mapExecutionType: StateMachineType.EXPRESS,
    maxConcurrency: settings.concurrency,
    // One that cannot be looked at does not keep the others from it.
    toleratedFailurePercentage: 100,
    // CDK's own types differ in `undefined`.
    resultWriterV2: new ResultWriterV2({ bucket: results.bucket as IBucket, prefix: RESULTS.slice(0, -1) }),
  }).itemProcessor(look(scope, props));
  bounded(each, { seconds: Math.ceil(MOST_SITES / settings.concurrency) * EXPRESS_LIMIT.toSeconds() });
  const ended = Choice.jsonata(scope, 'Too many not checked?')
    .when(
      Condition.jsonata(jsonata`$states.input.uncheckedPercentage > ${settings.toleratedFailurePercentage}`.template),
      notChecked(scope),
    )
    .otherwise(Succeed.jsonata(scope, 'All looked at'));
  const told = Choice.jsonata(scope, 'Anything to tell?')
    .when(Condition.jsonata(jsonata`${TELLING} != null`.template), tell(scope, topic, ended))
    .otherwise(ended);
  each.next(matrix(scope, results)).next(told);
  return refusing(scope, each);
}

/** Make matrix: what came of each site. */
function matrix(scope: Construct, { matrix: target }: FleetResults): LambdaInvoke {
  const run: Readonly<Record<keyof EndedRun, string>> = {
    execution: EXECUTION.template,
    name: '{% $states.context.Execution.Name %}',
    startedAt: '{% $states.context.Execution.StartTime %}',
    endedAt: '{% $states.context.State.EnteredTime %}',
    asked: jsonata`${isAsked} ? ${asked} : null`.template,
    manifest: '{% $states.input.ResultWriterDetails.Key %}',
  };
  const state = LambdaInvoke.jsonata(scope, 'Make matrix', {
    // A version, as of all functions. CDK's own types differ in `undefined`.
    lambdaFunction: target.currentVersion as IFunction,
    payload: StateInput.fromObject(run),
    outputs: variable<RunSummary>('states.result.Payload.summary').template,
    assign: { telling: variable<Matrix['telling']>('states.result.Payload.telling').template },
    taskTimeout: Timeout.duration(Duration.seconds(130)),
    retryOnServiceExceptions: false,
  });
  state.addRetry({ errors: [Errors.ALL], maxAttempts: 4, interval: Duration.seconds(5), backoffRate: 2 });
  return state;
}

const TELLING = variable<NonNullable<Matrix['telling']>>('telling');

/** Tell people: a run that cannot does not fail for it. */
function tell(scope: Construct, topic: ITopic, next: Choice): SnsPublish {
  const state = SnsPublish.jsonata(scope, 'Tell people', {
    topic,
    subject: TELLING.dot('subject').template,
    message: StateInput.fromText(TELLING.dot('text').template),
    outputs: UNCHANGED,
    taskTimeout: Timeout.duration(Duration.seconds(30)),
  });
  state.addRetry({ errors: [Errors.ALL], maxAttempts: 3, interval: Duration.seconds(5), backoffRate: 2 });
  state.addCatch(next, { errors: [Errors.ALL], outputs: UNCHANGED });
  state.next(next);
  return state;
}

function notChecked(scope: Construct): Fail {
  const counts = variable<RunSummary>('states.input').dot('counts');
  const number = (name: string) => jsonata<number>`$lookup(${counts}, ${name})`;
  return Fail.jsonata(scope, 'Sites not checked', {
    error: 'SitesNotChecked',
    cause:
      text`Of ${number('could-not-start')} sites no check could be started, and the looks at ${number('not-told')} ended without a word. Which ones: magnum-ha fleet`
        .template,
  });
}

/** An input that says something else is refused: a run of all sites that nobody asked for would be a surprise. */
function refusing(scope: Construct, next: State): State {
  const isPattern = jsonata<boolean>`$type(${asked}) = "string" and $substringBefore(${asked}, "*") & "*" = ${asked}`;
  const isOther = jsonata<boolean>`$count($keys(${INPUT})[$ != "sites"]) > 0 or ${isAsked} and $not(${isPattern})`;
  const refused = Fail.jsonata(scope, 'Input refused', {
    error: 'InputInvalid',
    cause:
      'The input is neither {}, for all sites, nor like {"sites": "prod-*"}, with one * at the end. Nothing was touched.',
  });
  return Choice.jsonata(scope, 'Of which sites?').when(Condition.jsonata(isOther.template), refused).otherwise(next);
}
