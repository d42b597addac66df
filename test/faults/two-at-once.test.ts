import { round } from '../workflow/two-at-once';

// A thousand rounds.
test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])(
  'of hundred %# of rounds of executions on one cloud, none has two at work at the same time',
  async (hundred) => {
    const overlapping = [];
    for (let seed = 1_000 + hundred * 100; seed < 1_100 + hundred * 100; seed++) {
      const { overlaps } = await round(seed);
      if (overlaps.length > 0) overlapping.push({ seed, overlaps });
    }

    expect(overlapping).toEqual([]);
  },
  600_000,
);
