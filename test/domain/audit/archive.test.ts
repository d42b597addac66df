import { archive, type RecordStore, RecordNotArchived } from '../../../domain/audit/archive';
import { type EndedExecution, headKeyOf, intactRecord, keyOf, siteOf } from '../../../domain/audit/record';
import { realClock } from '../../../domain/world';
import { verifyArchive } from '../../../domain/audit/verification';

const EXECUTION: EndedExecution = {
  status: 'SUCCEEDED',
  startDate: new Date(Date.UTC(2026, 10, 27, 5)),
  stopDate: new Date(Date.UTC(2026, 10, 27, 5, 1)),
};
const named = (name: string, site = 'golden'): EndedExecution => ({
  ...{ ...EXECUTION, name, executionArn: name },
  input: JSON.stringify({ site, mode: 'check' }),
});

/** Objects as S3 keeps them, where each call takes its turn. `stop` ends the process that asks, before a call. */
function bucket(stop: (call: string, key: string) => boolean = () => false) {
  const objects = new Map<string, { text: string; tag: string }>();
  let tags = 0;
  const turn = async (call: string, key: string) => {
    await new Promise(setImmediate);
    if (stop(call, key)) throw new Error('the function was stopped');
  };
  const records: RecordStore = {
    get: async (key) => {
      await turn('get', key);
      return objects.get(key);
    },
    has: async (key) => {
      await turn('has', key);
      return objects.has(key);
    },
    put: async (key, text, { over }) => {
      await turn('put', key);
      const there = objects.get(key);
      if (over === 'nothing' ? there : over && over.tag !== there?.tag) return false;
      objects.set(key, { text, tag: String(tags++) });
      return true;
    },
  };
  return { objects, records };
}

const world = (records: RecordStore, execution = named) => ({
  records,
  retentionDays: 30,
  clock: { ...realClock, sleep: () => Promise.resolve() },
  executions: {
    describe: (arn: string) => Promise.resolve(execution(arn)),
    history: () => Promise.resolve([]),
    logs: () => Promise.resolve([]),
  },
});

async function problems(objects: ReadonlyMap<string, { text: string }>) {
  // eslint-disable-next-line @typescript-eslint/require-await -- as the objects of a bucket come
  async function* files() {
    for (const [path, { text }] of objects) yield { path, text };
  }
  return (await verifyArchive(files(), 0)).problems;
}

const sequences = (objects: ReadonlyMap<string, { text: string }>) =>
  [...objects].flatMap(([key, { text }]) => (key.endsWith('record.json') ? [intactRecord(text)?.sequence] : [])).sort();

test('many at the same time make one chain, and the same execution twice one record', async () => {
  const { objects, records } = bucket();
  const arns = ['a', 'b', 'c', 'a', 'd', 'b', 'e'];

  const keys = await Promise.all(arns.map((arn) => archive(arn, world(records))));
  await archive('c', world(records));

  expect(new Set(keys).size).toBe(5);
  expect(sequences(objects)).toEqual([1, 2, 3, 4, 5]);
  expect(await problems(objects)).toEqual([]);
});

test('sites have chains of their own', async () => {
  const { objects, records } = bucket();

  for (const site of ['one', 'two'])
    await archive(
      site,
      world(records, (arn) => named(arn, site)),
    );

  expect(sequences(objects)).toEqual([1, 1]);
});

test.each([
  'put records/golden/20261127T050000.000Z-b/page.html',
  'put heads/golden.json',
  'put records/golden/20261127T050000.000Z-b/record.json',
])('a function that is stopped at %s leaves nothing that the next does not make up for', async (where) => {
  let armed = false;
  const { objects, records } = bucket((call, key) => armed && `${call} ${key}` === where);
  await archive('a', world(records));
  armed = true;

  await expect(archive('b', world(records))).rejects.toThrow('stopped');
  armed = false;
  await archive('c', world(records));
  await archive('b', world(records));

  expect(sequences(objects)).toEqual([1, 2, 3]);
  expect(await problems(objects)).toEqual([]);
});

test('over a head that was changed nothing is written', async () => {
  const { objects, records } = bucket();
  await archive('a', world(records));
  objects.set(headKeyOf('golden'), { text: '{}', tag: 'x' });

  const next = archive('b', world(records));

  await expect(next).rejects.toThrow(RecordNotArchived);
  await expect(next).rejects.toThrow('heads/golden.json is not as it was written. Put its earlier version back');
});

test('an execution that has not ended has no record yet', async () => {
  const { objects, records } = bucket();

  const running = archive(
    'a',
    world(records, (arn) => ({ ...named(arn), status: 'RUNNING' })),
  );

  await expect(running).rejects.toThrow('Execution a has not ended.');
  expect(objects.size).toBe(0);
});

test.each(['../heads', '', '{"site":"a/b"}', '{"site":3}', 'null', '{"site":"-"}'])(
  'an input without a site, %j, leads nowhere else',
  (input) => {
    const execution = { ...named('a'), input };

    expect(siteOf(execution)).toBe('-');
    expect(keyOf(execution)).toBe('records/-/20261127T050000.000Z-a/record.json');
  },
);
