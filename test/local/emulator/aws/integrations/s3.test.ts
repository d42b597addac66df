import { definition, deployed } from '../stack';

const BUCKET = 'documents';

async function call(action: string, Arguments: object, put: Record<string, string> = {}) {
  const Task = { Type: 'Task', Resource: `arn:aws:states:::aws-sdk:s3:${action}`, Arguments, End: true };
  const { deployment, clock } = await deployed({ machines: { calling: definition({ Task }) }, buckets: [BUCKET] });
  const bucket = deployment.buckets.get(BUCKET);
  for (const [key, body] of Object.entries(put)) bucket.put(key, body, { contentType: 'binary/octet-stream' });
  const { output, error, cause } = await clock.drive(deployment.start('calling', {}).result);
  if (error !== undefined) throw new Error(`${error}: ${cause}`);
  return { output, bucket };
}

// AWS recorded the shapes of these, without versions: test_s3_get_object, test_s3_put_object.
const HEAD = {
  AcceptRanges: 'bytes',
  ContentLength: 9,
  ContentType: 'binary/octet-stream',
  ETag: '"332eec544317a6d340b8e77da7fe54ad"',
  LastModified: '2030-01-01T00:00:00.000Z',
  Metadata: {},
  ServerSideEncryption: 'AES256',
  VersionId: expect.stringMatching(/^[\w.]{32}$/) as string,
};

it('an object is got with its content as text', async () => {
  const { output } = await call('getObject', { Bucket: BUCKET, Key: 'k' }, { k: 'text data' });

  expect(output).toEqual({ ...HEAD, Body: 'text data' });
});

it('an object is looked at without it', async () => {
  const { output } = await call('headObject', { Bucket: BUCKET, Key: 'k' }, { k: 'text data' });

  expect(output).toEqual(HEAD);
});

it.each<[unknown, string, string]>([
  ['text data', '"text data"', '2b5df3712557f503a9977a8ea893b2c9'],
  [{ Dict: 'Value' }, '{"Dict":"Value"}', '49e31cee5aec8faf3345893addb14346'],
])('an object of %j is put as its JSON', async (Body, content, md5) => {
  const { output, bucket } = await call('putObject', { Bucket: BUCKET, Key: 'k', Body });

  const object = bucket.get('k');
  expect([object.body.toString(), object.contentType]).toEqual([content, 'text/plain; charset=UTF-8']);
  expect(output).toEqual({
    ChecksumCRC32: { '"text data"': 'KUmHvQ==', '{"Dict":"Value"}': 'hnEfWw==' }[content],
    ChecksumType: 'FULL_OBJECT',
    ETag: `"${md5}"`,
    ServerSideEncryption: 'AES256',
    VersionId: object.versionId,
  });
});

it('a version is got by its ID', async () => {
  const Task = {
    Type: 'Task',
    Resource: 'arn:aws:states:::aws-sdk:s3:getObject',
    Arguments: { Bucket: BUCKET, Key: 'k', VersionId: '{% $states.input %}' },
    Output: '{% $states.result.Body %}',
    End: true,
  };
  const { deployment, clock } = await deployed({ machines: { calling: definition({ Task }) }, buckets: [BUCKET] });
  const { versionId } = deployment.buckets.get(BUCKET).put('k', 'old');
  deployment.buckets.get(BUCKET).put('k', 'new');

  const { output } = await clock.drive(deployment.start('calling', { input: versionId }).result);

  expect(output).toBe('old');
});

it('a list has a page of what begins with the prefix', async () => {
  const { output } = await call(
    'listObjectsV2',
    { Bucket: BUCKET, Prefix: 'sites/', MaxKeys: 2 },
    { 'sites/a.json': '{}', 'sites/b.json': '{}', 'sites/c.json': '{}', other: '' },
  );

  const entry = {
    ETag: '"99914b932bd37a50b983c5e7c90ae93b"',
    LastModified: '2030-01-01T00:00:00.000Z',
    Size: 2,
    StorageClass: 'STANDARD',
  };
  expect(output).toEqual({
    Contents: [
      { ...entry, Key: 'sites/a.json' },
      { ...entry, Key: 'sites/b.json' },
    ],
    IsTruncated: true,
    KeyCount: 2,
    MaxKeys: 2,
    Name: BUCKET,
    NextContinuationToken: expect.any(String) as string,
    Prefix: 'sites/',
  });
});

it('an empty list has no contents', async () => {
  const { output } = await call('listObjectsV2', { Bucket: BUCKET });

  expect(output).toEqual({ IsTruncated: false, KeyCount: 0, MaxKeys: 1000, Name: BUCKET, Prefix: '' });
});
