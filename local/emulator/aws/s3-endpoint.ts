import type { ServerResponse } from 'node:http';
import { ServiceError } from '../service-error';
import { HttpServer, type ReceivedRequest } from './http-server';
import { type Bucket, type Buckets, MAX_KEYS, type S3Object } from './s3';

/** Whether a caller may do this with the resource of this ARN. */
export type AuthorizeArn = (caller: string, action: string, arn: string) => boolean;

/** An answer of the API. */
interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

/** A request, taken apart. */
interface Asked {
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** @throws ServiceError AccessDenied */
  readonly check: (action: string, arn: string) => void;
}

/**
 * An endpoint on loopback that speaks as much of S3's API (in path style) as the SDK's client needs to put, get, list
 * and delete objects and their versions. Each caller may do what its role in the template allows.
 */
export class S3Endpoint {
  readonly #server: HttpServer;

  constructor(
    private readonly buckets: Buckets,
    private readonly authorize: AuthorizeArn,
  ) {
    this.#server = new HttpServer((received, response) => {
      send(response, this.#answer(received), received.request.method === 'HEAD');
    });
  }

  /** @returns the endpoint's URL */
  listen(): Promise<string> {
    return this.#server.listen();
  }

  close(): void {
    this.#server.close();
  }

  #answer({ request, body, caller }: ReceivedRequest): Answer {
    try {
      const url = new URL(request.url ?? '', 'http://localhost');
      const [, bucket = '', ...path] = url.pathname.split('/').map(decodeURIComponent);
      return this.#perform({
        method: request.method ?? '',
        bucket,
        key: path.join('/'),
        query: url.searchParams,
        headers: request.headers,
        body: payloadOf(body, String(request.headers['x-amz-content-sha256'] ?? '')),
        check: (action, arn) => {
          if (this.authorize(caller, action, arn)) return;
          const message = `User: ${caller} is not authorized to perform: ${action} on resource: "${arn}"`;
          throw new ServiceError('AccessDenied', message, 403);
        },
      });
    } catch (error) {
      return errorAnswer(error);
    }
  }

  #perform(asked: Asked): Answer {
    const bucket = this.buckets.get(asked.bucket);
    const { method, key, query } = asked;
    if (key === '' && method === 'GET') {
      if (query.has('versions')) return listVersions(bucket, asked);
      if (query.get('list-type') === '2') return listObjects(bucket, asked);
    } else if (key !== '') {
      if (method === 'PUT' && !('x-amz-copy-source' in asked.headers)) return putObject(bucket, asked);
      if (method === 'GET' || method === 'HEAD') return getObject(bucket, asked);
      if (method === 'DELETE') return deleteObject(bucket, asked);
    }
    throw new ServiceError('NotImplemented', `${method} ${key}?${query.toString()} is not simulated`, 501);
  }
}

function send(response: ServerResponse, { status = 200, headers = {}, body = '' }: Answer, isHead: boolean): void {
  const length = headers['content-length'] ?? String(Buffer.byteLength(body));
  response.writeHead(status, { ...headers, 'content-length': length }).end(isHead ? undefined : body);
}

function errorAnswer(error: unknown): Answer {
  const { code, message, status } =
    error instanceof ServiceError ? error : new ServiceError('InternalError', String(error), 500);
  return {
    status,
    headers: { 'content-type': 'application/xml' },
    body: xml('Error', element('Code', code) + element('Message', message)),
  };
}

/** @throws ServiceError */
function putObject(bucket: Bucket, { key, headers, body, check }: Asked): Answer {
  check('s3:PutObject', objectArn(bucket, key));
  const header = (name: string) => headers[name] as string | undefined;
  const metadata = Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith('x-amz-meta-') ? [[name.slice('x-amz-meta-'.length), String(value)]] : [],
    ),
  );
  const object = bucket.put(key, body, {
    contentType: header('content-type'),
    metadata,
    ifNoneMatch: header('if-none-match'),
    ifMatch: header('if-match'),
  });
  return { headers: { etag: object.etag, ...versionHeader(object.versionId) } };
}

/** GetObject and HeadObject. @throws ServiceError */
function getObject(bucket: Bucket, asked: Asked): Answer {
  const { key, query, headers, check } = asked;
  const versionId = query.get('versionId') ?? undefined;
  check(versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion', objectArn(bucket, key));
  const object = found(bucket, asked, versionId);
  const { etag, body, contentType, lastModified } = object;
  if (headers['if-none-match'] === etag) return { status: 304, headers: { etag } };
  return {
    headers: {
      etag,
      'accept-ranges': 'bytes',
      'content-type': contentType,
      'content-length': String(body.length),
      'last-modified': lastModified.toUTCString(),
      ...versionHeader(object.versionId),
      ...Object.fromEntries(Object.entries(object.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value])),
    },
    body,
  };
}

/** A caller that may not list does not learn that there is no such key. */
function found(bucket: Bucket, { key, check }: Asked, versionId: string | undefined): S3Object {
  try {
    return bucket.get(key, versionId);
  } catch (error) {
    if (error instanceof ServiceError && error.code === 'NoSuchKey') check('s3:ListBucket', bucketArn(bucket));
    throw error;
  }
}

/** @throws ServiceError */
function deleteObject(bucket: Bucket, { key, query, check }: Asked): Answer {
  const version = query.get('versionId') ?? undefined;
  check(version === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion', objectArn(bucket, key));
  const { versionId = 'null', isMarker } = bucket.delete(key, version);
  return {
    status: 204,
    headers: { ...versionHeader(versionId), ...(isMarker && { 'x-amz-delete-marker': 'true' }) },
  };
}

/** ListObjectsV2. @throws ServiceError */
function listObjects(bucket: Bucket, { query, check }: Asked): Answer {
  check('s3:ListBucket', bucketArn(bucket));
  const text = (name: string) => query.get(name) ?? undefined;
  const maxKeys = Math.min(Number(query.get('max-keys') ?? MAX_KEYS), MAX_KEYS);
  const encode = query.get('encoding-type') === 'url' ? encodeURIComponent : (key: string) => key;
  const { objects, commonPrefixes, nextContinuationToken } = bucket.list({
    prefix: text('prefix'),
    delimiter: text('delimiter'),
    startAfter: text('start-after'),
    continuationToken: text('continuation-token'),
    maxKeys,
  });
  const contents = objects.map((object) => element('Contents', entryOf(object, encode), true));
  const prefixes = commonPrefixes.map((prefix) => element('CommonPrefixes', element('Prefix', encode(prefix)), true));
  return {
    headers: { 'content-type': 'application/xml' },
    body: xml(
      'ListBucketResult',
      [
        element('Name', bucket.name),
        element('Prefix', query.get('prefix') ?? ''),
        element('MaxKeys', String(maxKeys)),
        element('KeyCount', String(objects.length + commonPrefixes.length)),
        element('IsTruncated', String(nextContinuationToken !== undefined)),
        ...(nextContinuationToken === undefined ? [] : [element('NextContinuationToken', nextContinuationToken)]),
        ...contents,
        ...prefixes,
      ].join(''),
    ),
  };
}

/** ListObjectVersions, all on one page. @throws ServiceError */
function listVersions(bucket: Bucket, { query, check }: Asked): Answer {
  check('s3:ListBucketVersions', bucketArn(bucket));
  const versions = bucket.versions(query.get('prefix') ?? '').map(({ version, isLatest, isMarker }) => {
    const entry = 'body' in version ? entryOf(version, (key) => key) : element('Key', version.key) + modified(version);
    const which = element('VersionId', version.versionId) + element('IsLatest', String(isLatest));
    return element(isMarker ? 'DeleteMarker' : 'Version', entry + which, true);
  });
  const head = [element('Name', bucket.name), element('Prefix', query.get('prefix') ?? '')];
  return {
    headers: { 'content-type': 'application/xml' },
    body: xml('ListVersionsResult', [...head, element('IsTruncated', 'false'), ...versions].join('')),
  };
}

function entryOf(object: S3Object, encode: (key: string) => string): string {
  return [
    element('Key', encode(object.key)),
    modified(object),
    element('ETag', object.etag),
    element('Size', String(object.body.length)),
    element('StorageClass', 'STANDARD'),
  ].join('');
}

function modified({ lastModified }: { lastModified: Date }): string {
  return element('LastModified', lastModified.toISOString());
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function element(name: string, content: string, isXml = false): string {
  return `<${name}>${isXml ? content : content.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? '')}</${name}>`;
}

function xml(root: string, content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element(root, content, true)}`;
}

function versionHeader(versionId: string): Record<string, string> {
  return versionId === 'null' ? {} : { 'x-amz-version-id': versionId };
}

function bucketArn({ name }: Bucket): string {
  return `arn:aws:s3:::${name}`;
}

function objectArn(bucket: Bucket, key: string): string {
  return `${bucketArn(bucket)}/${key}`;
}

/** The content of a body that may come in chunks of `aws-chunked`: `<size in hex>[;signature]\r\n<bytes>\r\n`. */
function payloadOf(body: Buffer, contentSha256: string): Buffer {
  if (!contentSha256.startsWith('STREAMING-')) return body;
  const chunks: Buffer[] = [];
  for (let at = 0; ;) {
    const end = body.indexOf('\r\n', at);
    const size = parseInt(body.toString('latin1', at, end), 16);
    if (!(size > 0)) return Buffer.concat(chunks);
    chunks.push(body.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}
