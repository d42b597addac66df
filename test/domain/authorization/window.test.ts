import { momentIn, windowAt } from '../../../domain/authorization/window';

const berlin = { opens: '0 22 * * sat', timeZone: 'Europe/Berlin', minutes: 240 };
const at = Date.parse;

test.each([
  ['a minute before it opens', '2026-11-28T20:59:59.999Z', false],
  ['when it opens, by the clock of its time zone', '2026-11-28T21:00:00Z', true],
  ['after midnight there', '2026-11-29T00:59:59.999Z', true],
  ['when its minutes are over', '2026-11-29T01:00:00Z', false],
  ['in summer, an hour earlier by UTC', '2026-07-25T20:00:00Z', true],
  ['in summer, before', '2026-07-25T19:59:59Z', false],
  ['in the night in which the clock is set back, for its minutes', '2026-10-24T23:59:59Z', true],
  ['and no longer', '2026-10-25T00:00:00Z', false],
])('%s', (_, moment, open) => {
  expect(windowAt(berlin, at(moment)).open).toBe(open);
});

test('a closed one says when it opens next', () => {
  expect(windowAt(berlin, at('2026-11-29T01:00:00Z'))).toEqual({ open: false, opensAt: at('2026-12-05T21:00:00Z') });
});

test('one that opens at an hour which summer time skips opens an hour later', () => {
  const skipped = { opens: '30 2 29 3 *', timeZone: 'Europe/Berlin', minutes: 10 };

  expect(windowAt(skipped, at('2026-03-29T00:00:00Z'))).toEqual({ open: false, opensAt: at('2026-03-29T01:00:00Z') });
});

test('windows that overlap are one', () => {
  const hourly = { opens: '0 * * * *', timeZone: 'UTC', minutes: 61 };

  expect(windowAt(hourly, at('2026-11-28T20:59:00Z'))).toEqual({ open: true });
});

test('a moment is told as people of the site read it, and by UTC', () => {
  expect(momentIn('Europe/Berlin', at('2026-11-28T21:00:00Z'))).toBe(
    'Sat, 28 Nov 2026, 22:00 in Europe/Berlin (Sat, 28 Nov 2026, 21:00 UTC)',
  );
});
