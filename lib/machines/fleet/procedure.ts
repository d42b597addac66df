import { Duration } from 'aws-cdk-lib';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import {
  DistributedMap,
  Errors,
  type IStateMachine,
  S3ObjectsItemReader,
  type State,
  StateMachineType,
  TaskInput,
  Timeout,
} from 'aws-cdk-lib/aws-stepfunctions';
import { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import { DOCUMENT_KEYS } from '../../../domain/site/bucket';
import { PARENT_EXECUTION } from '../../../domain/site/started-by';
import { EXECUTION, jsonata, NOW, text, variable } from '../../states/expression';
import { bounded } from '../../states/time-limit';

/** What it is made from. */
interface Fleet {
  readonly bucket: IBucket;
  readonly siteMachine: IStateMachine;
}

/** So many sites are begun with at a time. StartExecution may be called 300 times a second in every region. */
const AT_A_TIME = 100;
/** As many sites as a run is made for. */
const MOST_SITES = 10_000;

/** The procedure: for each document in the bucket, a check of its site is started. A busy site's check ends as skipped. */
export function procedure(scope: Construct, { bucket, siteMachine }: Fleet): State {
  const site = variable<string>('states.input.site');
  const at = jsonata<string>`$fromMillis(${NOW}, "[Y0001][M01][D01]T[H01][m01][s01]Z")`;
  const start = StepFunctionsStartExecution.jsonata(scope, 'Start check', {
    comment: 'Its result is told by itself',
    stateMachine: siteMachine,
    // The same for an attempt whose answer was lost.
    name: text`${site}-check-${at}`.template,
    input: TaskInput.fromObject({ site: site.template, mode: 'check', [PARENT_EXECUTION]: EXECUTION.template }),
    taskTimeout: Timeout.duration(Duration.seconds(30)),
  });
  start.addRetry({ errors: [Errors.ALL], maxAttempts: 5, interval: Duration.seconds(2), backoffRate: 2 });
  const each = DistributedMap.jsonata(scope, 'Each site', {
    itemReader: new S3ObjectsItemReader({ bucket, prefix: DOCUMENT_KEYS }),
    itemSelector: {
      site: jsonata`$substringAfter($states.context.Map.Item.Value.Key, ${DOCUMENT_KEYS})`.template,
    },
    mapExecutionType: StateMachineType.EXPRESS,
    maxConcurrency: AT_A_TIME,
    // One that cannot be started does not keep the others from being checked.
    toleratedFailurePercentage: 100,
  }).itemProcessor(start);
  return bounded(each, { times: MOST_SITES / AT_A_TIME });
}
