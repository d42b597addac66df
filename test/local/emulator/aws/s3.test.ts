import { Bucket, Buckets } from '../../../../local/emulator/aws/s3';
import { type VirtualClock, virtualClock } from '../../../../local/virtual-clock';
import { counting, START } from './stack';

const failing = (code: string, status: number) => expect.objectContaining({ code, status }) as Error;
const bucket = (versioned = true, clock: VirtualClock = virtualClock(START)) =>
  new Bucket('documents', versioned, clock, counting());

describe('an object', () => {
  it('is got as it was put', () => {
    const documents = bucket();
    const put = documents.put('sites/golden.json', '{}', { contentType: 'application/json', metadata: { by: 'me' } });

    expect(documents.get('sites/golden.json')).toEqual(put);
    expect(put).toMatchObject({
      body: Buffer.from('{}'),
      contentType: 'application/json',
      metadata: { by: 'me' },
      etag: '"99914b932bd37a50b983c5e7c90ae93b"',
      lastModified: new Date(START),
    });
  });

  it('keeps its versions', () => {
    const documents = bucket();
    const versions = ['one', 'two'].map((body) => documents.put('k', body).versionId);

    const bodies = [...versions, undefined].map((id) => documents.get('k', id).body.toString());

    expect(bodies).toEqual(['one', 'two', 'two']);
    expect(versions.every((id) => /^[\w.]{32}$/.test(id))).toBe(true);
  });

  it('has none in a bucket without versions', () => {
    const plain = bucket(false);
    plain.put('k', 'one');
    plain.put('k', 'two');

    expect([plain.get('k').versionId, plain.versions().length]).toEqual(['null', 1]);
  });

  it('changes at whole seconds', async () => {
    const clock = virtualClock(START);
    await clock.drive(clock.sleep(1999));

    const { lastModified } = bucket(true, clock).put('k', '');

    expect(lastModified).toEqual(new Date(START + 1000));
  });

  it('that is not there is reported', () => {
    const documents = bucket();
    documents.put('k', '');

    expect(() => documents.get('none')).toThrow(failing('NoSuchKey', 404));
    expect(() => documents.get('k', 'none')).toThrow(failing('NoSuchVersion', 404));
  });
});

describe('a condition', () => {
  it('that there is no such key', () => {
    const documents = bucket();
    documents.put('k', 'first', { ifNoneMatch: '*' });

    expect(() => documents.put('k', 'second', { ifNoneMatch: '*' })).toThrow(failing('PreconditionFailed', 412));
    expect(documents.get('k').body.toString()).toBe('first');
  });

  it('that holds again after a deletion', () => {
    const documents = bucket();
    documents.put('k', 'first');
    documents.delete('k');

    expect(() => documents.put('k', 'second', { ifNoneMatch: '*' })).not.toThrow();
  });

  it('that the object is still the one that was read', () => {
    const documents = bucket();
    const { etag } = documents.put('k', 'first');

    documents.put('k', 'second', { ifMatch: etag });

    expect(() => documents.put('k', 'third', { ifMatch: etag })).toThrow(failing('PreconditionFailed', 412));
    expect(() => documents.put('none', '', { ifMatch: etag })).toThrow(failing('NoSuchKey', 404));
    expect(documents.get('k').body.toString()).toBe('second');
  });
});

describe('a deletion', () => {
  it('leaves a marker, and the versions', () => {
    const documents = bucket();
    const { versionId } = documents.put('k', 'one');

    const marker = documents.delete('k');

    expect(marker.isMarker).toBe(true);
    expect(() => documents.get('k')).toThrow(failing('NoSuchKey', 404));
    expect(() => documents.get('k', marker.versionId)).toThrow(failing('MethodNotAllowed', 405));
    expect(documents.get('k', versionId).body.toString()).toBe('one');
    expect(documents.list().objects).toEqual([]);
  });

  it('of the marker brings the object back', () => {
    const documents = bucket();
    documents.put('k', 'one');
    const { versionId } = documents.delete('k');

    documents.delete('k', versionId);

    expect(documents.get('k').body.toString()).toBe('one');
  });

  it('of the last version leaves nothing', () => {
    const documents = bucket();
    const { versionId } = documents.put('k', 'one');

    documents.delete('k', versionId);

    expect(documents.versions()).toEqual([]);
  });

  it('without versions is for good', () => {
    const plain = bucket(false);
    plain.put('k', 'one');

    expect(plain.delete('k')).toEqual({ isMarker: false });
    expect(plain.versions()).toEqual([]);
  });
});

describe('a list', () => {
  const documents = () => {
    const filled = bucket();
    for (const key of ['b/2', 'a', 'ü', 'b/1', 'Z', 'c/x/y', 'b/']) filled.put(key, key);
    return filled;
  };
  const keys = ({ objects }: { objects: readonly { key: string }[] }) => objects.map(({ key }) => key);

  it('is in the order of UTF-8', () => {
    expect(keys(documents().list())).toEqual(['Z', 'a', 'b/', 'b/1', 'b/2', 'c/x/y', 'ü']);
  });

  it.each([
    [{ prefix: 'b/' }, ['b/', 'b/1', 'b/2'], []],
    [{ startAfter: 'b/1' }, ['b/2', 'c/x/y', 'ü'], []],
    [{ delimiter: '/' }, ['Z', 'a', 'ü'], ['b/', 'c/']],
    [{ delimiter: '/', prefix: 'b/' }, ['b/', 'b/1', 'b/2'], []],
  ])('by %j', (options, expected, prefixes) => {
    const listing = documents().list(options);

    expect([keys(listing), listing.commonPrefixes]).toEqual([expected, prefixes]);
  });

  it.each([{}, { delimiter: '/' }])('comes in pages: %j', (options) => {
    const filled = documents();
    const pages: string[][] = [];
    let continuationToken: string | undefined;
    do {
      const page = filled.list({ ...options, maxKeys: 2, continuationToken });
      pages.push([...keys(page), ...page.commonPrefixes]);
      continuationToken = page.nextContinuationToken;
    } while (continuationToken !== undefined);

    const whole = filled.list(options);
    expect(pages.flat().sort()).toEqual([...keys(whole), ...whole.commonPrefixes].sort());
    expect(pages.every((page) => page.length <= 2)).toBe(true);
  });

  it('has 1,000 keys at most', () => {
    const filled = bucket();
    for (let i = 0; i < 1001; i++) filled.put(`k${i}`, '');

    const { objects, nextContinuationToken } = filled.list({ maxKeys: 5000 });

    expect([objects.length, nextContinuationToken !== undefined]).toEqual([1000, true]);
  });

  it('of versions has the latest of each key first', () => {
    const filled = bucket();
    for (const [key, body] of [
      ['k', 'one'],
      ['k', 'two'],
      ['j', 'three'],
    ] as const) {
      filled.put(key, body);
    }
    filled.delete('j');

    const versions = filled.versions().map(({ version, isLatest, isMarker }) => [version.key, isLatest, isMarker]);

    expect(versions).toEqual([
      ['j', true, true],
      ['j', false, false],
      ['k', true, false],
      ['k', false, false],
    ]);
  });
});

it('a bucket that is not there is reported', () => {
  const buckets = new Buckets([bucket()]);

  expect(buckets.get('documents').name).toBe('documents');
  expect(() => buckets.get('none')).toThrow(failing('NoSuchBucket', 404));
});
