import type { Statement } from '../../../../../local/emulator/aws/iam';
import { sequence } from '../../asl/run';
import { arnOf, definition, deployed, START, type Stack } from '../stack';

const call = (resource: string, Arguments: object, rest: object = {}) =>
  definition({ Call: { Type: 'Task', Resource: `arn:aws:states:::${resource}`, Arguments, End: true, ...rest } });
const Wait = { Type: 'Wait', Seconds: 60, Next: 'Show' };
const machines = {
  child: definition({ Wait, Show: { Type: 'Pass', Output: { got: '{% $states.input %}' }, End: true } }),
  breaking: definition({ Break: { Type: 'Fail', Error: 'Broken', Cause: 'by intent' } }),
  quick: definition({ Show: { Type: 'Pass', Output: { got: '{% $states.input %}' }, End: true } }),
  hasty: definition({ Break: { Type: 'Fail', Error: 'Broken', Cause: 'by intent' } }),
};
const express = ['quick', 'hasty'];
const child = { StateMachineArn: arnOf('child'), Name: 'inner', Input: { site: 'a' } };
const INNER = 'arn:aws:states:us-east-1:123456789012:execution:child:inner';

/** Runs a state machine that calls another. */
async function calling(parent: object, stack: Partial<Stack> = {}) {
  const { deployment, clock } = await deployed({ machines: { parent, ...machines }, express, ...stack });
  const result = await clock.drive(deployment.start('parent', {}).result);
  return { ...result, deployment, clock };
}

const details = (events: readonly object[], type: string) =>
  events
    .filter((event) => (event as { type: string }).type === type)
    .map((event) => Object.values(event).at(-1) as object);

describe('starting an execution', () => {
  // AWS recorded both: test_start_execution_input_json, test_sfn_start_execution.
  it.each([
    ['states:startExecution', START],
    ['aws-sdk:sfn:startExecution', '2030-01-01T00:00:00.000Z'],
  ])('by %s does not wait for it', async (resource, StartDate) => {
    const { output, stopDate, deployment } = await calling(call(resource, child));

    expect(output).toEqual({ ExecutionArn: INNER, StartDate });
    expect(stopDate.getTime()).toBe(START);
    expect(deployment.describeExecution(INNER)).toMatchObject({ status: 'RUNNING', input: '{"site":"a"}' });
  });

  it('takes its input as JSON or as a value, and none as an empty object', async () => {
    const inputs = [{ a: 1 }, '{"a":2}', undefined];

    const given = await Promise.all(
      inputs.map(async (Input) => {
        const { deployment } = await calling(call('states:startExecution', { ...child, Input }));
        return deployment.describeExecution(INNER).input;
      }),
    );

    expect(given).toEqual(['{"a":1}', '{"a":2}', '{}']);
  });

  // AWS recorded it: test_start_execution_no_such_arn.
  it.each([
    [
      'states:startExecution',
      'StepFunctions.StateMachineDoesNotExistException',
      /^State Machine Does Not Exist: 'arn:.*:none' \(Service: AWSStepFunctions; Status Code: 400; Error Code: StateMachineDoesNotExist; Request ID: [\w-]+; Proxy: null\)$/,
    ],
    [
      'aws-sdk:sfn:startExecution',
      'Sfn.StateMachineDoesNotExistException',
      /^State Machine Does Not Exist: 'arn:.*:none' \(Service: Sfn, Status Code: 400, Request ID: [\w-]+\)$/,
    ],
  ])('by %s of a machine that is not there fails', async (resource, expected, told) => {
    const { error, cause } = await calling(call(resource, { StateMachineArn: arnOf('none') }));

    expect(error).toBe(expected);
    expect(cause).toMatch(told);
  });
});

// AWS recorded all of these: test_callback.py, test_start_execution_sync*.
describe('running an execution to its end', () => {
  it('submits it, and gives its description, with input and output as JSON in version 2', async () => {
    const { output, events } = await calling(call('states:startExecution.sync:2', child));

    expect(sequence(events).slice(2)).toEqual([
      '3<2 TaskScheduled',
      '4<3 TaskStarted',
      '5<4 TaskSubmitted',
      '6<5 TaskSucceeded',
      '7<6 TaskStateExited',
      '8<7 ExecutionSucceeded',
    ]);
    expect(details(events, 'TaskSubmitted')).toEqual([
      {
        resourceType: 'states',
        resource: 'startExecution.sync:2',
        output: JSON.stringify({ ExecutionArn: INNER, StartDate: START }),
        outputDetails: { truncated: false },
      },
    ]);
    expect(output).toEqual({
      ExecutionArn: INNER,
      Input: { site: 'a' },
      InputDetails: { Included: true },
      Name: 'inner',
      Output: { got: { site: 'a' } },
      OutputDetails: { Included: true },
      StartDate: START,
      StateMachineArn: arnOf('child'),
      Status: 'SUCCEEDED',
      StopDate: START + 60_000,
    });
  });

  it('gives both as texts in version 1', async () => {
    const { output } = await calling(call('states:startExecution.sync', child));

    expect(output).toMatchObject({ Input: '{"site":"a"}', Output: '{"got":{"site":"a"}}' });
  });

  it('fails with States.TaskFailed when it fails, and its description as the cause', async () => {
    const Arguments = { ...child, StateMachineArn: arnOf('breaking') };

    const { error, cause } = await calling(call('states:startExecution.sync:2', Arguments));

    expect(error).toBe('States.TaskFailed');
    expect(JSON.parse(cause ?? '')).toEqual({
      Cause: 'by intent',
      Error: 'Broken',
      ExecutionArn: INNER.replace('child', 'breaking'),
      Input: '{"site":"a"}',
      InputDetails: { Included: true },
      Name: 'inner',
      StartDate: START,
      StateMachineArn: arnOf('breaking'),
      Status: 'FAILED',
      StopDate: START,
    });
  });

  it.each([
    ['times out', call('states:startExecution.sync:2', child, { TimeoutSeconds: 10 }), undefined],
    ['is stopped', call('states:startExecution.sync:2', child), 10_000],
  ])('stops it when the task %s', async (_, parent, stopAfter) => {
    const { deployment, clock } = await deployed({ machines: { parent, ...machines }, express });
    const execution = deployment.start('parent', {});
    if (stopAfter !== undefined)
      clock.after(stopAfter, () => {
        execution.stop();
      });

    await clock.drive(execution.result);
    await clock.drive(clock.sleep(1));

    const { status, stopDate } = deployment.describeExecution(INNER);
    expect([status, stopDate?.getTime()]).toEqual(['ABORTED', START + 10_000]);
  });

  it('takes more permissions than to start it', async () => {
    const allow: Statement[] = [{ effect: 'Allow', actions: ['states:StartExecution'], resources: ['*'] }];

    const { error, cause } = await calling(call('states:startExecution.sync:2', child), {
      statements: { parent: allow },
    });

    expect(error).toBe('StepFunctions.AWSStepFunctionsException');
    expect(cause).toContain(
      'states:DescribeExecution on resource: arn:aws:states:us-east-1:123456789012:execution:child:*',
    );
  });
});

describe('running an execution of type EXPRESS', () => {
  const sync = (machine: string) =>
    call('aws-sdk:sfn:startSyncExecution', { StateMachineArn: arnOf(machine), Name: 'inner', Input: { site: 'a' } });

  // The fields are those that AWS recorded of the API: test_start_sync_execution.
  it('gives its end', async () => {
    const { output } = await calling(sync('quick'));

    expect(output).toEqual({
      BillingDetails: { BilledDurationInMilliseconds: 0, BilledMemoryUsedInMB: 64 },
      ExecutionArn: expect.stringMatching(/^arn:aws:states:us-east-1:123456789012:express:quick:inner:/) as string,
      Input: '{"site":"a"}',
      InputDetails: { Included: true },
      Name: 'inner',
      Output: '{"got":{"site":"a"}}',
      OutputDetails: { Included: true },
      StartDate: '2030-01-01T00:00:00.000Z',
      StateMachineArn: arnOf('quick'),
      Status: 'SUCCEEDED',
      StopDate: '2030-01-01T00:00:00.000Z',
    });
  });

  it('succeeds even if that fails', async () => {
    const { status, output } = await calling(sync('hasty'));

    expect(status).toBe('SUCCEEDED');
    expect(output).toMatchObject({ Status: 'FAILED', Error: 'Broken', Cause: 'by intent' });
  });

  it('is not for machines of type STANDARD', async () => {
    expect((await calling(sync('child'))).error).toBe('Sfn.StateMachineTypeNotSupportedException');
  });
});

describe('an execution of others', () => {
  const two = (resource: string, Arguments: object) =>
    definition({
      Start: { Type: 'Task', Resource: 'arn:aws:states:::states:startExecution', Arguments: child, Next: 'Then' },
      Then: { Type: 'Task', Resource: `arn:aws:states:::${resource}`, Arguments, End: true },
    });

  it('can be described', async () => {
    const { output } = await calling(two('aws-sdk:sfn:describeExecution', { ExecutionArn: INNER }));

    expect(output).toMatchObject({ Status: 'RUNNING', StartDate: '2030-01-01T00:00:00.000Z', RedriveCount: 0 });
  });

  it('that is not there is reported', async () => {
    const { error } = await calling(call('aws-sdk:sfn:describeExecution', { ExecutionArn: INNER }));

    expect(error).toBe('Sfn.ExecutionDoesNotExistException');
  });

  it('can be stopped', async () => {
    const { output, deployment } = await calling(
      two('aws-sdk:sfn:stopExecution', { ExecutionArn: INNER, Error: 'Manual', Cause: 'enough' }),
    );

    expect(output).toEqual({ StopDate: '2030-01-01T00:00:00.000Z' });
    expect(deployment.describeExecution(INNER)).toMatchObject({ status: 'ABORTED', error: 'Manual', cause: 'enough' });
  });

  it('can be listed', async () => {
    const { output } = await calling(
      two('aws-sdk:sfn:listExecutions', { StateMachineArn: arnOf('child'), StatusFilter: 'RUNNING' }),
    );

    expect(output).toEqual({
      Executions: [
        {
          ExecutionArn: INNER,
          Name: 'inner',
          StartDate: '2030-01-01T00:00:00.000Z',
          StateMachineArn: arnOf('child'),
          Status: 'RUNNING',
        },
      ],
    });
  });
});

describe('a task token', () => {
  const asking = call(
    'states:startExecution.waitForTaskToken',
    { StateMachineArn: arnOf('answering'), Input: { token: '{% $states.context.Task.Token %}' } },
    { HeartbeatSeconds: 100 },
  );
  const answering = (action: string, Arguments: object) =>
    definition({
      Beat: {
        Type: 'Task',
        Resource: 'arn:aws:states:::aws-sdk:sfn:sendTaskHeartbeat',
        Arguments: { TaskToken: '{% $states.input.token %}' },
        Output: '{% $states.input %}',
        Next: 'Wait',
      },
      Wait: { Type: 'Wait', Seconds: 99, Next: 'Answer' },
      Answer: {
        Type: 'Task',
        Resource: `arn:aws:states:::aws-sdk:sfn:${action}`,
        Arguments: { TaskToken: '{% $states.input.token %}', ...Arguments },
        End: true,
      },
    });

  it.each([
    ['a value', { yes: true }],
    ['JSON', '{"yes":true}'],
  ])('is answered by another execution with %s', async (_, Output) => {
    const stack = { parent: asking, answering: answering('sendTaskSuccess', { Output }) };

    const { output } = await calling(asking, { machines: stack });

    expect(output).toEqual({ yes: true });
  });

  it('is answered with a failure', async () => {
    const stack = { parent: asking, answering: answering('sendTaskFailure', { Error: 'No', Cause: 'why not' }) };

    const { error, cause } = await calling(asking, { machines: stack });

    expect([error, cause]).toEqual(['No', 'why not']);
  });

  // AWS recorded it: test_sfn_send_task_outcome_with_no_such_token.
  it('that nobody issued is reported', async () => {
    const { error, cause } = await calling(call('aws-sdk:sfn:sendTaskSuccess', { TaskToken: 'NoSuch', Output: '1' }));

    expect(error).toBe('Sfn.InvalidTokenException');
    expect(cause).toMatch(/^Invalid Token: 'Invalid token' \(Service: Sfn, Status Code: 400, Request ID: /);
  });
});
