import { scheduleOf, seedOf } from '../../../local/search/schedule';
import { shrink } from '../../../local/search/shrink';

const schedule = {
  scenario: 'cycle-only',
  faults: [
    { at: 'command', number: 12, kind: 'lost' },
    { at: 'call', number: 3, kind: 'throttled' },
    { at: 'state', number: 7, kind: 'timed-out' },
  ],
} as const;

test('a seed says the schedule, and is read again', () => {
  const seed = seedOf(schedule);

  expect(seed).toBe('cycle-only:c12=lost+a3=throttled+s7=timed-out');
  expect(scheduleOf(seed)).toEqual(schedule);
});

test.each(['', 'cycle-only', 'cycle-only:x1=lost', 'cycle-only:c0=lost', 'cycle-only:c1', 'cycle-only:c1=lost+'])(
  '%j is no seed, or one without what cannot be read',
  (text) => {
    expect(scheduleOf(text)?.faults.length ?? 0).toBe(text.endsWith('+') ? 1 : 0);
  },
);

test('the smallest schedule is found: what does the harm stays, whatever stands around it', async () => {
  const harm = schedule.faults[1];

  const smallest = await shrink(schedule.faults, (fewer) => Promise.resolve(fewer.includes(harm)));

  expect(smallest).toEqual([harm]);
});

test('faults that do harm only together stay together', async () => {
  const [first, , last] = schedule.faults;

  const smallest = await shrink(schedule.faults, (fewer) =>
    Promise.resolve([first, last].every((fault) => fewer.includes(fault))),
  );

  expect(smallest).toEqual([first, last]);
});
