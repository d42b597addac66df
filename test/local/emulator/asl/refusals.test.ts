import { DefinitionRefused } from '../../../../local/emulator/asl';
import { LAMBDA, machine, run } from './run';

const state = (fields: object) => machine({ S: { End: true, ...fields } });
const task = (fields: object) => state({ Type: 'Task', Resource: LAMBDA, ...fields });
const integrations = { 'arn:aws:states:::lambda:*': () => Promise.resolve() };
const LISTING = { Resource: 'arn:aws:states:::s3:listObjectsV2', Arguments: { Bucket: 'b' } };
const FILE = { Resource: 'arn:aws:states:::s3:getObject', Arguments: { Bucket: 'b', Key: 'k' } };
const distributed = (fields: object) =>
  state({
    Type: 'Map',
    ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' }, ...inner({}) },
    ...fields,
  });
const inner = (fields: object) => ({ StartAt: 'I', States: { I: { Type: 'Pass', End: true, ...fields } } });

describe('a definition is refused before anything runs', () => {
  it.each<[string, object, string | undefined, string, string]>([
    ['JSONPath fields', state({ Type: 'Pass', Parameters: {} }), 'S', 'Parameters', 'not a supported field of a Pass'],
    ['JSONPath states', state({ Type: 'Pass', QueryLanguage: 'JSONPath' }), 'S', 'QueryLanguage', 'only JSONata'],
    [
      'machines that do not say JSONata',
      { StartAt: 'S', States: { S: { Type: 'Wait', Seconds: 1, End: true } } },
      'S',
      'QueryLanguage',
      'only JSONata',
    ],
    [
      'distributed Maps of no type',
      state({ Type: 'Map', ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED' }, ...inner({}) } }),
      'S',
      'ItemProcessor/ProcessorConfig/ExecutionType',
      'must be STANDARD or EXPRESS',
    ],
    [
      'item readers of inline Maps',
      state({ Type: 'Map', ItemReader: {}, ItemProcessor: inner({}) }),
      'S',
      'ItemReader',
      'belongs to a Map in distributed mode',
    ],
    [
      'items beside an item reader',
      distributed({ Items: [1], ItemReader: LISTING }),
      'S',
      'Items',
      'cannot be used with ItemReader',
    ],
    [
      'item readers of other files',
      distributed({ ItemReader: { ...FILE, ReaderConfig: { InputType: 'CSV' } } }),
      'S',
      'ItemReader/ReaderConfig/InputType',
      'only JSON',
    ],
    [
      'item readers of other services',
      distributed({ ItemReader: { Resource: 'arn:aws:states:::sqs:receiveMessage' } }),
      'S',
      'ItemReader/Resource',
      'must be s3:listObjectsV2 or s3:getObject',
    ],
    ['batches', distributed({ ItemBatcher: { MaxItemsPerBatch: 2 } }), 'S', 'ItemBatcher', 'not a supported field'],
    ['labels with spaces', distributed({ Label: 'a b' }), 'S', 'Label', 'none of them special'],
    [
      'empty result writers',
      distributed({ ResultWriter: {} }),
      'S',
      'ResultWriter',
      'needs a Resource or a WriterConfig',
    ],
    [
      'result writers of other forms',
      distributed({ ResultWriter: { WriterConfig: { OutputType: 'JSONL' } } }),
      'S',
      'ResultWriter/WriterConfig/OutputType',
      'only JSON',
    ],
    [
      'jobs without an integration',
      task({ Resource: 'arn:aws:states:::states:startExecution.sync:2' }),
      'S',
      'Resource',
      'no integration was given',
    ],
    [
      'activities',
      task({ Resource: 'arn:aws:states:eu-west-1:1:activity:a' }),
      'S',
      'Resource',
      'neither a Lambda function nor a service integration',
    ],
    [
      'unknown integrations',
      task({ Resource: 'arn:aws:states:::sns:publish' }),
      'S',
      'Resource',
      'no integration was given',
    ],
    ['unknown fields', state({ Type: 'Pass', Outptu: 1 }), 'S', 'Outptu', 'not a supported field'],
    [
      'unknown fields of catchers',
      task({ Catch: [{ ErrorEquals: ['A'], Next: 'S', ResultPath: '$' }] }),
      'S',
      'Catch[0]/ResultPath',
      'not a supported field',
    ],
    ['unknown types', state({ Type: 'Loop' }), 'S', 'Type', 'a state of type Loop'],
    [
      'unknown top fields',
      machine({ S: { Type: 'Succeed' } }, { Timeout: 1 }),
      undefined,
      'Timeout',
      'not a supported field',
    ],
    ['missing targets', machine({ S: { Type: 'Pass', Next: 'T' } }), 'S', 'Next', "no state 'T'"],
    ['missing transitions', machine({ S: { Type: 'Pass' } }), 'S', 'Next', 'needs either Next or End'],
    [
      'States.ALL in company',
      task({ Catch: [{ ErrorEquals: ['States.ALL', 'A'], Next: 'S' }] }),
      'S',
      'Catch[0]/ErrorEquals',
      'must stand alone',
    ],
    ['numbers out of range', task({ TimeoutSeconds: 0 }), 'S', 'TimeoutSeconds', 'an integer from 1'],
    ['rare heartbeats', task({ TimeoutSeconds: 5, HeartbeatSeconds: 5 }), 'S', 'HeartbeatSeconds', 'must be less'],
    ['broken expressions', state({ Type: 'Pass', Output: { a: ['{% 1 + %}'] } }), 'S', 'Output/a[0]', 'is not JSONata'],
    ['results before there is one', task({ Arguments: '{% $states.result %}' }), 'S', 'Arguments', 'no $states.result'],
    [
      'error output outside Catch',
      task({ Output: '{% $states.errorOutput %}' }),
      'S',
      'Output',
      'no $states.errorOutput',
    ],
    ['the variable states', state({ Type: 'Pass', Assign: { states: 1 } }), 'S', 'Assign', "not a variable's name"],
    [
      'assignments to outer variables',
      machine({
        S: { Type: 'Pass', Assign: { x: 1 }, Next: 'M' },
        M: { Type: 'Parallel', Branches: [inner({ Assign: { x: 2 } })], End: true },
      }),
      'I',
      'Assign',
      "'x' belongs to an outer scope",
    ],
  ])('for %s', async (_, definition, where, field, reason) => {
    const refusal: unknown = await run(definition, { integrations }).catch((error: unknown) => error);

    expect(refusal).toBeInstanceOf(DefinitionRefused);
    expect(refusal).toMatchObject({ name: 'DefinitionRefused', state: where, field });
    expect((refusal as DefinitionRefused).reason).toContain(reason);
  });
});

// AWS recorded the same of CreateStateMachine: test_illegal_callbacks.
describe('an Express state machine does not have', () => {
  it.each([
    ['jobs', task({ Resource: 'arn:aws:states:::lambda:invoke.sync' }), 'Resource', "does not support '.sync'"],
    ['callbacks', task({ Resource: `${LAMBDA}.waitForTaskToken` }), 'Resource', "does not support '.waitForTaskToken'"],
    ['distributed Maps', distributed({}), 'ItemProcessor/ProcessorConfig', 'does not support distributed mode'],
  ])('%s', async (_, definition, field, reason) => {
    const refusal: unknown = await run(definition, { integrations, type: 'EXPRESS' }).catch((error: unknown) => error);

    expect(refusal).toMatchObject({ name: 'DefinitionRefused', state: 'S', field });
    expect((refusal as DefinitionRefused).reason).toContain(reason);
  });
});

it('the states inside a distributed Map have variables of their own, and not those around it', async () => {
  const assigned = {
    ...inner({ Assign: { x: 2 } }),
    ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'EXPRESS' },
  };
  const definition = machine({
    S: { Type: 'Pass', Assign: { x: 1 }, Next: 'M' },
    M: { Type: 'Map', Items: [], ItemProcessor: assigned, End: true },
  });

  const { status } = await run(definition);

  expect(status).toBe('SUCCEEDED');
});
