import { round } from '../workflow/two-at-once';

test('of a thousand rounds of executions on one cloud, none has two at work at the same time', async () => {
  const overlapping = [];
  for (let seed = 1_000; seed < 2_000; seed++) {
    const { overlaps } = await round(seed);
    if (overlaps.length > 0) overlapping.push({ seed, overlaps });
  }

  expect(overlapping).toEqual([]);
}, 600_000);
