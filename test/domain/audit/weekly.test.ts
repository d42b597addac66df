import { type ExecutionSummary, summaryOf } from '../../../domain/audit/summary';
import { weeklyMessage } from '../../../domain/audit/weekly';

const DAY_MS = 86_400_000;
const UNTIL = Date.UTC(2026, 10, 30, 7);

const execution = (site: string, hoursAgo: number, outcome: ExecutionSummary['outcome']): ExecutionSummary => ({
  ...{ site, outcome, mode: 'check', words: `It is\n${outcome}.`, dollars: 0.001, record: `records/${site}` },
  startedAt: new Date(UNTIL - hoursAgo * 3_600_000).toISOString(),
  outage: { atLeast: 0, atMost: 0 },
});
const of = (all: readonly ExecutionSummary[], more: Parameters<typeof weeklyMessage>[1] = {}) =>
  weeklyMessage(summaryOf(all, { since: UNTIL - 7 * DAY_MS, until: UNTIL }), more);

test('a site that was not always as wanted has its lines, others share one', () => {
  const all = [execution('b', 2, 'unchanged'), execution('a', 2, 'unchanged'), execution('a', 26, 'drift')];

  const { subject, text } = of(all);

  expect(subject).toBe('magnum-ha: 2026-11-23 to 2026-11-30: 1 site of 2 not always as wanted');
  expect(text.split('\n')).toEqual([
    '2 sites, 3 executions, 2026-11-23 to 2026-11-30.',
    '',
    'a: 1 drift, 1 as wanted; now as wanted; outage none; about $0.00',
    '  2026-11-29 05:00 check, drift: It is drift.',
    '',
    'As wanted all the time: b.',
    '',
    'All of it: magnum-ha audit --since 7d',
  ]);
});

test('a site has ten lines at most, and says how many it does not show', () => {
  const all = Array.from({ length: 20 }, (_, index) => execution('a', index, 'failed'));

  const lines = of(all)
    .text.split('\n')
    .filter((line) => /^( {2}|a:)/.test(line));

  expect(lines).toHaveLength(10);
  expect(lines.at(-1)).toBe('  and 12 more: magnum-ha audit --since 7d --site a');
});

test('of more sites than a message has room for, it says how many there are', () => {
  const words = 'x'.repeat(1_000);
  const all = Array.from({ length: 1_000 }, (_, index) => ({ ...execution(`site-${index}`, 1, 'drift'), words }));

  const { subject, text } = of(all);

  expect(text.length).toBeLessThan(64_000);
  expect(text).toMatch(/^And \d{3} sites more: site-\d+, /m);
  expect(subject).toMatch(/^[\x20-\x7e]{1,100}$/);
});

test('a week in which nothing ran is told, and records that were altered are', () => {
  expect(of([]).text).toContain('Nothing ran');
  expect(of([], { altered: ['records/a/b/record.json'] }).text).toContain(
    '1 record not as written, and left out: records/a/b/',
  );
});

test('a site that has a document and no record counts as not known to be as wanted', () => {
  const { subject, text } = of([execution('a', 2, 'unchanged')], { known: ['a', 'b'] });

  expect(subject).toContain(': 1 site of 2 not always as wanted');
  expect(text).toContain(
    '\nWithout a record, so that nobody knows whether all is as wanted: b. See magnum-ha fleet.\n',
  );
  expect(text).toContain('\nAs wanted all the time: a.\n');
});
