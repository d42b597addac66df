import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { StatesError } from '../../../../local/emulator/asl';
import { virtualClock } from '../../../../local/virtual-clock';
import { LAMBDA, machine, run, secondsOf, sequence, START } from './run';

const pass = (output: unknown, rest: object = { End: true }) => ({ Type: 'Pass', Output: output, ...rest });

describe('execute', () => {
  it('gives the output, the dates and the events of an execution, and tells each event as it happens', async () => {
    const told: HistoryEvent[] = [];
    const definition = machine({
      Wait: { Type: 'Wait', Seconds: 90, Next: 'Sum' },
      Sum: pass('{% $sum($states.input.n) %}'),
    });

    const result = await run(definition, { input: { n: [1, 2] }, onEvent: (event) => told.push(event) });

    expect(result).toMatchObject({
      executionArn: 'arn:aws:states:eu-west-1:111111111111:execution:tested:one',
      status: 'SUCCEEDED',
      output: 3,
      startDate: new Date('2030-01-01T00:00:00Z'),
      stopDate: new Date('2030-01-01T00:01:30Z'),
    });
    expect(told).toEqual(result.events);
    expect(told[0]).toEqual({
      id: 1,
      previousEventId: 0,
      type: 'ExecutionStarted',
      timestamp: result.startDate,
      executionStartedEventDetails: {
        input: '{"n":[1,2]}',
        inputDetails: { truncated: false },
        roleArn: 'arn:aws:iam::111111111111:role/tested',
      },
    });
  });

  it('waits until a Timestamp, and not at all for one that has passed', async () => {
    const until = (Timestamp: string, rest: object) => ({ Type: 'Wait', Timestamp, ...rest });
    const definition = machine({
      Later: until("{% '2030-01-01T00:00:30.5Z' %}", { Next: 'Past' }),
      Past: until('2029-01-01T00:00:00+01:00', { End: true }),
    });

    const { events } = await run(definition);

    expect(secondsOf(events, 'WaitStateExited')).toEqual([30.5, 30.5]);
  });

  it('evaluates Error and Cause of a Fail state', async () => {
    const definition = machine({
      Stop: {
        Type: 'Fail',
        Error: "{% 'Site.' & $states.input.what %}",
        Cause: "{% 'because of ' & $states.input.what %}",
      },
    });

    const result = await run(definition, { input: { what: 'Drift' } });

    expect(result).toMatchObject({ status: 'FAILED', error: 'Site.Drift', cause: 'because of Drift' });
    expect(result.events.at(-1)?.executionFailedEventDetails).toEqual({
      error: 'Site.Drift',
      cause: 'because of Drift',
    });
  });

  it.each([
    [5, 'many'],
    [1, 'few'],
    [-1, 'none'],
  ])('takes the first choice that holds for %d, else Default', async (n, expected) => {
    const definition = machine({
      Choose: {
        Type: 'Choice',
        Choices: [
          { Condition: '{% $states.input.n > 3 %}', Output: 'many', Next: 'End' },
          { Condition: '{% $states.input.n > 0 %}', Output: 'few', Next: 'End' },
        ],
        Default: 'End',
        Output: 'none',
      },
      End: { Type: 'Succeed' },
    });

    const { output } = await run(definition, { input: { n } });

    expect(output).toBe(expected);
  });

  it('ends with States.Runtime if no choice holds and there is no Default', async () => {
    const definition = machine({
      Choose: { Type: 'Choice', Choices: [{ Condition: '{% false %}', Next: 'End' }] },
      End: { Type: 'Succeed' },
    });

    const { error, cause } = await run(definition);

    expect(error).toBe('States.Runtime');
    expect(cause).toContain("'Choose' (entered at the event id #2). Failed to transition out of the state.");
  });

  it.each([
    [
      'an undefined variable',
      '{% $nothing %}',
      "'$nothing' specified for the field 'Output/a[1]' returned nothing (undefined).",
    ],
    ['an error of JSONata', "{% 1 + 'a' %}", 'threw an error during evaluation. T2002: The right side of the'],
    ['$eval', "{% $eval('1') %}", 'threw an error during evaluation. T1006: Attempted to invoke a non-function'],
    ['a function', '{% {"f": $sum} %}', 'returned an unsupported result type.'],
  ])('fails with States.QueryEvaluationError for %s', async (_, expression, reason) => {
    const result = await run(machine({ Compute: pass({ a: [1, expression] }) }));

    expect(result).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' });
    expect(result.cause).toContain(reason);
    expect(result.events.at(-2)?.evaluationFailedEventDetails).toEqual({
      error: 'States.QueryEvaluationError',
      cause: result.cause,
      location: 'Output/a[1]',
      state: 'Compute',
    });
  });

  it('evaluates Assign and Output with the variables as they were on entering the state', async () => {
    const definition = machine({
      First: { Type: 'Pass', Assign: { x: 1 }, Next: 'Second' },
      Second: { Type: 'Pass', Assign: { x: '{% $x + 1 %}' }, Output: '{% $x %}', Next: 'Third' },
      Third: pass('{% [$states.input, $x] %}'),
    });

    const { output } = await run(definition);

    expect(output).toEqual([1, 2]);
  });

  it('keeps null, single items in arrays and empty arrays as they are', async () => {
    const definition = machine({
      Keep: { Type: 'Pass', Assign: { none: null, one: '{% [7] %}', empty: [] }, Next: 'Show' },
      Show: pass({ none: '{% $none %}', one: '{% $one %}', empty: '{% $empty %}', nested: '{% {"one": $one} %}' }),
    });

    const { output } = await run(definition);

    expect(output).toEqual({ none: null, one: [7], empty: [], nested: { one: [7] } });
  });

  it('shows the context object', async () => {
    const { output } = await run(machine({ Show: pass('{% $states.context %}') }), { input: { site: 'a' } });

    expect(output).toEqual({
      Execution: {
        Id: 'arn:aws:states:eu-west-1:111111111111:execution:tested:one',
        Input: { site: 'a' },
        StartTime: '2030-01-01T00:00:00.000Z',
        Name: 'one',
        RoleArn: 'arn:aws:iam::111111111111:role/tested',
        RedriveCount: 0,
      },
      StateMachine: { Id: 'arn:aws:states:eu-west-1:111111111111:stateMachine:tested', Name: 'tested' },
      State: { Name: 'Show', EnteredTime: '2030-01-01T00:00:00.000Z' },
    });
  });
});

describe('the end of an execution from outside', () => {
  const forever = machine({ Wait: { Type: 'Wait', Seconds: 1_000_000, End: true } }, { TimeoutSeconds: 60 });

  it('is TIMED_OUT after TimeoutSeconds, with no error of its own', async () => {
    const clock = virtualClock(START);

    const result = await run(forever, { clock });

    expect(result).toMatchObject({ status: 'TIMED_OUT', stopDate: new Date('2030-01-01T00:01:00Z') });
    expect(result.error).toBeUndefined();
    expect(sequence(result.events)).toEqual(['1<0 ExecutionStarted', '2<0 WaitStateEntered', '3<0 ExecutionTimedOut']);
    expect(clock.pending).toBe(0);
  });

  it('is ABORTED when the signal is aborted, with error and cause if it has them', async () => {
    const clock = virtualClock(START);
    const stop = new AbortController();
    setImmediate(() => {
      stop.abort(new StatesError('Manual', 'by hand'));
    });

    const result = await run(forever, { clock, signal: stop.signal });

    expect(result).toMatchObject({ status: 'ABORTED', error: 'Manual', cause: 'by hand' });
    expect(result.events.at(-1)).toMatchObject({ type: 'ExecutionAborted', previousEventId: 0 });
    expect(clock.pending).toBe(0);
  });

  it('is ABORTED before the first state when the signal was aborted already', async () => {
    const result = await run(forever, { signal: AbortSignal.abort() });

    expect(sequence(result.events)).toEqual(['1<0 ExecutionStarted', '2<0 ExecutionAborted']);
    expect(result.events.at(-1)?.executionAbortedEventDetails).toEqual({});
  });

  it('tells a running integration, and does not wait for it', async () => {
    const stop = new AbortController();
    let told: AbortSignal | undefined;
    const integration = (_: unknown, { signal }: { signal: AbortSignal }) => {
      told = signal;
      stop.abort();
      return new Promise(() => undefined);
    };
    const definition = machine({ Call: { Type: 'Task', Resource: LAMBDA, End: true } });

    const { status } = await run(definition, { signal: stop.signal, integrations: { [LAMBDA]: integration } });

    expect(status).toBe('ABORTED');
    expect(told?.aborted).toBe(true);
  });

  it('makes no call after the abort, even if that came while its arguments were evaluated', async () => {
    const stop = new AbortController();
    let calls = 0;
    const definition = machine({ Call: { Type: 'Task', Resource: LAMBDA, Arguments: { a: '{% 1 %}' }, End: true } });
    const onEvent = ({ type }: HistoryEvent) => {
      if (type === 'TaskStateEntered') stop.abort();
    };
    const integrations = { [LAMBDA]: () => Promise.resolve(++calls) };

    const { status } = await run(definition, { signal: stop.signal, onEvent, integrations });

    expect([status, calls]).toEqual(['ABORTED', 0]);
  });

  it('is FAILED at the 25,000th event, even inside a Map with a catcher', async () => {
    const spin = { StartAt: 'Spin', States: { Spin: { Type: 'Pass', Next: 'Spin' } } };
    const Catch = [{ ErrorEquals: ['States.ALL'], Next: 'Each' }];

    const result = await run(machine({ Each: { Type: 'Map', Items: [1], ItemProcessor: spin, Catch, End: true } }));

    expect(result).toMatchObject({
      status: 'FAILED',
      error: 'States.Runtime',
      cause: 'The execution reached the maximum number of history events (25000).',
    });
    expect(result.events).toHaveLength(25_000);
    expect(result.events.at(-1)).toMatchObject({ id: 25_000, previousEventId: 24_999, type: 'ExecutionFailed' });
  });
});

describe('the payload limit of 256 KiB', () => {
  const text = (bytes: number) => 'é'.repeat((bytes - 2) / 2);
  const catcher = [{ ErrorEquals: ['States.ALL'], Output: '{% $states.errorOutput.Error %}', Next: 'Done' }];
  const call = { Type: 'Task', Resource: LAMBDA, Catch: catcher, Next: 'Done' };
  const Done = { Type: 'Succeed' };

  it('lets a result of just that size through', async () => {
    const { status } = await run(machine({ Call: call, Done }), {
      integrations: { [LAMBDA]: () => Promise.resolve(text(262_144)) },
    });

    expect(status).toBe('SUCCEEDED');
  });

  it('fails a task with a larger result, which States.ALL catches', async () => {
    const { output, events } = await run(machine({ Call: call, Done }), {
      integrations: { [LAMBDA]: () => Promise.resolve(text(262_146)) },
    });

    expect(output).toBe('States.DataLimitExceeded');
    expect(events[4]?.taskFailedEventDetails).toEqual({
      resourceType: 'lambda',
      resource: 'invoke',
      error: 'States.DataLimitExceeded',
      cause:
        "The state/task 'lambda' returned a result with a size exceeding the maximum number of bytes service limit.",
    });
  });

  it.each([
    ['output', { Output: '{% $join($map([1..9], function($i) { $states.input.text })) %}' }],
    ['variables', { Assign: { a: '{% $states.input.text %}', b: '{% $states.input.text %}' } }],
  ])('fails a state with more in its %s', async (_, outcome) => {
    const definition = machine({ Grow: { Type: 'Pass', ...outcome, End: true } });

    const { error, cause } = await run(definition, { input: { text: text(140_000) } });

    expect(error).toBe('States.DataLimitExceeded');
    expect(cause).toContain("'Grow'");
  });
});
