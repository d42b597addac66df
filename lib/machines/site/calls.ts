import { Duration } from 'aws-cdk-lib';
import { Errors, Timeout } from 'aws-cdk-lib/aws-stepfunctions';
import { UNCHANGED } from '../../states/kit';

/** For a call of an AWS API: it answers within a second or not at all. */
export const CALL = { taskTimeout: Timeout.duration(Duration.seconds(30)), outputs: UNCHANGED };

/** For one that tells people, and fails no execution: one that failed must end, so that its recovery begins. */
export const PERSISTENT = { errors: [Errors.ALL], maxAttempts: 3, interval: Duration.seconds(1), backoffRate: 2 };

/** What a conditional write of DynamoDB ends with, if its condition does not hold. */
export const CONDITION_FAILED = 'DynamoDB.ConditionalCheckFailedException';
