import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SSMClient } from '@aws-sdk/client-ssm';
import { MagnumHaError, messageOf } from '../domain/errors';

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
