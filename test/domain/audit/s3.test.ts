import { type PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { recordsIn } from '../../../domain/audit/s3';
import { realClock } from '../../../domain/world';
import { Bucket, Buckets } from '../../../local/emulator/aws/s3';
import { S3Endpoint } from '../../../local/emulator/aws/s3-endpoint';
import { counting } from '../../local/emulator/aws/stack';

const server = new S3Endpoint(new Buckets([new Bucket('archive', true, realClock, counting())]), () => true);
let client: S3Client;
beforeAll(async () => {
  const credentials = { accessKeyId: 'archive', secretAccessKey: 'local' };
  client = new S3Client({ endpoint: await server.listen(), region: 'us-east-1', credentials, forcePathStyle: true });
});
afterAll(() => {
  client.destroy();
  server.close();
});
const JSON_TYPE = { contentType: 'application/json' };

test('what is put is there, and only over what was read', async () => {
  const records = recordsIn(client, 'archive', undefined);
  const before = [await records.get('head'), await records.has('head')];

  const first = await records.put('head', 'one', { ...JSON_TYPE, over: 'nothing' });
  const again = await records.put('head', 'two', { ...JSON_TYPE, over: 'nothing' });
  const read = await records.get('head');
  const over = await records.put('head', 'two', { ...JSON_TYPE, over: { tag: read?.tag ?? '' } });
  const late = await records.put('head', 'three', { ...JSON_TYPE, over: { tag: read?.tag ?? '' } });
  const none = await records.put('none', 'one', { ...JSON_TYPE, over: { tag: read?.tag ?? '' } });

  expect(before).toEqual([undefined, false]);
  expect([first, again, over, late, none]).toEqual([true, false, true, false, false]);
  expect(await records.get('head')).toMatchObject({ text: 'two' });
});

test('a bucket that is not there is an error, not an empty archive', async () => {
  const records = recordsIn(client, 'nowhere', undefined);

  await expect(records.get('head')).rejects.toThrow('The specified bucket does not exist');
  await expect(records.put('head', 'one', { ...JSON_TYPE, over: 'nothing' })).rejects.toThrow('bucket');
});

test.each([
  ['GOVERNANCE', '2033-11-27T00:00:00.000Z'],
  [undefined, '2033-11-27T00:00:00.000Z'],
  ['COMPLIANCE', undefined],
] as const)('in mode %s what is kept until %s is locked', async (mode, keptUntil) => {
  const inputs: unknown[] = [];
  const spy = jest.spyOn(client, 'send').mockImplementation((command: unknown) => {
    inputs.push((command as PutObjectCommand).input);
  });

  await recordsIn(client, 'archive', mode).put('record', 'one', { ...JSON_TYPE, ...(keptUntil && { keptUntil }) });

  spy.mockRestore();
  const locked = mode && keptUntil ? { ObjectLockMode: mode, ObjectLockRetainUntilDate: new Date(keptUntil) } : {};
  expect(inputs).toEqual([
    { Bucket: 'archive', Key: 'record', Body: 'one', ContentType: 'application/json', ...locked },
  ]);
});
