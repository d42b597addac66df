import { crc32 } from 'node:zlib';
import { type Bucket, type Buckets, MAX_KEYS, type S3Object } from '../s3';
import type { Action, Permission, ServiceNames } from './service';

export const S3: ServiceNames = {
  prefix: 'S3',
  generic: 'S3Exception',
  modelled: ['NoSuchKey', 'NoSuchBucket'],
  sdk: { version: 2, name: 'S3' },
};

/** An action that needs nothing of the task that calls it. */
export interface S3Action<Args> extends Action<Args> {
  readonly run: (args: Args) => unknown;
}

interface ObjectOf {
  readonly Bucket: string;
  readonly Key: string;
  readonly VersionId?: string;
}

/** `aws-sdk:s3:getObject`: the content is text. */
export function getObject(buckets: Buckets): S3Action<ObjectOf> {
  return {
    needs: reading,
    run: ({ Bucket, Key, VersionId }) => {
      const object = buckets.get(Bucket).get(Key, VersionId);
      return { ...headOf(object), Body: object.body.toString() };
    },
  };
}

/** `aws-sdk:s3:headObject`. */
export function headObject(buckets: Buckets): S3Action<ObjectOf> {
  return {
    needs: reading,
    run: ({ Bucket, Key, VersionId }) => headOf(buckets.get(Bucket).get(Key, VersionId)),
  };
}

interface Put extends ObjectOf {
  readonly Body?: unknown;
  readonly ContentType?: string;
  readonly Metadata?: Readonly<Record<string, string>>;
  readonly IfNoneMatch?: string;
  readonly IfMatch?: string;
}

/** `aws-sdk:s3:putObject`: the content is the JSON of Body, which for a text means in quotes. */
export function putObject(buckets: Buckets): S3Action<Put> {
  return {
    needs: ({ Bucket, Key }) => [{ action: 's3:PutObject', resource: `arn:aws:s3:::${Bucket}/${Key}` }],
    run: ({ Bucket, Key, Body, ContentType = 'text/plain; charset=UTF-8', Metadata = {}, IfNoneMatch, IfMatch }) => {
      const object = buckets.get(Bucket).put(Key, Body === undefined ? '' : JSON.stringify(Body), {
        contentType: ContentType,
        metadata: Metadata,
        ifNoneMatch: IfNoneMatch,
        ifMatch: IfMatch,
      });
      const checksum = Buffer.alloc(4);
      checksum.writeUInt32BE(crc32(object.body));
      return {
        ChecksumCRC32: checksum.toString('base64'),
        ChecksumType: 'FULL_OBJECT',
        ETag: object.etag,
        ServerSideEncryption: 'AES256',
        ...versionOf(object),
      };
    },
  };
}

interface List {
  readonly Bucket: string;
  readonly Prefix?: string;
  readonly Delimiter?: string;
  readonly StartAfter?: string;
  readonly MaxKeys?: number;
  readonly ContinuationToken?: string;
}

/** `aws-sdk:s3:listObjectsV2`. */
export function listObjectsV2(buckets: Buckets): S3Action<List> {
  return {
    needs: ({ Bucket }) => [{ action: 's3:ListBucket', resource: `arn:aws:s3:::${Bucket}` }],
    run: (args) => listing(buckets.get(args.Bucket), args),
  };
}

function listing(bucket: Bucket, { Prefix = '', Delimiter, StartAfter, MaxKeys, ContinuationToken }: List): object {
  const { objects, commonPrefixes, nextContinuationToken } = bucket.list({
    prefix: Prefix,
    delimiter: Delimiter,
    startAfter: StartAfter,
    maxKeys: MaxKeys,
    continuationToken: ContinuationToken,
  });
  return {
    IsTruncated: nextContinuationToken !== undefined,
    KeyCount: objects.length + commonPrefixes.length,
    MaxKeys: MaxKeys ?? MAX_KEYS,
    Name: bucket.name,
    Prefix,
    // Empty fields are left out, as S3 does not send them.
    ...(objects.length > 0 && { Contents: objects.map(entryOf) }),
    ...(commonPrefixes.length > 0 && { CommonPrefixes: commonPrefixes.map((prefix) => ({ Prefix: prefix })) }),
    ...(nextContinuationToken !== undefined && { NextContinuationToken: nextContinuationToken }),
  };
}

function entryOf({ etag, key, lastModified, body }: S3Object): object {
  return {
    ETag: etag,
    Key: key,
    LastModified: lastModified.toISOString(),
    Size: body.length,
    StorageClass: 'STANDARD',
  };
}

function headOf(object: S3Object): object {
  return {
    AcceptRanges: 'bytes',
    ContentLength: object.body.length,
    ContentType: object.contentType,
    ETag: object.etag,
    LastModified: object.lastModified.toISOString(),
    Metadata: object.metadata,
    ServerSideEncryption: 'AES256',
    ...versionOf(object),
  };
}

function versionOf({ versionId }: S3Object): object {
  return versionId === 'null' ? {} : { VersionId: versionId };
}

function reading({ Bucket, Key, VersionId }: ObjectOf): Permission[] {
  const action = VersionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion';
  return [{ action, resource: `arn:aws:s3:::${Bucket}/${Key}` }];
}
