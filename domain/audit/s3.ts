import {
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import type { RecordStore } from './archive';

/** Object Lock's two modes: in the first, whoever may bypass it can still delete. */
export const LOCK_MODES = ['GOVERNANCE', 'COMPLIANCE'] as const;
export type LockMode = (typeof LOCK_MODES)[number];

/** The SSM parameter in which a stack says which bucket its archive is. */
export function archiveParameter(stack: string): string {
  return `/${stack}/archive-bucket`;
}

/** Records in a bucket. @param lock how nobody can delete them; undefined for not at all */
export function recordsIn(client: S3Client, bucket: string, lock: LockMode | undefined): RecordStore {
  return {
    get: (key) =>
      unless(NOT_FOUND, async () => {
        const { Body, ETag } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        return { text: (await Body?.transformToString()) ?? '', tag: ETag ?? '' };
      }),
    has: async (key) =>
      (await unless(NOT_FOUND, () => client.send(new HeadObjectCommand({ Bucket: bucket, Key: key })))) !== undefined,
    put: async (key, text, { contentType, over, keptUntil }) => {
      const put = new PutObjectCommand({
        ...{ Bucket: bucket, Key: key, Body: text, ContentType: contentType },
        ...(over === undefined ? {} : over === 'nothing' ? { IfNoneMatch: '*' } : { IfMatch: over.tag }),
        ...(lock && keptUntil !== undefined
          ? { ObjectLockMode: lock, ObjectLockRetainUntilDate: new Date(keptUntil) }
          : {}),
      });
      return (await unless(CHANGED, () => client.send(put))) !== undefined;
    },
  };
}

/** A HEAD has no body that could say what is not found. */
const NOT_FOUND = ['NoSuchKey', 'NotFound'];
/** Of a conditional write: something else is there; another write at the same time; nothing is there to be put over. */
const CHANGED = ['PreconditionFailed', 'ConditionalRequestConflict', 'NoSuchKey'];

/** @returns undefined if S3 answers with one of these errors */
async function unless<T>(names: readonly string[], call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof S3ServiceException && names.includes(error.name)) return undefined;
    throw error;
  }
}
