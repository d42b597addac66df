import { S3Client } from '@aws-sdk/client-s3';
import { documentsIn, storedAs } from '../../../domain/site/bucket';
import { LIMITS } from '../../../domain/site/limits';
import { realClock } from '../../../domain/world';
import { Bucket, Buckets } from '../../../local/emulator/aws/s3';
import { S3Endpoint } from '../../../local/emulator/aws/s3-endpoint';
import { counting } from '../../local/emulator/aws/stack';

const bucket = new Bucket('documents', true, realClock, counting());
const endpoint = new S3Endpoint(new Buckets([bucket]), () => true);
let client: S3Client;
beforeAll(async () => {
  client = new S3Client({
    endpoint: await endpoint.listen(),
    region: 'us-east-1',
    credentials: { accessKeyId: 'tested', secretAccessKey: 'local' },
  });
});
afterAll(() => {
  client.destroy();
  endpoint.close();
});

const documents = () => documentsIn(client, { bucket: 'documents', stack: 'magnum-ha' });

test('a document is read in its newest version, or in the one that is named, with what identifies it', async () => {
  const [first] = ['name: münchen', 'name: köln'].map((text) => bucket.put('sites/city', text).versionId);

  const [newest, older] = [await documents().read('city'), await documents().read('city', first)];

  expect(newest).toEqual({
    text: 'name: köln',
    version: bucket.get('sites/city').versionId,
    etag: bucket.get('sites/city').etag,
    // printf 'name: köln' | sha256sum
    sha256: '8005c9c52fa26f2c4d5e768f2b98a9bd7c5ba81b5f3736af1d106c38c8f70019',
  });
  expect(older).toMatchObject({ text: 'name: münchen', version: first });
});

test('what is not there is undefined: a name, a version, what was removed', async () => {
  bucket.put('sites/gone', '{}');
  bucket.delete('sites/gone');

  const read = await Promise.all([
    documents().read('nowhere'),
    documents().read('city', 'none'),
    documents().read('gone'),
  ]);

  expect(read).toEqual([undefined, undefined, undefined]);
});

test('sites are all those whose documents are there, however many', async () => {
  for (let index = 0; index < 1001; index++) bucket.put(`sites/many-${String(index)}`, '{}');
  bucket.put('other', '{}');

  const names = await documents().names();

  expect(names).toHaveLength(1002);
  expect(names.slice(0, 3)).toEqual(['city', 'many-0', 'many-1']);
});

test('a document that is too long is refused before it is read', async () => {
  bucket.put('sites/long', Buffer.alloc(LIMITS.documentBytes + 1, ' '));

  await expect(documents().read('long')).rejects.toMatchObject({
    name: 'SiteDocumentTooLong',
    message: expect.stringMatching(/site long has 262145 bytes, and 262144 are the most/) as string,
  });
});

test('the digest is that of the bytes', () => {
  // sha256sum of nothing
  expect(storedAs(new Uint8Array()).sha256).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
});
