import { audit } from '../../domain/audit/audit';
import { canonicalJson, sha256 } from '../../domain/canonical';
import { type ArchivedRecord, intactRecord } from '../../domain/audit/record';
import { type ArchiveVerification, verifyArchive, verifyRecord } from '../../domain/audit/verification';
import type { VirtualLocal } from '../../local/deploy';
import { document, run, withLocal } from './local';

/** Texts by key, as a copy of the bucket has them. */
type Copy = ReadonlyMap<string, string>;

const DAY_MS = 86_400_000;
let copy: Copy;
/** Keys of the records, in the order in which the executions ended. */
let keys: readonly string[];
let now: number;
let lastEvents: number;

beforeAll(async () => {
  await withLocal(document('golden'), async (local) => {
    await run(local, 'check');
    const aborted = local.deployment.start('magnum-ha', { input: { site: 'golden', mode: 'apply' } });
    await local.clock.sleep(3_000);
    aborted.stop();
    // The recovery waits until the last task has surely ended.
    await local.clock.sleep(1_800_000);
    await local.deployment.start('magnum-ha', { input: { site: 'golden', mode: 'aply' } }).result;
    await local.clock.sleep(1_000);
    await run(local, 'apply');
    await local.settled();
    lastEvents = (await run(local, 'check')).events.length;
    await local.settled();
    copy = copyOf(local);
    now = local.clock.now();
  });
  keys = [...copy]
    .flatMap(([key, text]) => (key.endsWith('record.json') ? (intactRecord(text) ?? []) : []))
    .sort((one, other) => one.sequence - other.sequence)
    .map(({ key }) => key);
});

function copyOf({ deployment }: VirtualLocal): Copy {
  return new Map(
    [...deployment.buckets].flatMap((bucket) =>
      ['records/', 'heads/'].flatMap((prefix) =>
        bucket.list({ prefix }).objects.map(({ key, body }) => [key, body.toString()] as const),
      ),
    ),
  );
}

// eslint-disable-next-line @typescript-eslint/require-await -- as the objects of a bucket come
async function* files(texts: Copy) {
  for (const [path, text] of texts) yield { path: `/copy/${path}`, text };
}

const verified = (texts: Copy, at = now): Promise<ArchiveVerification> => verifyArchive(files(texts), at);
const recordAt = (index: number): ArchivedRecord => JSON.parse(copy.get(keys[index] ?? '') ?? '') as ArchivedRecord;
const found = ({ problems }: ArchiveVerification) => problems.map(({ kind, file }) => [kind, file]);
const pageOf = (key = '') => key.replace('record.json', 'page.html');

/** What somebody writes who knows how digests are made. */
function intactLike({ sha256: _sha256, ...record }: ArchivedRecord, changes: object): string {
  const body = { ...record, ...changes };
  return canonicalJson({ ...body, sha256: sha256(canonicalJson(body)) });
}

/** The same with some texts changed, and without those that are null. */
function changed(changes: Readonly<Record<string, string | null | undefined>>): Copy {
  const all = new Map<string, string | null | undefined>([...copy, ...Object.entries(changes)]);
  return new Map([...all].flatMap(([key, text]) => (typeof text === 'string' ? [[key, text] as const] : [])));
}

describe('every execution has a record', () => {
  test('checks, one that was stopped, one that was refused, its recovery, and one that went well', () => {
    const records = keys.map((_, index) => recordAt(index));

    const modes = records.map(({ execution }) => (JSON.parse(execution.input ?? '') as { mode: string }).mode);
    expect(records.map(({ execution, sequence }, index) => [sequence, modes[index], execution.status])).toEqual([
      [1, 'check', 'SUCCEEDED'],
      [2, 'apply', 'ABORTED'],
      [3, 'recover', 'SUCCEEDED'],
      [4, 'aply', 'FAILED'],
      [5, 'apply', 'SUCCEEDED'],
      [6, 'check', 'SUCCEEDED'],
    ]);
    expect(records[0]?.report).toMatchObject({ outcome: 'drift' });
    expect(records[1]?.report).toBeNull();
  });

  test('with the whole history, from which audit says the same', () => {
    const { execution, events } = recordAt(5);

    const { record, verdict } = audit({ execution, events });

    expect(record).toMatchObject({ events: lastEvents, missing: [], complete: true });
    expect(verdict.outcome).toBe('unchanged');
  });

  test('with the commands on each controller, in order, where it did or found something', () => {
    const commands = keys.map((_, index) => audit(recordAt(index)).commands);

    expect(commands[5]).toBeNull();
    const apply = commands[4] ?? [];
    expect(apply.some(({ state, command }) => state === 'Disable HAProxy' && command.includes('cibadmin'))).toBe(true);
    expect(new Set(apply.map(({ controller }) => controller)).size).toBe(3);
    expect(apply.map(({ at }) => at)).toEqual(apply.map(({ at }) => at).sort());
    expect(commands[0]?.length).toBeGreaterThan(10);
  });

  test('named by site and time, with its page beside it', () => {
    expect(keys).toEqual([...keys].sort());
    expect(keys[0]).toMatch(/^records\/golden\/20260105T090100\.000Z-[\w-]+\/record\.json$/);
    for (const key of keys) expect(copy.get(pageOf(key))).toContain('<!doctype html>');
  });
});

describe('verify', () => {
  test('finds nothing where nothing was changed, and tells the digest that stands for all', async () => {
    expect(await verified(copy)).toEqual({
      problems: [],
      sites: [{ site: 'golden', records: 6, numbers: [1, 6], sha256: recordAt(5).sha256, hasHead: true }],
    });
  });

  test.each([0, 2, 5])('names a record with one byte changed: record %i', async (index) => {
    const key = keys[index] ?? '';
    const text = copy.get(key) ?? '';
    const at = text.indexOf('golden') + 2;

    const altered = await verified(changed({ [key]: `${text.slice(0, at)}x${text.slice(at + 1)}` }));

    expect(found(altered)).toEqual([['altered', key]]);
  });

  test('names a record that was written anew with a digest of its own', async () => {
    const key = keys[1] ?? '';
    const forged = intactLike(recordAt(1), { report: 'all was well' });

    expect(found(await verified(changed({ [key]: forged })))).toEqual([['altered', key]]);
  });

  test.each([0, 2, 5])('names a record that is missing: record %i', async (index) => {
    const key = keys[index] ?? '';

    const whole = await verified(changed({ [key]: null, [pageOf(key)]: null }));
    const record = await verified(changed({ [key]: null }));

    expect(found(whole)).toEqual([['missing', key]]);
    expect(found(record)).toEqual([['missing', key]]);
  });

  test('names a page that is missing, and one that was changed', async () => {
    const [first = '', second = ''] = keys.map(pageOf);

    const result = await verified(changed({ [first]: null, [second]: `${copy.get(second) ?? ''} ` }));

    expect(found(result)).toEqual([
      ['missing', first],
      ['altered', second],
    ]);
  });

  test('names what was added: a forged record, one after the last, a copy, a file', async () => {
    const forged = (sequence: number, name: string) => {
      const key = `records/golden/20260105T0900${sequence}0.000Z-${name}/record.json`;
      return { [key]: intactLike(recordAt(1), { key, sequence }), [pageOf(key)]: copy.get(pageOf(keys[1])) };
    };
    const [middle, last] = [forged(3, 'forged'), forged(7, 'later')];
    const copied = 'records/golden/20260105T090000.000Z-copy/record.json';
    const more = { [copied]: copy.get(keys[1] ?? ''), [pageOf(copied)]: copy.get(pageOf(keys[1])) };

    const result = await verified(changed({ ...middle, ...last, ...more, 'records/golden/note.txt': 'hello' }));

    expect(new Set(found(result).map(([kind]) => kind))).toEqual(new Set(['added']));
    expect(
      found(result)
        .map(([, file]) => file?.replace('/copy/', ''))
        .sort(),
    ).toEqual([Object.keys(middle)[0], Object.keys(last)[0], copied, 'records/golden/note.txt'].sort());
  });

  test.each(['with their pages', 'alone'])('names two that were swapped: %s', async (how) => {
    const [, one = '', , other = ''] = keys;
    const records = { [one]: copy.get(other), [other]: copy.get(one) };
    const both = { [pageOf(one)]: copy.get(pageOf(other)), [pageOf(other)]: copy.get(pageOf(one)) };

    const result = await verified(changed({ ...records, ...(how === 'alone' ? {} : both) }));

    expect(found(result)).toEqual([
      ['out of order', one],
      ['out of order', other],
    ]);
  });

  test('of a head that was changed, says so; without one, that nobody knows whether more follow', async () => {
    const altered = await verified(changed({ 'heads/golden.json': '{}' }));
    const without = await verified(changed({ 'heads/golden.json': null }));

    expect(found(altered)).toEqual([['altered', 'heads/golden.json']]);
    expect(without).toMatchObject({ problems: [], sites: [{ hasHead: false }] });
  });

  test('does not miss what was kept for long enough', async () => {
    const [first = ''] = keys;
    const without = changed({ [first]: null, [pageOf(first)]: null });

    expect(found(await verified(without, now + 2557 * DAY_MS))).toEqual([]);
    expect(found(await verified(without, now + 2556 * DAY_MS))).toEqual([['missing', first]]);
  });

  test('takes a record by itself', () => {
    const [first = ''] = keys;
    const [record = '', html] = [copy.get(first), copy.get(pageOf(first))];

    expect(verifyRecord(first, record, html).problems).toEqual([]);
    expect(found(verifyRecord(first, record, `${html ?? ''} `))).toEqual([['altered', pageOf(first)]]);
    expect(found(verifyRecord(first, record.replace('golden', 'goldem'), html))).toEqual([['altered', first]]);
  });
});
