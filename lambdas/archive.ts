import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { archive } from '../domain/audit/archive';
import { describe, history } from '../domain/audit/executions';
import { type LockMode, recordsIn } from '../domain/audit/s3';

/** What EventBridge tells of an execution that has ended. */
interface Ended {
  readonly detail: { readonly executionArn: string };
}

const { ARCHIVE_BUCKET = '', RETENTION_DAYS = '', OBJECT_LOCK } = process.env;
const stepFunctions = new SFNClient({});
const world = {
  executions: {
    describe: (arn: string) => describe(stepFunctions, arn),
    history: (arn: string) => history(stepFunctions, arn),
    logs: () => Promise.resolve([]),
  },
  records: recordsIn(new S3Client({}), ARCHIVE_BUCKET, OBJECT_LOCK as LockMode | undefined),
  retentionDays: Number(RETENTION_DAYS),
};

/** Archive: writes the record of an execution that has ended. */
export const handler = async ({ detail }: Ended): Promise<{ record: string }> => {
  return { record: await archive(detail.executionArn, world) };
};
