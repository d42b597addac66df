import { type MeasuredCheck, monthlyCost } from '../../../domain/audit/monthly';

const check = (controllers: number, seconds: number): MeasuredCheck => ({
  ...{
    controllers,
    seconds,
    transitions: 1,
    milliseconds: 2010,
    invocations: 5,
    secrets: 10,
    tableWrites: 2,
    tableReads: 1,
    events: 100,
  },
  ...{ logBytes: 50_000, archiveSeconds: 0.2, objectWrites: 3, objectReads: 5, recordBytes: 100_000 },
});
const MEASURED = [check(3, 1), check(12, 4), check(24, 6)] as const;
const costOf = (controllers: number, sites = 1000, everyHours = 1) =>
  monthlyCost({ sites, everyHours, controllers }, MEASURED);

test('the parts are those of a check, times the checks of a month', () => {
  const { checks, parts, monthlyDollars, storageWhenFull } = costOf(3);

  expect(checks).toBe(730_000);
  // A transition of the fleet machine, and an Express execution of 2.1 s and 64 MB.
  expect(parts['looks']).toBeCloseTo(730_000 * (0.000025 + 0.000001 + (2.1 / 16) * (0.06 / 3600)), 6);
  expect(parts['functions']).toBeCloseTo(730_000 * (0.5 * 0.0000133334 + 5 * 0.0000002), 6);
  expect(parts['secrets']).toBeCloseTo(21.9, 6);
  expect(monthlyDollars).toBeCloseTo(
    Object.values(parts).reduce((sum, one) => sum + one, 0),
    9,
  );
  // 73 GB a month, 84 months.
  expect(storageWhenFull).toBeCloseTo(73 * 84 * 0.023, 6);
});

test('a site more costs what the site before it does', () => {
  const [one, two, three] = [1, 2, 3].map((sites) => costOf(3, sites).monthlyDollars);

  expect((three ?? 0) - (two ?? 0)).toBeCloseTo((two ?? 0) - (one ?? 0), 9);
});

test.each([
  [3, 1],
  [12, 4],
  [6, 2],
  [18, 5],
  [36, 8],
  [1, 1 / 3],
])('a check of %i controllers lies on the line through those that were measured', (controllers, seconds) => {
  expect(costOf(controllers).check.seconds).toBeCloseTo(seconds, 9);
});
