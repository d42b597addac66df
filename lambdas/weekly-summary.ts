import { S3Client } from '@aws-sdk/client-s3';
import { linesSince } from '../domain/audit/records-since';
import { summaryOf } from '../domain/audit/summary';
import { type WeeklyMessage, weeklyMessage } from '../domain/audit/weekly';
import { documentsIn } from '../domain/site/bucket';

/** What the schedule's machine gives. */
interface Asked {
  /** ISO 8601. */
  readonly until: string;
}

const WEEK_MS = 7 * 86_400_000;

const { ARCHIVE_BUCKET = '', DOCUMENTS_BUCKET: bucket = '', STACK_NAME: stack = '' } = process.env;
const client = new S3Client({});

/** Weekly summary: what people are told of the executions of a week, by their records. */
export const handler = async ({ until: end }: Asked): Promise<WeeklyMessage> => {
  const until = Date.parse(end);
  const since = until - WEEK_MS;
  const [{ lines, altered }, known] = await Promise.all([
    linesSince(client, ARCHIVE_BUCKET, since),
    documentsIn(client, { bucket, stack }).names(),
  ]);
  return weeklyMessage(summaryOf(lines, { since, until }), { known, altered });
};
