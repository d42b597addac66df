import { existsSync, readdirSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { GetObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { GetParametersCommand } from '@aws-sdk/client-ssm';
import { archiveParameter } from '../domain/audit/s3';
import type { ArchiveFile } from '../domain/audit/verification';
import { withS3, withSsm } from './aws';
import { UsageError } from './context';
import { textAt } from './files';

/** Objects are read so many at a time. */
const AT_A_TIME = 16;

/** An archive: a bucket, a part of one, or a copy on this machine. */
export interface Archive {
  /** What its files' paths begin with. */
  readonly path: string;
  /** Its files that are wanted, below a path. */
  readonly files: (below: string, wanted?: (path: string) => boolean) => AsyncIterable<ArchiveFile>;
}

/** Does something with the archive at `s3://BUCKET/PREFIX` or in a directory. @throws AwsUnavailable */
export function withArchive<T>(archive: string, use: (archive: Archive) => Promise<T>): Promise<T> {
  const [, bucket, prefix = ''] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(archive) ?? [];
  if (bucket === undefined) return use({ path: resolve(archive).split(sep).join('/'), files: filesBelow });
  return withS3((client) =>
    use({ path: prefix, files: (below, wanted) => objectsBelow(client, { bucket, below, wanted }) }),
  );
}

/** The archive of a deployed stack, as `s3://BUCKET`. @throws UsageError, AwsUnavailable */
export function archiveOf(stack: string): Promise<string> {
  return withSsm(async (client) => {
    const name = archiveParameter(stack);
    const { Parameters: [found] = [] } = await client.send(new GetParametersCommand({ Names: [name] }));
    if (found?.Value !== undefined) return `s3://${found.Value}`;
    throw new UsageError(
      `There is no SSM parameter ${name} that names the archive of the stack. Give it with --archive.`,
    );
  });
}

async function* objectsBelow(
  client: S3Client,
  {
    bucket: Bucket,
    below: Prefix,
    wanted = () => true,
  }: {
    readonly bucket: string;
    readonly below: string;
    readonly wanted: ((path: string) => boolean) | undefined;
  },
): AsyncGenerator<ArchiveFile> {
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket, Prefix })) {
    const keys = Contents.flatMap(({ Key = '' }) => (wanted(Key) ? [Key] : []));
    while (keys.length > 0) {
      yield* await Promise.all(
        keys.splice(0, AT_A_TIME).map(async (Key) => {
          const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
          return { path: Key, text: (await Body?.transformToString()) ?? '' };
        }),
      );
    }
  }
}

// eslint-disable-next-line @typescript-eslint/require-await -- as the objects of a bucket come
async function* filesBelow(
  directory: string,
  wanted: (path: string) => boolean = () => true,
): AsyncGenerator<ArchiveFile> {
  if (!existsSync(directory)) return;
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name).split(sep).join('/');
    if (entry.isFile() && wanted(path)) yield { path, text: textAt(path, 'The record') };
  }
}
