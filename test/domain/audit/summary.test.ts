import { type ExecutionSummary, summaryOf } from '../../../domain/audit/summary';
import { summaryPage } from '../../../domain/audit/page/summary';

const DAY_MS = 86_400_000;
const UNTIL = Date.UTC(2026, 10, 27, 12);

const execution = (site: string, daysAgo: number, outcome: ExecutionSummary['outcome']): ExecutionSummary => ({
  ...{ site, outcome, mode: 'check', words: `It is <${outcome}>.`, dollars: 0.001, record: `records/${site}` },
  startedAt: new Date(UNTIL - daysAgo * DAY_MS).toISOString(),
  outage: outcome === 'changed' ? { atLeast: 900, atMost: 1_000 } : { atLeast: 0, atMost: 0 },
});
const ALL = [
  execution('b', 0, 'unchanged'),
  execution('b', 1, 'unchanged'),
  execution('b', 1, 'drift'),
  execution('a', 2, 'changed'),
  execution('a', 0, 'failed'),
];

test('each site has its worst outcome of each day, what it came to, and its last', () => {
  const { sites, periods, daysOfPeriod } = summaryOf(ALL, { since: UNTIL - 2 * DAY_MS, until: UNTIL });

  expect([periods, daysOfPeriod]).toEqual([['2026-11-25', '2026-11-26', '2026-11-27'], 1]);
  expect(sites).toEqual([
    expect.objectContaining({
      site: 'a',
      periods: ['changed', null, 'failed'],
      outcomes: { failed: 1, changed: 1 },
      outage: { atLeast: 900, atMost: 1_000 },
      last: { startedAt: '2026-11-27T12:00:00.000Z', outcome: 'failed' },
    }),
    expect.objectContaining({ site: 'b', periods: [null, 'drift', 'unchanged'], executions: 3 }),
  ]);
});

test('all that found or did something is listed, the latest first', () => {
  const { executions } = summaryOf(ALL, { since: UNTIL - 2 * DAY_MS, until: UNTIL });

  expect(executions.map(({ site, outcome }) => `${site} ${outcome}`)).toEqual(['a failed', 'b drift', 'a changed']);
});

test('a year has as many columns as a month', () => {
  const { periods, daysOfPeriod, sites } = summaryOf(ALL, { since: UNTIL - 364 * DAY_MS, until: UNTIL });

  expect([periods.length, daysOfPeriod]).toEqual([31, 12]);
  expect(sites[0]?.periods.at(-1)).toBe('failed');
});

test('the page escapes what it is told', () => {
  const html = summaryPage(summaryOf(ALL, { since: UNTIL - 2 * DAY_MS, until: UNTIL }));

  expect(html).toContain('It is &#60;drift&#62;.');
  expect(html).toContain('5 executions on 2 sites, 2026-11-25 to 2026-11-27');
});
