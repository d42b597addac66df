import type { Violation } from '../../../local/search/invariants';
import { KNOWN, knownAs } from '../../../local/search/known';
import type { RunResult } from '../../../local/search/run';
import { SCENARIOS } from '../../../local/search/scenarios';
import { seedOf, type Schedule } from '../../../local/search/schedule';
import { fixedSet } from '../../../local/search/schedules';
import { referenceNamed, runSchedule } from '../../../local/search/search';

/** Two runs a second are reached on a busy machine. */
jest.setTimeout(240_000);

let runs: { schedule: Schedule; result: RunResult }[];

beforeAll(async () => {
  const references = [];
  for (const name of SCENARIOS) references.push(await referenceNamed(name));
  const known = new Map(SCENARIOS.map((name) => [name as string, new Map<string, readonly Violation[]>()]));
  runs = [];
  for (const schedule of fixedSet(references)) {
    const before = known.get(schedule.scenario);
    runs.push({ schedule, result: await runSchedule(schedule, before && { known: before }) });
  }
});

it('strikes where it says, once', () => {
  const missed = runs.filter(({ schedule: { faults }, result }) => result.struck.length !== faults.length);

  // What times out does so by the machine's own limit.
  expect(missed.map(({ schedule }) => seedOf(schedule)).filter((seed) => !seed.endsWith('timed-out'))).toEqual([]);
});

it('violates nothing that is not known', () => {
  const unknown = runs.flatMap(({ schedule, result }) =>
    result.violations
      .filter((one) => !knownAs(one, schedule.scenario, result.struck))
      .map(({ invariant, what, detail }) => `${seedOf(schedule)}: ${invariant} ${what}: ${detail}`),
  );

  expect(unknown).toEqual([]);
});

it('violates all that is listed as known: what has been mended is no longer listed', () => {
  const found = new Set(
    runs.flatMap(({ schedule, result }) =>
      result.violations.map((one) => knownAs(one, schedule.scenario, result.struck)),
    ),
  );

  expect(KNOWN.filter((one) => !found.has(one))).toEqual([]);
});
