import type { Rule } from '../../../../local/emulator/aws/event-bus';
import type { Handler } from '../../../../local/emulator/aws/functions';
import type { Statement } from '../../../../local/emulator/aws/iam';
import { ALL, arnOf, definition, deployed, type Stack, START } from './stack';

const Break = { Type: 'Fail', Error: 'Broken', Cause: 'by intent' };
const Wait = { Type: 'Wait', Seconds: 3600, End: true };
const machines = {
  breaking: definition({ Break }),
  waiting: definition({ Wait }, { TimeoutSeconds: 60 }),
  recovery: definition({ Echo: { Type: 'Pass', End: true } }),
  quick: definition({ Break }),
};
const TOPIC = 'arn:aws:sns:us-east-1:123456789012:alarms';
const LAMBDA = 'arn:aws:lambda:us-east-1:123456789012:function:f';

const failures = (target: Partial<Rule['targets'][number]>): Rule => ({
  name: 'Failures',
  pattern: {
    source: ['aws.states'],
    'detail-type': ['Step Functions Execution Status Change'],
    detail: { status: ['FAILED', 'ABORTED', 'TIMED_OUT'], stateMachineArn: [{ 'anything-but': arnOf('recovery') }] },
  },
  targets: [{ Arn: arnOf('recovery'), statements: ALL, ...target }],
});

function watching(rule: Rule, stack: Partial<Stack> = {}) {
  return deployed({ machines, express: ['quick'], topics: [TOPIC], rules: [rule], ...stack });
}

// The fields are those of AWS's documentation of the event, and of DescribeExecution.
describe('the change of an execution’s status', () => {
  it('starts another state machine by a rule', async () => {
    const { deployment, clock } = await watching(failures({}));
    const { executionArn, result } = deployment.start('breaking', { input: { site: 'golden' }, name: 'one' });

    await clock.drive(result);
    await clock.drive(clock.sleep(10_000));

    const [started, ...others] = deployment.listExecutions({ machine: 'recovery' });
    expect(others).toEqual([]);
    expect(started?.startDate?.getTime()).toBe(START + 500);
    expect(JSON.parse(started?.input ?? '')).toEqual({
      version: '0',
      id: expect.any(String) as string,
      'detail-type': 'Step Functions Execution Status Change',
      source: 'aws.states',
      account: '123456789012',
      time: '2030-01-01T00:00:00Z',
      region: 'us-east-1',
      resources: [executionArn],
      detail: {
        executionArn,
        stateMachineArn: arnOf('breaking'),
        name: 'one',
        status: 'FAILED',
        startDate: START,
        stopDate: START,
        input: '{"site":"golden"}',
        output: null,
        inputDetails: { included: true },
        outputDetails: null,
        error: 'Broken',
        cause: 'by intent',
      },
    });
  });

  it.each([
    ['TIMED_OUT', () => undefined, START + 60_000],
    [
      'ABORTED',
      (stop: () => void) => {
        stop();
      },
      START,
    ],
  ])('to %s is told, too, with what a transformer makes of it', async (status, act, stopDate) => {
    const InputTransformer = {
      InputPathsMap: { execution: '$.detail.executionArn', status: '$.detail.status', stop: '$.detail.stopDate' },
      InputTemplate: '{"execution":<execution>,"was":"<status>","stopped":<stop>}',
    };
    const { deployment, clock } = await watching(failures({ InputTransformer }));
    const execution = deployment.start('waiting', {});
    act(() => {
      execution.stop();
    });

    await clock.drive(execution.result);
    await clock.drive(clock.sleep(10_000));

    const [started] = deployment.listExecutions({ machine: 'recovery' });
    expect(JSON.parse(started?.input ?? '')).toEqual({
      execution: execution.executionArn,
      was: status,
      stopped: stopDate,
    });
  });

  it('to RUNNING and SUCCEEDED is reported', async () => {
    const rule: Rule = {
      name: 'All',
      pattern: { source: ['aws.states'] },
      targets: [{ Arn: TOPIC, InputPath: '$.detail.status', statements: [] }],
    };
    const { deployment, clock } = await watching(rule);

    await clock.drive(deployment.start('recovery', {}).result);
    await clock.drive(clock.sleep(10_000));

    expect(deployment.topics.messages.map(({ message }) => message)).toEqual(['RUNNING', 'SUCCEEDED']);
  });

  it('of a machine of type EXPRESS is not', async () => {
    const { deployment, clock } = await watching(failures({}));

    await clock.drive(deployment.start('quick', {}).result);
    await clock.drive(clock.sleep(10_000));

    expect(deployment.listExecutions({ machine: 'recovery' })).toEqual([]);
  });

  it('does not reach what the rule’s role may not start', async () => {
    const other: Statement[] = [
      { effect: 'Allow', actions: ['states:StartExecution'], resources: [arnOf('breaking')] },
    ];
    const { deployment, clock } = await watching(failures({ statements: other }));

    await clock.drive(deployment.start('breaking', {}).result);
    await clock.drive(clock.sleep(10_000));

    expect(deployment.listExecutions({ machine: 'recovery' })).toEqual([]);
    expect(deployment.bus.undelivered).toMatchObject([
      {
        rule: 'Failures',
        target: arnOf('recovery'),
        reason: expect.stringContaining('states:StartExecution') as string,
      },
    ]);
  });

  // Lambda's documentation: an asynchronous invocation is tried again after one minute and after two more.
  it.each([
    [1, [0.5], []],
    [2, [0.5, 60.5], []],
    [4, [0.5, 60.5, 180.5], ['RangeError']],
  ])('invokes a function, which may fail before attempt %d', async (succeedsAt, attempts, told) => {
    const seen: [seconds: number, status: unknown][] = [];
    const handler: Handler = (event) => {
      seen.push([(clock.now() - START) / 1000, (event as { detail: { status: string } }).detail.status]);
      return seen.length < succeedsAt ? Promise.reject(new RangeError('no')) : Promise.resolve();
    };
    const { deployment, clock } = await watching(failures({ Arn: LAMBDA }), { handlers: { f: handler } });

    await clock.drive(deployment.start('breaking', {}).result);
    await clock.drive(clock.sleep(600_000));

    expect(seen).toEqual(attempts.map((seconds) => [seconds, 'FAILED']));
    expect(deployment.bus.undelivered.map(({ reason }) => reason)).toEqual(told);
  });

  it('does not reach a target of another service', async () => {
    const { deployment, clock } = await watching(failures({ Arn: 'arn:aws:sqs:us-east-1:123456789012:queue' }));

    await clock.drive(deployment.start('breaking', {}).result);
    await clock.drive(clock.sleep(10_000));

    expect(deployment.bus.undelivered).toMatchObject([{ reason: expect.stringContaining('not simulated') as string }]);
  });
});

it('everybody who starts an execution is heard of', async () => {
  const names: string[] = [];
  const { deployment, clock } = await deployed(
    { machines, rules: [failures({})] },
    { onStart: ({ executionArn }) => names.push(executionArn.split(':')[6] ?? '') },
  );

  await clock.drive(deployment.start('breaking', {}).result);
  await clock.drive(clock.sleep(10_000));

  expect(names).toEqual(['breaking', 'recovery']);
});

it('tables are there for tasks, with updates', async () => {
  const item = { site: { S: 'golden' } };
  const task = (action: string, Arguments: object, rest: object) => ({
    Type: 'Task',
    Resource: `arn:aws:states:::dynamodb:${action}`,
    Arguments: { TableName: 'Locks', ...Arguments },
    ...rest,
  });
  const update = { UpdateExpression: 'SET expiresAt = :e', ExpressionAttributeValues: { ':e': { N: '5' } } };
  const locking = definition({
    Put: task('putItem', { Item: item }, { Next: 'Update' }),
    Update: task('updateItem', { Key: item, ...update }, { Next: 'Get' }),
    Get: task('getItem', { Key: item }, { Output: '{% $states.result.Item %}', Next: 'Delete' }),
    Delete: task('deleteItem', { Key: item }, { Output: '{% $states.input %}', End: true }),
  });
  const { deployment, clock } = await deployed({ machines: { locking }, tables: { Locks: 'site' } });

  const { output } = await clock.drive(deployment.start('locking', {}).result);

  expect(output).toEqual({ site: { S: 'golden' }, expiresAt: { N: '5' } });
  expect(deployment.tables.get('Locks')?.items.size).toBe(0);
});

it('metrics are taken out of what functions print', async () => {
  const { deployment, logs } = await deployed({ machines });
  const directive = { Namespace: 'MagnumHa', Dimensions: [[]], Metrics: [{ Name: 'OutageMs' }] };
  const text = JSON.stringify({ _aws: { Timestamp: START, CloudWatchMetrics: [directive] }, OutageMs: 812 });

  deployment.record({ functionName: 'f', text });
  deployment.record({ functionName: 'f', text: 'plain' });

  expect(deployment.metrics).toMatchObject([{ namespace: 'MagnumHa', name: 'OutageMs', value: 812 }]);
  expect(logs.map((line) => line.text)).toEqual([text, 'plain']);
});

it('closed, it ends what runs, and delivers no events any more', async () => {
  const call = {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Arguments: { FunctionName: 'f' },
    End: true,
  };
  const { deployment, clock } = await deployed({
    machines: { ...machines, calling: definition({ call }) },
    handlers: { f: () => new Promise(() => undefined) },
    rules: [failures({})],
  });
  const executions = ['waiting', 'calling'].map((machine) => deployment.start(machine, {}));
  await clock.drive(clock.sleep(1));

  await deployment.close();

  const ends = await clock.drive(Promise.all(executions.map(({ result }) => result)));
  await clock.drive(clock.sleep(10_000));
  expect(ends.map(({ status }) => status)).toEqual(['ABORTED', 'ABORTED']);
  expect(deployment.listExecutions({ machine: 'recovery' })).toEqual([]);
  expect(clock.pending).toBe(0);
});
