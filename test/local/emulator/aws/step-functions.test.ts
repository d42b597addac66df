import { DefinitionRefused, StatesError } from '../../../../local/emulator/asl';
import { arnOf, definition, deployed, START } from './stack';

const Wait = { Type: 'Wait', Seconds: 3600, End: true };
const Echo = { Type: 'Pass', End: true };
const Break = { Type: 'Fail', Error: 'Broken', Cause: 'by intent' };
const machines = {
  waiting: definition({ Wait }),
  echo: definition({ Echo }),
  breaking: definition({ Break }),
  quick: definition({ Echo }),
  slow: definition({ Wait }),
};
const stack = { machines, express: ['quick', 'slow'] };

const code = (expected: string, message?: RegExp) =>
  expect.objectContaining({
    code: expected,
    ...(message && { message: expect.stringMatching(message) as string }),
  }) as Error;

describe('an execution', () => {
  it('runs beside those of other state machines, each under its own name', async () => {
    const { deployment, clock } = await deployed(stack);

    const one = deployment.start('waiting', { input: { site: 'a' }, name: 'first' });
    const other = deployment.start(arnOf('echo'), { input: { site: 'b' }, name: 'first' });

    expect([one.executionArn, other.executionArn]).toEqual([
      'arn:aws:states:us-east-1:123456789012:execution:waiting:first',
      'arn:aws:states:us-east-1:123456789012:execution:echo:first',
    ]);
    const results = await clock.drive(Promise.all([one.result, other.result]));
    expect(results.map(({ status, output }) => [status, output])).toEqual([
      ['SUCCEEDED', { site: 'a' }],
      ['SUCCEEDED', { site: 'b' }],
    ]);
  });

  it('tells each event as it happens, and its history while it runs', async () => {
    const { deployment, clock } = await deployed(stack);
    const told: (string | undefined)[] = [];

    const execution = deployment.start('waiting', { onEvent: ({ type }) => told.push(type) });
    await clock.drive(clock.sleep(1));

    expect(told).toEqual(['ExecutionStarted', 'WaitStateEntered']);
    expect(deployment.getExecutionHistory(execution.executionArn).map(({ type }) => type)).toEqual(told);
  });

  it('without a name gets one', async () => {
    const { deployment } = await deployed(stack);

    const names = [1, 2].map(() => deployment.start('echo', {}).executionArn.split(':').at(-1));

    expect(names[0]).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(names[1]).not.toBe(names[0]);
  });

  it.each(['a:b', 'a b', 'a/b', '', 'x'.repeat(81)])('cannot be named "%s"', async (name) => {
    const { deployment } = await deployed(stack);

    expect(() => deployment.start('echo', { name })).toThrow(code('InvalidName'));
  });

  it('needs a state machine', async () => {
    const { deployment } = await deployed(stack);

    expect(() => deployment.start('none', {})).toThrow(code('StateMachineDoesNotExist'));
  });

  it('of a definition that is refused is refused on deployment', async () => {
    const deploying = deployed({ machines: { ...machines, wrong: definition({ S: { Type: 'Loop' } }) } });

    await expect(deploying).rejects.toBeInstanceOf(DefinitionRefused);
  });
});

// AWS recorded this: test_start_execution_idempotent.
describe('starting an execution again', () => {
  it('with the same name and input gives the one that runs', async () => {
    const { deployment } = await deployed(stack);
    const first = deployment.start('waiting', { input: { site: 'a' }, name: 'one' });

    const again = deployment.start('waiting', { input: { site: 'a' }, name: 'one' });

    expect(again).toBe(first);
  });

  it('with another input is refused', async () => {
    const { deployment } = await deployed(stack);
    deployment.start('waiting', { input: { site: 'a' }, name: 'one' });

    const again = () => deployment.start('waiting', { input: { site: 'b' }, name: 'one' });

    expect(again).toThrow(code('ExecutionAlreadyExists', /^Execution Already Exists: 'arn:.*:execution:waiting:one'$/));
  });

  it('with the name of one that has ended is refused', async () => {
    const { deployment, clock } = await deployed(stack);
    await clock.drive(deployment.start('echo', { name: 'one' }).result);

    expect(() => deployment.start('echo', { name: 'one' })).toThrow(code('ExecutionAlreadyExists'));
  });
});

// The fields are those that AWS recorded: test_describe_execution, test_global_timeout.
describe('a description', () => {
  const base = { stateMachineArn: arnOf('waiting'), name: 'one', startDate: new Date(START), input: '{}' };
  const included = { included: true };

  it('of an execution that runs', async () => {
    const { deployment } = await deployed(stack);

    const { executionArn } = deployment.start('waiting', { name: 'one' });

    expect(deployment.describeExecution(executionArn)).toEqual({
      ...base,
      executionArn,
      status: 'RUNNING',
      inputDetails: included,
      redriveCount: 0,
      redriveStatus: 'NOT_REDRIVABLE',
      redriveStatusReason: 'Execution is RUNNING and cannot be redriven',
    });
  });

  it('of one that succeeded', async () => {
    const { deployment, clock } = await deployed(stack);
    const { executionArn, result } = deployment.start('waiting', { name: 'one' });

    await clock.drive(result);

    expect(deployment.describeExecution(executionArn)).toEqual({
      ...base,
      executionArn,
      status: 'SUCCEEDED',
      stopDate: new Date(START + 3_600_000),
      inputDetails: included,
      output: '{}',
      outputDetails: included,
      redriveCount: 0,
      redriveStatus: 'NOT_REDRIVABLE',
      redriveStatusReason: 'Execution is SUCCEEDED and cannot be redriven',
    });
  });

  it('of one that failed', async () => {
    const { deployment, clock } = await deployed(stack);
    const { executionArn, result } = deployment.start('breaking', {});

    await clock.drive(result);

    const description = deployment.describeExecution(executionArn);
    expect(description).toMatchObject({
      status: 'FAILED',
      error: 'Broken',
      cause: 'by intent',
      redriveStatus: 'REDRIVABLE',
    });
    expect(description).not.toHaveProperty('output');
  });

  it('of one that nobody started, or that keeps none', async () => {
    const { deployment, clock } = await deployed(stack);
    const express = deployment.start('quick', {});
    await clock.drive(express.result);

    expect(() => deployment.describeExecution('arn:aws:states:us-east-1:1:execution:echo:none')).toThrow(
      code('ExecutionDoesNotExist'),
    );
    expect(() => deployment.describeExecution(express.executionArn)).toThrow(code('InvalidArn', /express/));
    expect(() => deployment.getExecutionHistory(express.executionArn)).toThrow(code('InvalidArn', /express/));
  });
});

describe('an execution that is stopped', () => {
  it('is aborted, with error and cause, and says so in its history', async () => {
    const { deployment, clock } = await deployed(stack);
    const execution = deployment.start('waiting', {});
    await clock.drive(clock.sleep(1000));

    execution.stop('Manual', 'by hand');

    const { status, error, cause, stopDate } = await clock.drive(execution.result);
    expect([status, error, cause, stopDate.getTime()]).toEqual(['ABORTED', 'Manual', 'by hand', START + 1000]);
    expect(execution.events.at(-1)).toMatchObject({ type: 'ExecutionAborted', previousEventId: 0 });
    expect(clock.pending).toBe(0);
  });

  it('stays as it is when it has ended before', async () => {
    const { deployment, clock } = await deployed(stack);
    const execution = deployment.start('echo', {});
    await clock.drive(execution.result);

    deployment.stepFunctions.stopExecution(execution.executionArn);

    expect(execution.describe().status).toBe('SUCCEEDED');
  });
});

describe('a list of executions', () => {
  it('has those of one state machine, the latest first, or those of a status', async () => {
    const { deployment, clock } = await deployed(stack);
    await clock.drive(deployment.start('waiting', { name: 'one' }).result);
    deployment.start('waiting', { name: 'two' });
    deployment.start('echo', { name: 'three' });

    const names = (status?: 'RUNNING' | 'SUCCEEDED') =>
      deployment.listExecutions({ machine: 'waiting' }, status).map(({ name }) => name);

    expect([names(), names('RUNNING'), names('SUCCEEDED')]).toEqual([['two', 'one'], ['two'], ['one']]);
  });

  it('is there for no machine of type EXPRESS', async () => {
    const { deployment } = await deployed(stack);

    expect(() => deployment.listExecutions({ machine: 'quick' })).toThrow(code('StateMachineTypeNotSupported'));
  });
});

describe('a machine of type EXPRESS', () => {
  it('runs as often as it is started, whatever the name', async () => {
    const { deployment, clock } = await deployed(stack);

    const [one, other] = [1, 2].map(() => deployment.start('quick', { name: 'same', input: 7 }));

    expect(one?.executionArn).toMatch(/^arn:aws:states:us-east-1:123456789012:express:quick:same:[\da-f-]{36}$/);
    expect(other?.executionArn).not.toBe(one?.executionArn);
    expect((await clock.drive(Promise.all([one?.result, other?.result]))).map((end) => end?.output)).toEqual([7, 7]);
  });

  it('is given five minutes', async () => {
    const { deployment, clock } = await deployed(stack);

    const { status, stopDate } = await clock.drive(deployment.start('slow', {}).result);

    expect([status, stopDate.getTime() - START]).toEqual(['TIMED_OUT', 300_000]);
  });

  it('can be started and waited for', async () => {
    const { deployment, clock } = await deployed(stack);

    const execution = await clock.drive(deployment.stepFunctions.startSyncExecution('quick', { input: { a: 1 } }));

    expect(execution.describe()).toMatchObject({ status: 'SUCCEEDED', output: '{"a":1}' });
  });

  it('is the only one that can', async () => {
    const { deployment } = await deployed(stack);

    const started = deployment.stepFunctions.startSyncExecution('echo', {});

    await expect(started).rejects.toThrow(code('StateMachineTypeNotSupported'));
  });
});

it('what is no error of a task reaches the caller that started the execution', async () => {
  const call = {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Arguments: { FunctionName: 'f' },
    End: true,
  };
  const { deployment, clock } = await deployed(
    { machines: { calling: definition({ call }) } },
    { intercept: () => Promise.reject(new TypeError('a defect')) },
  );

  const result = clock.drive(deployment.start('calling', {}).result);

  await expect(result).rejects.toThrow('a defect');
});

it('calls of tasks can be made to fail, or their answers to get lost', async () => {
  const Retry = [{ ErrorEquals: ['Lambda.TooManyRequestsException'], MaxAttempts: 5 }];
  const Arguments = { FunctionName: 'f', Payload: { n: 1 } };
  const call = { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', Arguments, Retry, End: true };
  const seen: unknown[] = [];
  let attempts = 0;
  const { deployment, clock } = await deployed(
    {
      machines: { calling: definition({ call }) },
      handlers: {
        f: (event) => {
          seen.push(event);
          return Promise.resolve('done');
        },
      },
    },
    {
      intercept: async ({ resource, args, stateName }, proceed) => {
        expect([resource, args, stateName]).toEqual(['arn:aws:states:::lambda:invoke', Arguments, 'call']);
        const throttled = new StatesError('Lambda.TooManyRequestsException', 'Rate exceeded');
        if (++attempts === 1) throw throttled;
        const answer = await proceed();
        if (attempts === 2) throw throttled;
        return answer;
      },
    },
  );

  const { output } = await clock.drive(deployment.start('calling', {}).result);

  expect([attempts, seen]).toEqual([3, [{ n: 1 }, { n: 1 }]]);
  expect(output).toMatchObject({ Payload: 'done' });
});
