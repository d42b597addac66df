import { LocalS3 } from '../../../../local/emulator/aws/local-s3';
import { Bucket, Buckets } from '../../../../local/emulator/aws/s3';
import { realClock } from '../../../../domain/world';
import { counting } from './stack';

const documents = new Bucket('documents', true, realClock, counting());
const [first, second] = ['one', 'two'].map((body) => documents.put('sites/golden', body).versionId);
/** The newest version and the list, but no older version. */
const MAY = ['s3:GetObject arn:aws:s3:::documents/sites/golden', 's3:ListBucket arn:aws:s3:::documents'];
const s3 = new LocalS3(new Buckets([documents]), (caller, action, arn) =>
  caller === 'all' ? true : MAY.includes(`${action} ${arn}`),
);
const IN = { Bucket: 'documents' };

test('gives an object in its newest version, or in the one that is asked for', () => {
  const newest = s3.call('all', 'GetObject', { ...IN, Key: 'sites/golden' });
  const older = s3.call('all', 'GetObject', { ...IN, Key: 'sites/golden', VersionId: first });

  expect(newest).toMatchObject({ Body: 'two', VersionId: second });
  expect(older).toMatchObject({ Body: 'one', VersionId: first });
});

test('lists what begins alike', () => {
  const listing = s3.call('reader', 'ListObjectsV2', { ...IN, Prefix: 'sites/' });

  expect(listing).toMatchObject({ KeyCount: 1, Contents: [{ Key: 'sites/golden', Size: 3 }] });
});

test.each([
  ['what the role does not allow', { VersionId: first }, 'GetObject', 'AccessDenied'],
  ['what is not there', { Key: 'sites/none' }, 'GetObject', 'AccessDenied'],
  ['another action', {}, 'CopyObject', 'NotImplemented'],
])('refuses %s', (_, more, action, code) => {
  const call = () => s3.call('reader', action, { ...IN, Key: 'sites/golden', ...more });

  expect(call).toThrow(expect.objectContaining({ code }) as Error);
});
