import { S3Client } from '@aws-sdk/client-s3';
import { archiveLook } from '../domain/audit/archive';
import type { Look } from '../domain/audit/look';
import { type LockMode, recordsIn } from '../domain/audit/s3';

const { ARCHIVE_BUCKET = '', RETENTION_DAYS = '', OBJECT_LOCK } = process.env;
const records = recordsIn(new S3Client({}), ARCHIVE_BUCKET, OBJECT_LOCK as LockMode | undefined);

/** Archive look: writes the record of a look of the fleet machine. */
export const handler = async (look: Look): Promise<{ record: string }> => ({
  record: await archiveLook(look, { records, retentionDays: Number(RETENTION_DAYS) }),
});
