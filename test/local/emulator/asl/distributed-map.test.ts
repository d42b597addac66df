import type { HistoryEvent } from '@aws-sdk/client-sfn';
import type { Statement } from '../../../../local/emulator/aws/iam';
import { arnOf, definition, deployed, type Stack, START } from '../aws/stack';
import { secondsOf, sequence } from './run';

const BUCKET = 'documents';
const chain = (states: Record<string, object>) => ({ StartAt: Object.keys(states)[0], States: states });
const Echo = { Echo: { Type: 'Pass', End: true } };
/** Fails for the items that are negative, after as many seconds as they say. */
const Check = {
  Wait: { Type: 'Wait', Seconds: '{% $abs($states.input) %}', Next: 'Choose' },
  Choose: { Type: 'Choice', Choices: [{ Condition: '{% $states.input < 0 %}', Next: 'Break' }], Default: 'Done' },
  Break: { Type: 'Fail', Error: 'Negative', Cause: 'by intent' },
  Done: { Type: 'Succeed', Output: { checked: '{% $states.input %}' } },
};

const each = (states: Record<string, object>, rest: object = {}, ExecutionType = 'STANDARD') => ({
  Type: 'Map',
  Label: 'Sites',
  ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType }, ...chain(states) },
  End: true,
  ...rest,
});

async function mapping(map: object, options: { input?: unknown; after?: object; stack?: Partial<Stack> } = {}) {
  const states = { Each: map, ...(options.after && { After: options.after }) };
  const stack = { machines: { fleet: definition(states) }, buckets: [BUCKET], ...options.stack };
  const { deployment, clock } = await deployed(stack);
  const documents = deployment.buckets.get(BUCKET);
  for (const [key, body] of [
    ['sites/a.json', '{}'],
    ['sites/b.json', '{"b":1}'],
    ['items.json', '[1,{"two":2}]'],
    ['object.json', '{}'],
    ['broken.json', '{'],
  ] as const) {
    documents.put(key, body);
  }
  const execution = deployment.start('fleet', { input: options.input ?? [1, 2, 3], name: 'one' });
  const result = await clock.drive(execution.result);
  const mapRunArn =
    result.events.find(({ type }) => type === 'MapRunStarted')?.mapRunStartedEventDetails?.mapRunArn ?? '';
  return { ...result, deployment, documents, mapRunArn, children: deployment.listExecutions({ mapRunArn }).reverse() };
}

const types = (events: readonly HistoryEvent[]) => sequence(events).slice(1);

// AWS recorded the events: test_map_item_reader_base_json_max_items_jsonata, test_map_item_reader_json_no_json_list_object.
describe('a distributed Map', () => {
  it('runs an execution for each item, and not their events', async () => {
    const { output, events, mapRunArn, children } = await mapping(each(Check));

    expect(output).toEqual([{ checked: 1 }, { checked: 2 }, { checked: 3 }]);
    expect(types(events)).toEqual([
      '2<0 MapStateEntered',
      '3<2 MapStateStarted',
      '4<3 MapRunStarted',
      '5<4 MapRunSucceeded',
      '6<5 MapStateSucceeded',
      '7<4 MapStateExited',
      '8<7 ExecutionSucceeded',
    ]);
    expect(events[2]?.mapStateStartedEventDetails).toEqual({ length: 3 });
    expect(mapRunArn).toMatch(/^arn:aws:states:us-east-1:123456789012:mapRun:fleet\/Sites:[\da-f-]{36}$/);
    expect(children.map(({ status, input, stateMachineArn }) => [status, input, stateMachineArn])).toEqual([
      ['SUCCEEDED', '1', `${arnOf('fleet')}/Sites`],
      ['SUCCEEDED', '2', `${arnOf('fleet')}/Sites`],
      ['SUCCEEDED', '3', `${arnOf('fleet')}/Sites`],
    ]);
    expect(children[0]?.executionArn).toMatch(
      /^arn:aws:states:us-east-1:123456789012:execution:fleet\/Sites:[\da-f-]{36}$/,
    );
  });

  it('keeps a history of each child, which has a context of its own', async () => {
    const Show = { Show: { Type: 'Pass', Output: '{% $states.context %}', End: true } };

    const { output, children, deployment } = await mapping(each(Show), { input: ['a'] });

    const [child] = children;
    expect(output).toMatchObject([
      {
        Execution: { Id: child?.executionArn, Input: 'a', Name: child?.name },
        StateMachine: { Id: `${arnOf('fleet')}/Sites`, Name: 'fleet/Sites' },
      },
    ]);
    expect(deployment.getExecutionHistory(child?.executionArn ?? '').map(({ type }) => type)).toEqual([
      'ExecutionStarted',
      'PassStateEntered',
      'PassStateExited',
      'ExecutionSucceeded',
    ]);
  });

  it('runs children of type EXPRESS, of which nothing is kept', async () => {
    const Show = { Show: { Type: 'Pass', Output: '{% $states.context.Execution.Id %}', End: true } };

    const { output, children } = await mapping(each(Show, {}, 'EXPRESS'), { input: ['a'] });

    expect(output).toEqual([
      expect.stringMatching(/^arn:aws:states:us-east-1:123456789012:express:fleet\/Sites:[\da-f-]{36}:[\da-f-]{36}$/),
    ]);
    expect(children).toEqual([]);
  });

  it.each([
    [1, 6],
    [2, 4],
    [0, 3],
  ])('with MaxConcurrency %d is over after %d seconds', async (MaxConcurrency, seconds) => {
    const { stopDate } = await mapping(each(Check, { MaxConcurrency }));

    expect((stopDate.getTime() - START) / 1000).toBe(seconds);
  });

  it('gives each child what ItemSelector makes of its item', async () => {
    const ItemSelector = {
      index: '{% $states.context.Map.Item.Index %}',
      item: '{% $states.context.Map.Item.Value %}',
      site: '{% $states.input.site %}',
    };
    const map = each(Echo, { Items: '{% $states.input.items %}', ItemSelector });

    const { output } = await mapping(map, { input: { items: ['a', 'b'], site: 'golden' } });

    expect(output).toEqual([
      { index: 0, item: 'a', site: 'golden' },
      { index: 1, item: 'b', site: 'golden' },
    ]);
  });

  it('keeps its variables from the children', async () => {
    const Show = { Show: { Type: 'Pass', Output: '{% $exists($outer) %}', End: true } };
    const Set = { Type: 'Pass', Assign: { outer: 1 }, Next: 'Each' };
    const { deployment, clock } = await deployed({ machines: { fleet: definition({ Set, Each: each(Show) }) } });

    const { output } = await clock.drive(deployment.start('fleet', { input: [1] }).result);

    expect(output).toEqual([false]);
  });

  it('needs the right to start its own executions', async () => {
    const allow: Statement[] = [{ effect: 'Allow', actions: ['s3:*'], resources: ['*'] }];

    const { error, cause } = await mapping(each(Echo), { stack: { statements: { fleet: allow } } });

    expect(error).toBe('States.Permissions');
    expect(cause).toContain(`states:StartExecution on resource: ${arnOf('fleet')}`);
  });

  it('is stopped with its children', async () => {
    const { deployment, clock } = await deployed({ machines: { fleet: definition({ Each: each(Check) }) } });
    const execution = deployment.start('fleet', { input: [1, 60, 90] });
    clock.after(30_000, () => {
      execution.stop();
    });

    const { events } = await clock.drive(execution.result);
    await clock.drive(clock.sleep(1));

    const { mapRunArn = '' } = events[3]?.mapRunStartedEventDetails ?? {};
    expect(deployment.listExecutions({ mapRunArn }).map(({ status }) => status)).toEqual([
      'ABORTED',
      'ABORTED',
      'SUCCEEDED',
    ]);
  });
});

describe('children that fail', () => {
  const items = [1, -1, 2, -2, 3];

  it('fail the Map by default, stop the others, and leave what is not started', async () => {
    const { error, cause, events, children } = await mapping(each(Check, { MaxConcurrency: 2 }), { input: items });

    expect([error, cause]).toEqual([
      'States.ExceedToleratedFailureThreshold',
      'The specified tolerated failure threshold was exceeded',
    ]);
    expect(types(events).slice(2)).toEqual([
      '4<3 MapRunStarted',
      '5<4 MapRunFailed',
      '6<5 MapStateFailed',
      '7<6 ExecutionFailed',
    ]);
    expect(secondsOf(events, 'MapRunFailed')).toEqual([1]);
    expect(children.map(({ input, status }) => [input, status])).toEqual([
      ['1', 'SUCCEEDED'],
      ['-1', 'FAILED'],
      ['2', 'ABORTED'],
    ]);
  });

  it.each([
    [{ ToleratedFailureCount: 1 }, 'FAILED'],
    [{ ToleratedFailureCount: 2 }, 'SUCCEEDED'],
    [{ ToleratedFailurePercentage: 39 }, 'FAILED'],
    [{ ToleratedFailurePercentage: 40 }, 'SUCCEEDED'],
    [{ ToleratedFailureCount: 1, ToleratedFailurePercentage: 100 }, 'FAILED'],
    [{ ToleratedFailureCount: 5, ToleratedFailurePercentage: 10 }, 'FAILED'],
    [{ ToleratedFailureCount: '{% $count($states.input) %}' }, 'SUCCEEDED'],
  ])('are tolerated by %j: %s', async (tolerance, expected) => {
    const { status } = await mapping(each(Check, tolerance), { input: items });

    expect(status).toBe(expected);
  });

  it('stand in the result with what came of them', async () => {
    const { output } = await mapping(each(Check, { ToleratedFailurePercentage: 100 }), { input: [1, -1] });

    expect(output).toEqual([
      { checked: 1 },
      expect.objectContaining({ Status: 'FAILED', Error: 'Negative', Cause: 'by intent', Input: '-1' }) as unknown,
    ]);
  });

  it('can be retried and caught', async () => {
    const Retry = [{ ErrorEquals: ['States.ExceedToleratedFailureThreshold'], MaxAttempts: 1 }];
    const Catch = [{ ErrorEquals: ['States.ALL'], Next: 'After' }];

    const { output, events } = await mapping(each(Check, { Retry, Catch }), {
      input: [-1],
      after: { Type: 'Pass', Output: '{% $states.input.Error %}', End: true },
    });

    expect(output).toBe('States.ExceedToleratedFailureThreshold');
    expect(events.filter(({ type }) => type === 'MapRunStarted')).toHaveLength(2);
  });
});

describe('an item reader', () => {
  const listing = (Arguments: object, rest: object = {}) => ({
    ItemReader: { Resource: 'arn:aws:states:::s3:listObjectsV2', Arguments, ...rest },
  });
  const file = (Key: string, rest: object = {}) => ({
    ItemReader: {
      Resource: 'arn:aws:states:::s3:getObject',
      Arguments: { Bucket: BUCKET, Key },
      ReaderConfig: { InputType: 'JSON', ...rest },
    },
  });

  it('takes the objects of a bucket, which the start does not count', async () => {
    const map = each(Echo, listing({ Bucket: '{% $states.input.bucket %}', Prefix: 'sites/' }));

    const { output, events } = await mapping(map, { input: { bucket: BUCKET } });

    expect(events[2]?.mapStateStartedEventDetails).toEqual({ length: 0 });
    expect(output).toEqual([
      {
        Etag: '"99914b932bd37a50b983c5e7c90ae93b"',
        Key: 'sites/a.json',
        LastModified: START / 1000,
        Size: 2,
        StorageClass: 'STANDARD',
      },
      expect.objectContaining({ Key: 'sites/b.json', Size: 7 }) as unknown,
    ]);
  });

  it('takes as many as it is told', async () => {
    const map = each(Echo, listing({ Bucket: BUCKET }, { ReaderConfig: { MaxItems: '{% 1 + 1 %}' } }));

    const { output } = await mapping(map);

    expect(output).toHaveLength(2);
  });

  it('takes all pages of a list', async () => {
    const map = each(Echo, listing({ Bucket: BUCKET, Prefix: 'many/' }), 'EXPRESS');
    const { deployment, clock } = await deployed({ machines: { fleet: definition({ Each: map }) }, buckets: [BUCKET] });
    for (let i = 0; i < 1203; i++) deployment.buckets.get(BUCKET).put(`many/${i}`, '');
    const Keys = new Set<string>();

    const { output } = await clock.drive(deployment.start('fleet', {}).result);

    for (const { Key } of output as { Key: string }[]) Keys.add(Key);
    expect(Keys.size).toBe(1203);
  });

  it('takes the items of a file', async () => {
    expect((await mapping(each(Echo, file('items.json')))).output).toEqual([1, { two: 2 }]);
  });

  it.each([
    ['object.json', /^Attempting to map over non-iterable node\.$/],
    ['broken.json', /JSON/],
    ['none.json', /^The specified key does not exist\./],
  ])('fails at %s', async (key, told) => {
    const { error, cause, events } = await mapping(each(Echo, file(key)));

    expect(error).toBe('States.ItemReaderFailed');
    expect(cause).toMatch(told);
    expect(types(events).slice(2)).toEqual([
      '4<3 MapRunStarted',
      '5<4 MapRunFailed',
      '6<5 MapStateFailed',
      '7<6 ExecutionFailed',
    ]);
  });
});

describe('a result writer', () => {
  const writer = (rest: object = {}) => ({
    ResultWriter: {
      Resource: 'arn:aws:states:::s3:putObject',
      Arguments: { Bucket: BUCKET, Prefix: 'results' },
      ...rest,
    },
  });

  // The form of the manifest and of the files is that of real ones which people keep for their tests.
  it('puts the results into files by status, and a manifest beside them', async () => {
    const map = each(Check, { ToleratedFailurePercentage: 100, ...writer() });

    const { output, documents, mapRunArn, children } = await mapping(map, { input: [1, -1] });

    const folder = `results/${mapRunArn.split(':').at(-1)}`;
    const read = (name: string) => JSON.parse(documents.get(`${folder}/${name}`).body.toString()) as unknown;
    const size = (name: string) => documents.get(`${folder}/${name}`).body.length;
    expect(output).toEqual({
      MapRunArn: mapRunArn,
      ResultWriterDetails: { Bucket: BUCKET, Key: `${folder}/manifest.json` },
    });
    expect(read('manifest.json')).toEqual({
      DestinationBucket: BUCKET,
      MapRunArn: mapRunArn,
      ResultFiles: {
        FAILED: [{ Key: `${folder}/FAILED_0.json`, Size: size('FAILED_0.json') }],
        PENDING: [],
        SUCCEEDED: [{ Key: `${folder}/SUCCEEDED_0.json`, Size: size('SUCCEEDED_0.json') }],
      },
    });
    expect(read('SUCCEEDED_0.json')).toEqual([
      {
        ExecutionArn: children[0]?.executionArn,
        Input: '1',
        InputDetails: { Included: true },
        Name: children[0]?.name,
        Output: '{"checked":1}',
        OutputDetails: { Included: true },
        RedriveCount: 0,
        RedriveStatus: 'NOT_REDRIVABLE',
        RedriveStatusReason: 'Execution is SUCCEEDED and cannot be redriven',
        StartDate: '2030-01-01T00:00:00.000Z',
        StateMachineArn: `${arnOf('fleet')}/Sites`,
        Status: 'SUCCEEDED',
        StopDate: '2030-01-01T00:00:01.000Z',
      },
    ]);
    expect(read('FAILED_0.json')).toMatchObject([
      {
        Status: 'FAILED',
        Error: 'Negative',
        RedriveStatus: 'REDRIVABLE_BY_MAP_RUN',
        OutputDetails: { Included: true },
      },
    ]);
  });

  it('tells what was not started, too, when the Map fails', async () => {
    const { error, documents, mapRunArn } = await mapping(each(Check, { MaxConcurrency: 1, ...writer() }), {
      input: [-1, 5],
    });

    const pending = documents.get(`results/${mapRunArn.split(':').at(-1)}/PENDING_0.json`).body.toString();
    expect(error).toBe('States.ExceedToleratedFailureThreshold');
    expect(JSON.parse(pending)).toMatchObject([{ Input: '5' }]);
  });

  it.each([
    ['NONE', [expect.objectContaining({ Output: '[1,2]' }), expect.objectContaining({ Output: '[3]' })]],
    ['COMPACT', [[1, 2], [3]]],
    ['FLATTEN', [1, 2, 3]],
  ])('without a place gives the results to the next state: %s', async (Transformation, expected) => {
    const map = each(Echo, { ResultWriter: { WriterConfig: { Transformation } } });

    const { output } = await mapping(map, { input: [[1, 2], [3]] });

    expect(output).toEqual(expected);
  });

  it('that cannot write fails the Map', async () => {
    const { error, cause } = await mapping(each(Echo, writer({ Arguments: { Bucket: 'none' } })));

    expect(error).toBe('States.ResultWriterFailed');
    expect(cause).toContain('The specified bucket does not exist');
  });
});
