import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { Progress } from '../../cli/progress';
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
  const progress = new Progress({ write: (text) => (written += text), interactive }, style(true));
  for (const event of events) progress.take(event);
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

  expect(lines).toEqual(['1.5 s 0.50 s ✓ Load site', '4.3 s 2.25 s ✓ Stage node-2']);
});

test('a function that is woken is a line only if it did not wake at first', () => {
  const woken = { ...entered('Wake function') };
  const refused = {
    ...{ resource: 'invoke', resourceType: 'lambda' },
    error: 'Lambda.CodeArtifactUserPendingException',
    cause: 'Lambda is initializing your function.',
  };

  const lines = shown(
    history(
      ['TaskStateEntered', 0, 0, woken],
      ['TaskScheduled', 0, 1],
      ['TaskSucceeded', 100, 2],
      ['TaskStateExited', 100, 3],
      ['TaskStateEntered', 0, 0, { stateEnteredEventDetails: { name: 'Wake function', input: '{"name":"commit"}' } }],
      ['TaskScheduled', 0, 5],
      ['TaskFailed', 200, 6, { taskFailedEventDetails: refused }],
      ['TaskScheduled', 9000, 5],
      ['TaskSucceeded', 9500, 8],
      ['TaskStateExited', 9500, 9],
    ),
  );

  expect(lines).toEqual([
    '0.2 s 0.20 s ✗ Wake function commit',
    'Lambda.CodeArtifactUserPendingException',
    '9.5 s 0.50 s ✓ Wake function commit',
  ]);
});

describe('functions that are woken are one line', () => {
  const map = (...events: Parameters<typeof history>) =>
    history(
      ['MapStateEntered', 1000, 0, entered('Wake functions')],
      ['MapStateStarted', 1000, 1, { mapStateStartedEventDetails: { length: 23 } }],
      ['MapIterationStarted', 1000, 2],
      ['TaskStateEntered', 1000, 3, entered('Wake function')],
      ['TaskScheduled', 1000, 4],
      ...events,
    );

  test('that says what is waited for, and how long it took', () => {
    const events = map(
      ['TaskSucceeded', 3000, 5],
      ['TaskStateExited', 3000, 6],
      ['MapIterationSucceeded', 3000, 7],
      ['MapStateSucceeded', 3000, 8],
      ['MapStateExited', 3000, 9, { stateExitedEventDetails: { name: 'Wake functions' } }],
    );

    expect(shown(events)).toEqual(['2.0 s 2.00 s ✓ Wake functions: 23 functions to be ready']);
    expect(shown(events, true).at(-1)).not.toContain('Wake function ');
  });

  test('and a failed one if one does not wake', () => {
    const events = map(
      ['TaskFailed', 3000, 5, { taskFailedEventDetails: { error: 'Lambda.ENI' } } as Partial<HistoryEvent>],
      ['TaskStateExited', 3000, 6],
      ['FailStateEntered', 3000, 7, entered('Function not ready')],
      ['MapIterationFailed', 3000, 8],
      ['MapStateFailed', 3000, 9],
      ['MapStateExited', 3000, 10, { stateExitedEventDetails: { name: 'Wake functions' } }],
    );

    expect(shown(events).slice(2)).toEqual([
      '2.0 s 2.00 s ✗ Wake functions: 23 functions to be ready',
      'FunctionNotReady',
    ]);
  });
});

describe('an outage', () => {
  /** A step of the cycle, and what it measured, in milliseconds. */
  const step = (id: number, name: string, at: number, measured: object): Parameters<typeof history> => [
    ['TaskStateEntered', at, 0, entered(name)],
    ['TaskScheduled', at, id + 1, scheduled({})],
    [
      'TaskSucceeded',
      at + 1000,
      id + 2,
      { taskSucceededEventDetails: { output: JSON.stringify({ Payload: measured }) } } as Partial<HistoryEvent>,
    ],
    ['TaskStateExited', at + 1000, id + 3],
  ];
  const notes = (events: readonly HistoryEvent[]) => shown(events).map((line) => line.replace(/^.*✓ /, ''));

  test('counts from the last answer of the VIP to its first, as the report has it, not until HAProxy serves everywhere', () => {
    const [lastAnswerAt, firstAnswerAt] = [STARTED_AT + 200, STARTED_AT + 1081];
    const lines = notes(
      history(
        ...step(0, 'Disable HAProxy', 0, { lastAnswerAt, firstAnswerAt: null }),
        ...step(4, 'Enable HAProxy', 1000, { lastAnswerAt, firstAnswerAt }),
        ...step(8, 'Poll HAProxy serving', 2000, { lastAnswerAt, firstAnswerAt }),
      ),
    );

    expect(lines).toEqual(['Disable HAProxy VIP down 0.8 s', 'Enable HAProxy outage 881 ms', 'Poll HAProxy serving']);
  });

  test('that nobody has seen to end counts no more once Magnum is looked at', () => {
    const lines = notes(
      history(
        ...step(0, 'Disable HAProxy', 0, { lastAnswerAt: STARTED_AT, firstAnswerAt: null }),
        ...step(4, 'Enable HAProxy', 1000, { lastAnswerAt: STARTED_AT, firstAnswerAt: null }),
        ...step(8, 'Verify', 2000, {}),
        ...step(12, 'Ensure cluster', 3000, {}),
      ),
    );

    expect(lines).toEqual([
      'Disable HAProxy VIP down 1.0 s',
      'Enable HAProxy VIP down 2.0 s',
      'Verify',
      'Ensure cluster',
    ]);
  });

  test('that was there before has no beginning', () => {
    const measured = { lastAnswerAt: null, firstAnswerAt: STARTED_AT + 1500 };

    const lines = notes(
      history(
        ...step(0, 'Enable HAProxy again', 0, { ...measured, firstAnswerAt: null }),
        ...step(4, 'Poll HAProxy serving again', 1000, measured),
      ),
    );

    expect(lines).toEqual([
      'Enable HAProxy again HAProxy was down before',
      'Poll HAProxy serving again the VIP answers',
    ]);
  });

  test('of a roll-back is another one', () => {
    const cycle = (id: number, suffix: string, at: number) => {
      const lastAnswerAt = STARTED_AT + at;
      return [
        ...step(id, `Disable HAProxy${suffix}`, at, { lastAnswerAt, firstAnswerAt: null }),
        ...step(id + 4, `Enable HAProxy${suffix}`, at + 1000, { lastAnswerAt, firstAnswerAt: lastAnswerAt + 1500 }),
      ];
    };

    const lines = notes(history(...cycle(0, '', 0), ...cycle(8, ' for roll-back', 9000)));

    expect(lines).toEqual([
      'Disable HAProxy VIP down 1.0 s',
      'Enable HAProxy outage 1500 ms',
      'Disable HAProxy for roll-back VIP down 1.0 s',
      'Enable HAProxy for roll-back outage 1500 ms',
    ]);
  });
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

  expect(lines).toEqual(['0.9 s 0.90 s ✓ Stage node-1', '1.2 s 1.20 s ✓ Stage node-2']);
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
    '0.1 s 0.10 s ✗ Commit node-1',
    'SshConnectionLost',
    '5.0 s 2.90 s ✗ Commit node-1',
    'States.Timeout',
    '7.0 s 1.00 s ✓ Commit node-1',
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

test('two clusters are told apart, and a wait says what it waits for', () => {
  const lines = shown(
    history(
      ['MapStateEntered', 0, 0, entered('Await clusters')],
      ['MapIterationStarted', 0, 1],
      ['MapIterationStarted', 0, 1],
      ['PassStateEntered', 0, 2, { stateEnteredEventDetails: { name: 'Cluster ensured', input: '{"name":"blue"}' } }],
      ['PassStateEntered', 0, 3, { stateEnteredEventDetails: { name: 'Cluster ensured', input: '{"name":"red"}' } }],
      ['TaskStateEntered', 0, 4, entered('Poll cluster')],
      ['TaskScheduled', 0, 6, scheduled({ cluster: { name: 'blue' } })],
      [
        'TaskSucceeded',
        100,
        7,
        {
          taskSucceededEventDetails: { output: '{"Payload":{"status":"CREATE_IN_PROGRESS"}}' },
        } as Partial<HistoryEvent>,
      ],
      ['TaskStateExited', 100, 8],
      ['WaitStateEntered', 100, 5, entered('Wait')],
      ['WaitStateEntered', 100, 9, entered('Wait')],
      ['WaitStateExited', 15_100, 10],
      ['WaitStateExited', 15_200, 11],
    ),
  );

  expect(lines).toEqual([
    '0.1 s 0.10 s ✓ Poll cluster blue',
    '15.1 s 15.00 s ✓ Wait red',
    '15.2 s 15.10 s ✓ Wait blue: CREATE_IN_PROGRESS',
  ]);
});

test('no line is longer than 80 columns, however much is waited for', () => {
  const output = JSON.stringify({
    Payload: { waitingFor: ['HAProxy does not run on node-1', 'nor on node-2: '.repeat(9)] },
  });
  let written = '';
  const progress = new Progress({ write: (text) => (written += text), interactive: false }, style(true));
  const events = history(
    ['TaskStateEntered', 0, 0, entered('Disable HAProxy')],
    ['TaskScheduled', 0, 1, scheduled({})],
    ['TaskSucceeded', 5000, 2, { taskSucceededEventDetails: { output } } as Partial<HistoryEvent>],
    ['TaskStateExited', 5000, 3],
    ['WaitStateEntered', 5000, 4, entered('Wait for HAProxy to stop')],
    ['WaitStateExited', 7000, 5],
  );

  for (const event of events) progress.take(event);

  expect(written.split('\n').map((line) => line.length <= 80)).toEqual([true, true, true]);
  expect(written).toMatch(/Wait for HAProxy to stop: .*… {2}VIP down 7\.0 s\n$/);
});

describe('on a terminal', () => {
  const events = history(['TaskStateEntered', 0, 0, entered('Plan')], ['TaskStateExited', 100, 1]);

  test('what runs is shown at once, and written over when it ends', () => {
    let written = '';
    const progress = new Progress({ write: (text) => (written += text), interactive: true }, style(true));

    for (const event of events) progress.take(event);

    const [cleared, running = '', ended = ''] = written.split('\r');
    expect([cleared, running]).toEqual(['\u001b[2K', '   0.0 s    0.00 s  … Plan\u001b[2K']);
    expect(ended).toBe('   0.1 s    0.10 s  ✓ Plan\n');
  });

  test('elsewhere there is one line an event and no control character', () => {
    let written = '';
    const progress = new Progress({ write: (text) => (written += text), interactive: false }, style(true));

    for (const event of events) progress.take(event);

    expect(written).toMatch(/^\P{Cc}*\n$/u);
  });
});
