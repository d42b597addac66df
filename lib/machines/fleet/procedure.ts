import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { DistributedMap, S3ObjectsItemReader, type State, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { DOCUMENT_KEYS } from '../../../domain/site/bucket';
import { PARENT_EXECUTION } from '../../../domain/site/started-by';
import { EXECUTION, jsonata } from '../../states/expression';
import { bounded } from '../../states/time-limit';
import { EXPRESS_LIMIT, look, type LookProps } from './look';

/** What it is made from. */
export interface Fleet extends LookProps {
  readonly bucket: IBucket;
}

/** So many sites are looked at at a time. SSM gives 40 secrets a second to all of an account, and a look of a few seconds takes eight. */
const AT_A_TIME = 20;
/** As many sites as a run is made for. */
const MOST_SITES = 10_000;

/** The procedure: for each document in the bucket, a look at its site, which starts a check if not all is as wanted. */
export function procedure(scope: Construct, { bucket, ...props }: Fleet): State {
  const each = DistributedMap.jsonata(scope, 'Each site', {
    itemReader: new S3ObjectsItemReader({ bucket, prefix: DOCUMENT_KEYS }),
    itemSelector: {
      site: jsonata`$substringAfter($states.context.Map.Item.Value.Key, ${DOCUMENT_KEYS})`.template,
      mode: 'check',
      [PARENT_EXECUTION]: EXECUTION.template,
    },
    // In each line that the functions log.
    label: 'Look',
    mapExecutionType: StateMachineType.EXPRESS,
    maxConcurrency: AT_A_TIME,
    // One that cannot be looked at does not keep the others from it.
    toleratedFailurePercentage: 100,
  }).itemProcessor(look(scope, props));
  return bounded(each, { seconds: (MOST_SITES / AT_A_TIME) * EXPRESS_LIMIT.toSeconds() });
}
