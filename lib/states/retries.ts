import { Duration } from 'aws-cdk-lib';
import { Errors, JitterType, type RetryProps } from 'aws-cdk-lib/aws-stepfunctions';
import { TRANSIENT_ERRORS } from '../../domain/error-catalogue';

/**
 * Lambda did not run the function, S3 gave it no site document, or SSM no secret: nothing was done, and it passes by itself. A
 * function that nobody used for weeks is inactive: its first invocation is refused, and so are others until its code and its network
 * interface are there again, which takes up to two minutes. Throttling lasts as long as others use the account's share. An error of
 * Lambda's that Step Functions has no name for is `Lambda.AWSLambdaException`, among them that of an inactive function until 2026.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 * @see https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html
 */
export const REFUSALS: readonly string[] = [
  'Lambda.CodeArtifactUserPendingException',
  'Lambda.CodeArtifactUserDeletedException',
  'Lambda.AWSLambdaException',
  'Lambda.ResourceNotReadyException',
  'Lambda.ResourceConflictException',
  'Lambda.ENINotReadyException',
  'Lambda.ENILimitReachedException',
  'Lambda.SubnetIPAddressLimitReachedException',
  'Lambda.EC2ThrottledException',
  'Lambda.EC2UnexpectedException',
  'Lambda.TooManyRequestsException',
  'ThrottlingException',
  'InternalServerError',
  'SlowDown',
  'ServiceUnavailable',
  'InternalError',
];

/**
 * Lambda failed, or its answer was lost: the function may have run, or still run. All tasks are safe to repeat.
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html
 */
export const UNANSWERED: readonly string[] = [
  'Lambda.ServiceException',
  'Lambda.SdkClientException',
  'Lambda.ClientExecutionTimeoutException',
];

/** The pauses while nobody waits for HAProxy. With full jitter, what was throttled together does not come back together. */
const UNHURRIED: RetryProps = {
  interval: Duration.seconds(2),
  backoffRate: 2,
  maxDelay: Duration.seconds(30),
  jitterStrategy: JitterType.FULL,
};

/** Four minutes on average, and as good as never less than two. */
export const AFTER_REFUSAL: RetryProps = { errors: [...REFUSALS], ...UNHURRIED, maxAttempts: 20 };

/** Two minutes on average, and as good as never less than one: each attempt may take all its time. */
const AFTER_NO_ANSWER: RetryProps = { errors: [...UNANSWERED], ...UNHURRIED, maxAttempts: 12 };

/** What passes by itself between Lambda and the site. */
const AFTER_TRANSIENT: RetryProps = {
  errors: [...TRANSIENT_ERRORS],
  maxAttempts: 2,
  interval: Duration.seconds(2),
  backoffRate: 2,
};

/** For a task while nobody waits for HAProxy. */
export const PATIENT: readonly RetryProps[] = [AFTER_REFUSAL, AFTER_NO_ANSWER, AFTER_TRANSIENT];

/** For a call of another service of AWS than Lambda, by the machine itself. */
export const UNTIL_ANSWERED: RetryProps = { errors: [Errors.ALL], ...UNHURRIED, maxAttempts: 20 };

/**
 * For an item that is put while somebody has the task's token: by what DynamoDB itself may say alone, because any other error may be
 * that person's answer. The names are those of aws-sdk:dynamodb: of the exceptions of AWS SDK for Java 2.x.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html#API_PutItem_Errors
 */
export const UNTIL_PUT: RetryProps = {
  errors: [
    'DynamoDb.DynamoDbException',
    'DynamoDb.InternalServerErrorException',
    'DynamoDb.ProvisionedThroughputExceededException',
    'DynamoDb.RequestLimitExceededException',
    'DynamoDb.ThrottlingException',
    'DynamoDb.SdkClientException',
  ],
  ...UNHURRIED,
  maxAttempts: 20,
};

/** An attempt every five seconds, for a minute and a half: each second more counts, and jitter would only waste some. */
export const SOON: RetryProps = {
  errors: [...REFUSALS, ...UNANSWERED],
  maxAttempts: 20,
  interval: Duration.seconds(1),
  backoffRate: 1.5,
  maxDelay: Duration.seconds(5),
};

/** For a task while HAProxy is down, or may be. Whatever came next would need Lambda, too. */
export const HURRIED: readonly RetryProps[] = [SOON, AFTER_TRANSIENT];
