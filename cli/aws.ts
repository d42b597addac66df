import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { MagnumHaError, messageOf } from '../domain/errors';
import { bucketParameter } from '../domain/site/bucket';
import { UsageError } from './context';

/** AWS cannot be reached, or refuses a call. */
export class AwsUnavailable extends MagnumHaError {
  override readonly name = 'AwsUnavailable';
}

/** Does something with Step Functions. @throws AwsUnavailable for whatever the service or the way there refuses */
export function withStepFunctions<T>(use: (client: SFNClient) => Promise<T>): Promise<T> {
  return withClient(new SFNClient({}), 'Step Functions', use);
}

/** Does something with SSM. @throws AwsUnavailable, likewise */
export function withSsm<T>(use: (client: SSMClient) => Promise<T>): Promise<T> {
  return withClient(new SSMClient({}), 'SSM', use);
}

/** Does something with CloudWatch Logs. @throws AwsUnavailable, likewise */
export function withLogs<T>(use: (client: CloudWatchLogsClient) => Promise<T>): Promise<T> {
  return withClient(new CloudWatchLogsClient({}), 'CloudWatch Logs', use);
}

/** Does something with S3. @throws AwsUnavailable, likewise */
export function withS3<T>(use: (client: S3Client) => Promise<T>): Promise<T> {
  return withClient(new S3Client({}), 'S3', use);
}

/** Does something with the bucket of a stack's site documents. @throws AwsUnavailable; UsageError if there is no such stack */
export async function withDocuments<T>(
  stack: string,
  use: (client: S3Client, bucket: string) => Promise<T>,
): Promise<T> {
  const bucket = await withSsm(async (client) => {
    const { Parameters = [] } = await client.send(new GetParametersCommand({ Names: [bucketParameter(stack)] }));
    return Parameters[0]?.Value;
  });
  if (bucket === undefined) {
    throw new UsageError(
      `There is no SSM parameter ${bucketParameter(stack)} in this account and region. Deploy the stack (npx cdk deploy), or ` +
        `name another with --stack.`,
    );
  }
  return withClient(new S3Client({}), 'S3', (client) => use(client, bucket));
}

/** The ARN of whoever the credentials belong to, as AWS says. @throws AwsUnavailable */
export function whoAmI(): Promise<string> {
  return withClient(new STSClient({}), 'STS', async (client) => {
    const { Arn = '' } = await client.send(new GetCallerIdentityCommand({}));
    return Arn;
  });
}

async function withClient<C extends { destroy(): void }, T>(
  client: C,
  service: string,
  use: (client: C) => Promise<T>,
): Promise<T> {
  try {
    return await use(client);
  } catch (error) {
    if (error instanceof MagnumHaError) throw error;
    const name = error instanceof Error ? error.name : 'Error';
    throw new AwsUnavailable(
      `${service}: ${name}: ${messageOf(error)} Credentials and region are those of the aws command: AWS_PROFILE, ` +
        `AWS_REGION. Nothing was touched.`,
    );
  } finally {
    client.destroy();
  }
}
