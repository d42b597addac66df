import { GetObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { audit } from './audit';
import { intactRecord, keyTimeOf, RECORDS, stampOf } from './record';
import { type ExecutionSummary, lineOf } from './summary';

/** Objects are read so many at a time. */
const AT_A_TIME = 16;

/** What was made of an archive's records. */
export interface Lines {
  readonly lines: readonly ExecutionSummary[];
  /** Keys of records that are not as they were written. */
  readonly altered: readonly string[];
}

/**
 * A line for each execution that began since then, by its record. Of each site only that much is listed.
 *
 * @param since milliseconds since 1970
 */
export async function linesSince(client: S3Client, Bucket: string, since: number): Promise<Lines> {
  const lines: ExecutionSummary[] = [];
  const altered: string[] = [];
  const read = async (Key: string) => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    const record = intactRecord((await Body?.transformToString()) ?? '');
    if (record) lines.push(lineOf(audit(record), record.key));
    else altered.push(Key);
  };
  const list = (Prefix: string, more: { readonly Delimiter?: string; readonly StartAfter?: string }) =>
    paginateListObjectsV2({ client }, { Bucket, Prefix, ...more });
  for await (const { CommonPrefixes = [] } of list(RECORDS, { Delimiter: '/' })) {
    for (const { Prefix = '' } of CommonPrefixes) {
      for await (const { Contents = [] } of list(Prefix, { StartAfter: `${Prefix}${stampOf(since)}` })) {
        const keys = Contents.flatMap(({ Key = '' }) => (keyTimeOf(Key) === null ? [] : [Key]));
        while (keys.length > 0) await Promise.all(keys.splice(0, AT_A_TIME).map(read));
      }
    }
  }
  return { lines, altered };
}
