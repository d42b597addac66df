import { atLeast, type Release, releaseMeant, RELEASES } from '../../../domain/site/releases';

test.each<[Release, Release, boolean]>([
  ['newton', 'pike', false],
  ['pike', 'pike', true],
  ['queens', 'pike', true],
  // By name z comes last, by age a number comes after it.
  ['2023.1', 'zed', true],
  ['zed', '2023.1', false],
  ['2026.1', '2024.2', true],
])('%s is %s or later: %s', (release, since, expected) => {
  expect(atLeast(release, since)).toBe(expected);
});

test('names come in the order of the alphabet, then numbers in theirs', () => {
  const named = RELEASES.filter((release) => !/^\d/.test(release));
  const numbered = RELEASES.filter((release) => /^\d/.test(release));

  expect([...named].sort()).toEqual(named);
  expect([...numbered].sort()).toEqual(numbered);
  expect(RELEASES).toEqual([...named, ...numbered]);
});

test.each<[unknown, Release | undefined]>([
  ['Caracal', '2024.1'],
  ['GAZPACHO', '2026.1'],
  ['Newton', 'newton'],
  [2025.2, '2025.2'],
  ['mitaka', undefined],
  ['constructor', undefined],
])('by %j somebody means %s', (written, release) => {
  expect(releaseMeant(written)).toBe(release);
});
