import { StatesError, type Integration } from '../../../../local/emulator/asl';
import { virtualClock } from '../../../../local/virtual-clock';
import { constant, count, LAMBDA, machine, run, secondsOf, sequence, START } from './run';

const FUNCTION = 'arn:aws:lambda:eu-west-1:111111111111:function:f';

const failing =
  (error: string, cause?: string): Integration =>
  () =>
    Promise.reject(new StatesError(error, cause));

const task = (rest: object) => ({
  Type: 'Task',
  Resource: LAMBDA,
  Arguments: { FunctionName: 'f' },
  Next: 'Done',
  ...rest,
});
const Done = { Type: 'Succeed' };

describe('Retry', () => {
  it('repeats only the scheduled, started and failed events of the task', async () => {
    const definition = machine({ Call: task({ Retry: [{ ErrorEquals: ['Busy'], MaxAttempts: 1 }] }), Done });

    const { events, error, cause } = await run(definition, { integrations: { [LAMBDA]: failing('Busy', 'later') } });

    expect(sequence(events)).toEqual([
      '1<0 ExecutionStarted',
      '2<0 TaskStateEntered',
      '3<2 TaskScheduled',
      '4<3 TaskStarted',
      '5<4 TaskFailed',
      '6<5 TaskScheduled',
      '7<6 TaskStarted',
      '8<7 TaskFailed',
      '9<8 ExecutionFailed',
    ]);
    expect([error, cause]).toEqual(['Busy', 'later']);
  });

  it.each([
    ['three times after 1, 2 and 4 seconds by default', {}, [0, 1, 3, 7]],
    ['never with MaxAttempts 0', { MaxAttempts: 0 }, [0]],
    [
      'with its own interval and rate, up to MaxDelaySeconds',
      { IntervalSeconds: 3, BackoffRate: 1.5, MaxAttempts: 4, MaxDelaySeconds: 7 },
      [0, 3, 7.5, 14.25, 21.25],
    ],
    ['at a random moment in the delay with jitter', { JitterStrategy: 'FULL' }, [0, 0.25, 0.75, 1.75]],
  ])('retries %s', async (_, retrier, expected) => {
    const definition = machine({ Call: task({ Retry: [{ ErrorEquals: ['States.ALL'], ...retrier }] }), Done });

    const { events } = await run(definition, {
      random: constant(0.25),
      integrations: { [LAMBDA]: failing('Busy') },
    });

    expect(secondsOf(events, 'TaskScheduled')).toEqual(expected);
  });

  it('counts the attempts of each retrier by itself, and tells expressions the retries so far', async () => {
    const errors = ['A', 'B', 'A', 'C'];
    const seen: unknown[] = [];
    const integration: Integration = (args) => {
      seen.push(args);
      return Promise.reject(new StatesError(errors.shift()));
    };
    const Retry = ['A', 'B'].map((error) => ({ ErrorEquals: [error], MaxAttempts: 2 }));
    const definition = machine({ Call: task({ Arguments: '{% $states.context.State.RetryCount %}', Retry }), Done });

    const { error } = await run(definition, { integrations: { [LAMBDA]: integration } });

    expect([error, seen]).toEqual(['C', [0, 1, 2, 3]]);
  });

  it('goes on when an attempt succeeds', async () => {
    let attempts = 0;
    const integration: Integration = () => (++attempts < 3 ? failing('Busy')({}, {} as never) : Promise.resolve('ok'));

    const { output } = await run(machine({ Call: task({ Retry: [{ ErrorEquals: ['Busy'] }] }), Done }), {
      integrations: { [LAMBDA]: integration },
    });

    expect(output).toBe('ok');
  });
});

describe('Catch', () => {
  it('assigns and gives on what it says, by default the error output', async () => {
    const definition = machine({
      Call: task({
        Assign: { kept: 'no' },
        Catch: [
          { ErrorEquals: ['Other'], Next: 'Done' },
          { ErrorEquals: ['Site.Down'], Assign: { kept: '{% $states.errorOutput.Cause %}' }, Next: 'Rescue' },
        ],
      }),
      Rescue: { Type: 'Pass', Output: { was: '{% $states.input %}', kept: '{% $kept %}' }, End: true },
      Done,
    });

    const { output, events } = await run(definition, { integrations: { [LAMBDA]: failing('Site.Down', 'no answer') } });

    expect(output).toEqual({ was: { Error: 'Site.Down', Cause: 'no answer' }, kept: 'no answer' });
    expect(events[5]?.stateExitedEventDetails).toEqual({
      name: 'Call',
      output: '{"Error":"Site.Down","Cause":"no answer"}',
      outputDetails: { truncated: false },
      assignedVariables: { kept: '"no answer"' },
      assignedVariablesDetails: { truncated: false },
    });
  });

  it.each([
    ['States.ALL', 'States.DataLimitExceeded', true],
    ['States.ALL', 'States.Timeout', true],
    ['States.ALL', 'States.Runtime', false],
    ['States.Runtime', 'States.Runtime', false],
    ['States.TaskFailed', 'Site.Down', true],
    ['States.TaskFailed', 'States.Timeout', false],
    ['Site', 'Site.Down', false],
  ])('%s for %s: %s', async (name, error, expected) => {
    const definition = machine({ Call: task({ Catch: [{ ErrorEquals: [name], Next: 'Done' }] }), Done });

    const { status } = await run(definition, { integrations: { [LAMBDA]: failing(error) } });

    expect(status === 'SUCCEEDED').toBe(expected);
  });

  it('catches what goes wrong in the Output of its state, after the call', async () => {
    const definition = machine({
      Call: task({
        Output: '{% $states.result.missing %}',
        Catch: [{ ErrorEquals: ['States.QueryEvaluationError'], Next: 'Done' }],
      }),
      Done,
    });

    const { status, events } = await run(definition, { integrations: { [LAMBDA]: () => Promise.resolve({}) } });

    expect(status).toBe('SUCCEEDED');
    expect(sequence(events).slice(4, 7)).toEqual(['5<4 TaskSucceeded', '6<5 EvaluationFailed', '7<6 TaskStateExited']);
  });

  it('leaves errors that no integration should throw to the caller of execute', async () => {
    const definition = machine({ Call: task({ Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Done' }] }), Done });
    const integration: Integration = () => Promise.reject(new TypeError('a defect'));

    const running = run(definition, { integrations: { [LAMBDA]: integration } });

    await expect(running).rejects.toThrow('a defect');
  });
});

describe('a Task', () => {
  it('passes its arguments and limits on, and records them', async () => {
    const calls: unknown[] = [];
    const integration: Integration = (args, { stateName, timeoutSeconds, executionArn }) => {
      calls.push([args, stateName, timeoutSeconds, executionArn.split(':').at(-1)]);
      return Promise.resolve(undefined);
    };
    const sdk = 'arn:aws:states:::aws-sdk:sfn:describeExecution';
    const definition = machine({
      Describe: {
        Type: 'Task',
        Resource: sdk,
        Arguments: { a: '{% 1 %}' },
        TimeoutSeconds: '{% 5 %}',
        HeartbeatSeconds: 2,
        End: true,
      },
    });

    const { output, events } = await run(definition, { integrations: { 'arn:aws:states:::aws-sdk:*': integration } });

    expect(output).toBeNull();
    expect(calls).toEqual([[{ a: 1 }, 'Describe', 5, 'one']]);
    expect(events[2]?.taskScheduledEventDetails).toEqual({
      resourceType: 'aws-sdk:sfn',
      resource: 'describeExecution',
      region: 'eu-west-1',
      parameters: '{"a":1}',
      timeoutInSeconds: 5,
      heartbeatInSeconds: 2,
    });
  });

  it.each([
    [LAMBDA, 'TaskTimedOut'],
    [FUNCTION, 'LambdaFunctionTimedOut'],
  ])('of %s that takes too long fails with States.Timeout and stops waiting', async (Resource, type) => {
    const clock = virtualClock(START);
    const integration: Integration = (_, { signal }) => clock.sleep(60_000, signal);
    const definition = machine({
      Call: task({ Resource, TimeoutSeconds: 5, Catch: [{ ErrorEquals: ['States.Timeout'], Next: 'Done' }] }),
      Done,
    });

    const result = await run(definition, { clock, integrations: { [Resource]: integration } });

    expect(result.output).toEqual({ Error: 'States.Timeout', Cause: '' });
    expect(result.stopDate).toEqual(new Date('2030-01-01T00:00:05Z'));
    expect(count(result.events, type)).toBe(1);
    expect(clock.pending).toBe(0);
  });

  it('leaves no timer behind when it answers in time', async () => {
    const clock = virtualClock(START);
    const definition = machine({ Call: task({ TimeoutSeconds: 300 }), Done });

    const { stopDate } = await run(definition, { clock, integrations: { [LAMBDA]: () => clock.sleep(2000) } });

    expect([stopDate.getUTCSeconds(), clock.pending]).toEqual([2, 0]);
  });
});
