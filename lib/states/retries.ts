import { Duration } from 'aws-cdk-lib';
import { JitterType, type RetryProps } from 'aws-cdk-lib/aws-stepfunctions';
import { TRANSIENT_ERRORS } from '../../domain/error-catalogue';

/**
 * Lambda did not run the function, S3 gave it no site document, or SSM no secret: nothing was done, and it passes by itself. A function in a VPC that
 * nobody used for weeks wakes for up to a minute or two; throttling lasts as long as others use the account's share.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
export const REFUSALS: readonly string[] = [
  'Lambda.ResourceNotReadyException',
  'Lambda.ENINotReadyException',
  'Lambda.EC2ThrottledException',
  'Lambda.EC2UnexpectedException',
  'Lambda.TooManyRequestsException',
  'ThrottlingException',
  'SlowDown',
  'ServiceUnavailable',
  'InternalError',
];

/** Outlasts refusals of a minute and more; three minutes on average. */
export const AFTER_REFUSAL: RetryProps = {
  errors: [...REFUSALS],
  maxAttempts: 10,
  interval: Duration.seconds(2),
  backoffRate: 2,
  maxDelay: Duration.minutes(1),
  jitterStrategy: JitterType.FULL,
};

/**
 * Errors after which a task is simply tried again: Lambda's own, and what passes by itself between here and the site. All
 * tasks are safe to repeat.
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html
 */
const AFTER_TRANSIENT: RetryProps = {
  errors: [
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
    'Lambda.ClientExecutionTimeoutException',
    ...TRANSIENT_ERRORS,
  ],
  maxAttempts: 2,
  interval: Duration.seconds(2),
  backoffRate: 2,
};

/** For a task while nobody waits for HAProxy. */
export const PATIENT: readonly RetryProps[] = [AFTER_REFUSAL, AFTER_TRANSIENT];

/** For a task while HAProxy is down: it looks again soon, because each second more counts. */
export const HURRIED: readonly RetryProps[] = [
  {
    errors: [...REFUSALS],
    maxAttempts: 20,
    interval: Duration.seconds(1),
    backoffRate: 1.5,
    maxDelay: Duration.seconds(5),
  },
  AFTER_TRANSIENT,
];
