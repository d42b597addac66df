import { Bucket, Buckets } from '../../../../local/emulator/aws/s3';
import { S3Endpoint } from '../../../../local/emulator/aws/s3-endpoint';
import { virtualClock } from '../../../../local/virtual-clock';
import { counting, START } from './stack';

// What is sent here is what AWS's own client sends (@aws-sdk/client-s3 3.1169.0), apart from the signature.

/** `all` may do everything; `reader` may read what is below `sites/`, and not list. */
const authorize = (caller: string, action: string, arn: string) =>
  caller === 'all' ||
  (caller === 'reader' && action === 's3:GetObject' && arn.startsWith('arn:aws:s3:::documents/sites/'));

let endpoint: S3Endpoint;
let documents: Bucket;
let url = '';
beforeEach(async () => {
  documents = new Bucket('documents', true, virtualClock(START), counting());
  endpoint = new S3Endpoint(new Buckets([documents]), authorize);
  url = await endpoint.listen();
});
afterEach(() => {
  endpoint.close();
});

interface Sent {
  readonly caller?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

async function send(method: string, path: string, { caller = 'all', headers = {}, body }: Sent = {}) {
  const credential = `AWS4-HMAC-SHA256 Credential=${caller}/20300101/us-east-1/s3/aws4_request`;
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `${credential}, SignedHeaders=host, Signature=0`, ...headers },
    ...(body !== undefined && { body }),
  });
  const text = await response.text();
  const [, code] = /<Code>(\w+)<\/Code>/.exec(text) ?? [];
  return { status: response.status, headers: Object.fromEntries(response.headers), text, code };
}

test('an object is put, got and looked at, by any key', async () => {
  const path = '/documents/sites/gol%20den%2B%C3%BC/%26%3C.json';
  const headers = { 'content-type': 'application/json', 'x-amz-meta-digest': 'abc', 'if-none-match': '*' };

  const put = await send('PUT', `${path}?x-id=PutObject`, { headers, body: '{"a":1}' });
  const got = await send('GET', `${path}?x-id=GetObject`);
  const head = await send('HEAD', path);

  const { versionId, key } = documents.list().objects[0] ?? {};
  expect([put.status, put.headers['x-amz-version-id']]).toEqual([200, versionId]);
  expect(key).toBe('sites/gol den+ü/&<.json');
  expect([got.status, got.text]).toEqual([200, '{"a":1}']);
  expect([head.status, head.text]).toEqual([200, '']);
  for (const answer of [got, head]) {
    expect(answer.headers).toMatchObject({
      etag: put.headers['etag'],
      'content-type': 'application/json',
      'content-length': '7',
      'last-modified': 'Tue, 01 Jan 2030 00:00:00 GMT',
      'x-amz-meta-digest': 'abc',
      'x-amz-version-id': versionId,
    });
  }
});

test('a body in chunks is put without what is around them', async () => {
  const headers = { 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', 'content-encoding': 'aws-chunked' };
  const body = '6\r\nhello \r\n5\r\nworld\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n';

  await send('PUT', '/documents/k?x-id=PutObject', { headers, body });

  expect(documents.get('k').body.toString()).toBe('hello world');
});

test('conditions hold or the object stays', async () => {
  const { etag } = documents.put('k', 'one');

  const statuses = [
    await send('PUT', '/documents/k', { headers: { 'if-none-match': '*' }, body: 'two' }),
    await send('PUT', '/documents/k', { headers: { 'if-match': etag }, body: 'three' }),
    await send('PUT', '/documents/k', { headers: { 'if-match': etag }, body: 'four' }),
  ].map(({ status, code }) => [status, code]);

  expect(statuses).toEqual([
    [412, 'PreconditionFailed'],
    [200, undefined],
    [412, 'PreconditionFailed'],
  ]);
  expect(documents.get('k').body.toString()).toBe('three');
});

test('what is known already is not sent again', async () => {
  const { etag } = documents.put('k', 'one');

  const { status, text } = await send('GET', '/documents/k', { headers: { 'if-none-match': etag } });

  expect([status, text]).toEqual([304, '']);
});

test('a version is got and deleted by its ID', async () => {
  const { versionId } = documents.put('k', 'one');
  documents.put('k', 'two');

  const got = await send('GET', `/documents/k?versionId=${versionId}&x-id=GetObject`);
  const deleted = await send('DELETE', `/documents/k?versionId=${versionId}&x-id=DeleteObject`);
  const gone = await send('GET', `/documents/k?versionId=${versionId}&x-id=GetObject`);

  expect([got.text, deleted.status, gone.status, gone.code]).toEqual(['one', 204, 404, 'NoSuchVersion']);
});

test('a deletion leaves a marker', async () => {
  documents.put('k', 'one');

  const { status, headers } = await send('DELETE', '/documents/k?x-id=DeleteObject');

  expect([status, headers['x-amz-delete-marker']]).toEqual([204, 'true']);
  expect((await send('GET', '/documents/k')).code).toBe('NoSuchKey');
});

test('a list is XML, with pages', async () => {
  for (const key of ['a&b', 'sites/1', 'sites/2']) documents.put(key, 'x');

  const first = await send('GET', '/documents/?list-type=2&max-keys=1');
  const [, token = ''] = /<NextContinuationToken>(.*?)</.exec(first.text) ?? [];
  const second = await send('GET', `/documents/?continuation-token=${encodeURIComponent(token)}&list-type=2`);
  const folders = await send('GET', '/documents/?delimiter=%2F&list-type=2');

  expect(first.text).toMatch(
    /<IsTruncated>true<.*<Contents><Key>a&amp;b<\/Key><LastModified>2030-01-01T00:00:00.000Z</,
  );
  expect(second.text).toMatch(/<KeyCount>2<.*<Key>sites\/1<.*<Size>1<.*<Key>sites\/2</);
  expect(folders.text).toMatch(/<CommonPrefixes><Prefix>sites\/<\/Prefix><\/CommonPrefixes>/);
});

test('a list of versions has versions and markers', async () => {
  const { versionId } = documents.put('k', 'one');
  documents.delete('k');

  const { text } = await send('GET', '/documents/?versions=');

  expect(text).toMatch(/<DeleteMarker><Key>k<.*<IsLatest>true</);
  expect(text).toMatch(new RegExp(`<Version><Key>k<.*<VersionId>${versionId.replace('.', '\\.')}<.*<IsLatest>false<`));
});

describe('a caller may do what its role allows', () => {
  test.each([
    ['read', 'GET', '/documents/sites/golden.json', 200, undefined],
    ['not write', 'PUT', '/documents/sites/golden.json', 403, 'AccessDenied'],
    ['not delete', 'DELETE', '/documents/sites/golden.json', 403, 'AccessDenied'],
    ['not read others', 'GET', '/documents/other', 403, 'AccessDenied'],
    ['not read versions', 'GET', '/documents/sites/golden.json?versionId=x', 403, 'AccessDenied'],
    ['not list', 'GET', '/documents/?list-type=2', 403, 'AccessDenied'],
    ['not list versions', 'GET', '/documents/?versions=', 403, 'AccessDenied'],
    ['not learn what is not there', 'GET', '/documents/sites/none.json', 403, 'AccessDenied'],
  ])('%s', async (_, method, path, expected, expectedCode) => {
    documents.put('sites/golden.json', '{}');

    const { status, code } = await send(method, path, { caller: 'reader' });

    expect([status, code]).toEqual([expected, expectedCode]);
  });

  test('and a request without a signature nothing', async () => {
    const response = await fetch(`${url}/documents/k`);

    expect(response.status).toBe(403);
  });
});

test.each([
  ['GET', '/none/k', 404, 'NoSuchBucket'],
  ['GET', '/documents/none', 404, 'NoSuchKey'],
  ['HEAD', '/documents/none', 404, undefined],
  ['POST', '/documents/k', 501, 'NotImplemented'],
  ['GET', '/documents/?acl', 501, 'NotImplemented'],
])('%s %s is answered with %d %s', async (method, path, expected, expectedCode) => {
  const { status, code } = await send(method, path);

  expect([status, code]).toEqual([expected, expectedCode]);
});
