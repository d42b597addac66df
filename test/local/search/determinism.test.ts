import { several, singles } from '../../../local/search/schedules';
import { referenceOf, runWith } from '../../../local/search/run';
import { scenarioNamed } from '../../../local/search/scenarios';
import { scheduleOf, seedOf } from '../../../local/search/schedule';
import { referenceNamed, smallest } from '../../../local/search/search';
import { withoutLock } from './tampering';

test.each(['cycle-only:', 'cycle-only:c61=function-killed', 'clean-check:c20=late-answer+a9=answer-lost'])(
  '%s: the same seed, the same history to the last byte',
  async (seed) => {
    const { scenario, faults = [] } = scheduleOf(seed) ?? { scenario: '' };
    const reference = await referenceNamed(scenario);

    const digests = [];
    for (let i = 0; i < 3; i++) digests.push((await runWith(reference, faults)).digest);

    expect(new Set(digests).size).toBe(1);
  },
);

test('the points are the same each time, and other faults make another history', async () => {
  const scenario = await scenarioNamed('clean-check');
  const [first, second] = [await referenceOf(scenario), await referenceOf(scenario)];

  const digests = [];
  for (const kind of ['lost', 'hangs']) {
    digests.push((await runWith(first, [{ at: 'command', number: 5, kind }])).digest);
  }

  expect(second.points).toEqual(first.points);
  expect(new Set(digests).size).toBe(2);
});

test('every point of every sort is tried, and pairs and triples are always the same', async () => {
  const reference = await referenceNamed('clean-check');
  const choice = { pessimistic: false };

  const seeds = singles(reference, choice).map(seedOf);
  const some = several(2, [reference], 20, choice).map(seedOf);

  expect(new Set(seeds).size).toBe(seeds.length);
  for (const { at, number } of reference.points) {
    const letter = { command: 'c', call: 'a', state: 's' }[at];
    expect(seeds.some((seed) => seed.startsWith(`clean-check:${letter}${number}=`))).toBe(true);
  }
  expect(several(2, [reference], 20, choice).map(seedOf)).toEqual(some);
  const triples = several(3, [reference], 20, choice);
  expect(triples.every(({ faults }) => faults.length === 3)).toBe(true);
  expect(several(3, [reference], 20, choice)).toEqual(triples);
});

test('of two faults, the one that does no harm is left out', async () => {
  const reference = await referenceNamed('cycle-only');
  const numberOf = (like: RegExp) => reference.points.find(({ what }) => like.test(what))?.number ?? 0;
  const second = { at: 'state', number: numberOf(/^Disable HAProxy$/), kind: 'second-apply' } as const;
  const schedule = {
    scenario: 'cycle-only',
    faults: [{ at: 'call', number: numberOf(/^lambda:invoke Plan$/), kind: 'throttled' } as const, second],
  };
  const options = { tampering: withoutLock() };

  const result = await runWith(reference, schedule.faults, options);

  expect(result.violations.map(({ invariant }) => invariant)).toContain('I4');
  expect((await smallest({ schedule, result, unknown: [] }, options)).faults).toEqual([second]);
});
