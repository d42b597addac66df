import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { archive } from '../domain/audit/archive';
import { describe, history } from '../domain/audit/executions';
import { logsOf } from '../domain/audit/logs';
import type { EndedExecution } from '../domain/audit/record';
import { type LockMode, recordsIn } from '../domain/audit/s3';
import { type Clock, realClock } from '../domain/world';

/** What EventBridge tells of an execution that has ended. */
interface Ended {
  readonly detail: { readonly executionArn: string };
}

/** The emulator adds its clock; on AWS there is none. */
interface Context {
  readonly clock?: Clock;
}

const { ARCHIVE_BUCKET = '', LOG_GROUP = '', RETENTION_DAYS = '', OBJECT_LOCK } = process.env;
/** A fleet's checks end about the same time, and GetExecutionHistory may be called 20 times a second. */
const stepFunctions = new SFNClient({ maxAttempts: 8 });
const logs = new CloudWatchLogsClient({});
const world = {
  executions: {
    describe: (arn: string) => describe(stepFunctions, arn),
    history: (arn: string) => history(stepFunctions, arn),
    logs: (execution: EndedExecution) => logsOf(logs, LOG_GROUP, execution),
  },
  records: recordsIn(new S3Client({}), ARCHIVE_BUCKET, OBJECT_LOCK as LockMode | undefined),
  retentionDays: Number(RETENTION_DAYS),
};

/** Archive: writes the record of an execution that has ended. */
export const handler = async ({ detail }: Ended, context?: Context): Promise<{ record: string }> => {
  const clock = context?.clock ?? realClock;
  return { record: await archive(detail.executionArn, { ...world, clock }) };
};
