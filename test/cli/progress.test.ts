import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { progress } from '../../cli/progress';
import { style } from '../../cli/style';

const STARTED_AT = Date.parse('2030-01-01T00:00:00Z');

/** A history: each event with its time in milliseconds and the event it follows. */
function history(...events: [type: string, at: number, previousEventId: number, details?: Partial<HistoryEvent>][]) {
  return events.map(([type, at, previousEventId, details], index) => ({
    ...{ type, id: index + 1, previousEventId, timestamp: new Date(STARTED_AT + at) },
    ...details,
  })) as HistoryEvent[];
}

const entered = (name: string) => ({ stateEnteredEventDetails: { name } });
const scheduled = (input: object) =>
  ({ taskScheduledEventDetails: { parameters: JSON.stringify({ Payload: { input } }) } }) as Partial<HistoryEvent>;

/** What is shown of these events, by lines without padding. */
function shown(events: readonly HistoryEvent[], interactive = false): string[] {
  let written = '';
  const show = progress({ write: (text) => (written += text), interactive }, style(true));
  events.forEach(show);
  return written
    .split('\n')
    .slice(0, -1)
    .map((line) => line.replace(/ {2,}/g, ' ').trim());
}

test('a task is a line when it ends: since when, what it works on, how long', () => {
  const lines = shown(
    history(
      ['ExecutionStarted', 0, 0],
      ['TaskStateEntered', 1000, 0, entered('Load site')],
      ['TaskScheduled', 1000, 2, scheduled({ site: 'golden' })],
      ['TaskStarted', 1010, 3],
      ['TaskSucceeded', 1500, 4],
      ['TaskStateExited', 1500, 5],
      ['TaskStateEntered', 2000, 6, entered('Stage')],
      ['TaskScheduled', 2000, 7, scheduled({ site: { name: 'golden' }, controller: 'node-2' })],
      ['TaskSucceeded', 4250, 8],
      ['TaskStateExited', 4250, 9],
    ),
  );

  expect(lines).toEqual(['1.5 s ✓ Load site 0.50 s', '4.3 s ✓ Stage node-2 2.25 s']);
});

test('what a task works on may be given whole: its name counts', () => {
  const [line] = shown(
    history(
      ['TaskStateEntered', 0, 0, entered('Ensure cluster')],
      ['TaskScheduled', 0, 1, scheduled({ cluster: { name: 'swarm-1', workers: 5 } })],
      ['TaskStateExited', 100, 2],
    ),
  );

  expect(line).toContain('Ensure cluster swarm-1');
});

test('tasks side by side are told apart by the events that they follow', () => {
  const lines = shown(
    history(
      ['TaskStateEntered', 0, 0, entered('Stage')],
      ['TaskStateEntered', 0, 0, entered('Stage')],
      ['TaskScheduled', 0, 1, scheduled({ controller: 'node-1' })],
      ['TaskScheduled', 0, 2, scheduled({ controller: 'node-2' })],
      ['TaskSucceeded', 700, 4],
      ['TaskSucceeded', 900, 3],
      ['TaskStateExited', 900, 6],
      ['TaskStateExited', 1200, 5],
    ),
  );

  expect(lines).toEqual(['0.9 s ✓ Stage node-1 0.90 s', '1.2 s ✓ Stage node-2 1.20 s']);
});

test('a state in a loop is counted', () => {
  const once = (id: number): Parameters<typeof history> => [
    ['WaitStateEntered', id * 1000, 0, entered('Wait for cluster')],
    ['WaitStateExited', id * 1000 + 500, id * 2 + 1],
  ];

  const lines = shown(history(...once(0), ...once(1), ...once(2)));

  expect(lines.map((line) => /×\d+|once/.exec(line)?.[0] ?? 'once')).toEqual(['once', '×2', '×3']);
});

test('a failed try is a line with its error, and so is the one after it', () => {
  const lines = shown(
    history(
      ['TaskStateEntered', 0, 0, entered('Commit')],
      ['TaskScheduled', 0, 1, scheduled({ controller: 'node-1' })],
      ['TaskFailed', 100, 2, { taskFailedEventDetails: { error: 'SshConnectionLost' } } as Partial<HistoryEvent>],
      ['TaskScheduled', 2100, 3, scheduled({ controller: 'node-1' })],
      ['TaskTimedOut', 5000, 4, { taskTimedOutEventDetails: { error: 'States.Timeout' } } as Partial<HistoryEvent>],
      ['TaskScheduled', 6000, 5, scheduled({ controller: 'node-1' })],
      ['TaskSucceeded', 7000, 6],
      ['TaskStateExited', 7000, 7],
    ),
  );

  expect(lines).toEqual([
    '0.1 s ✗ Commit node-1 0.10 s SshConnectionLost',
    '5.0 s ✗ Commit node-1 5.00 s States.Timeout',
    '7.0 s ✓ Commit node-1 7.00 s',
  ]);
});

test('choices, passes and maps are no work of their own', () => {
  const lines = shown(
    history(
      ['ChoiceStateEntered', 0, 0, entered('Anything to do?')],
      ['ChoiceStateExited', 0, 1],
      ['MapStateEntered', 0, 2, entered('Stage everywhere')],
      ['MapStateExited', 0, 3],
    ),
  );

  expect(lines).toEqual([]);
});

describe('on a terminal', () => {
  const events = history(['TaskStateEntered', 0, 0, entered('Plan')], ['TaskStateExited', 100, 1]);

  test('what runs is shown at once, and written over when it ends', () => {
    let written = '';
    const show = progress({ write: (text) => (written += text), interactive: true }, style(true));

    events.forEach(show);

    const [running = '', cleared = '', ended = ''] = written.split('\r');
    expect([running.trim(), cleared]).toEqual(['0.0 s  … Plan', '\u001b[2K']);
    expect(ended).toMatch(/^ +0\.1 s {2}✓ Plan .*\n$/);
  });

  test('elsewhere there is one line an event and no control character', () => {
    let written = '';
    const show = progress({ write: (text) => (written += text), interactive: false }, style(true));

    events.forEach(show);

    expect(written).toMatch(/^\P{Cc}*\n$/u);
  });
});
