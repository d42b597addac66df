import { DefinitionRefused } from '../../../../local/emulator/asl';
import { LAMBDA, machine, run } from './run';

const state = (fields: object) => machine({ S: { End: true, ...fields } });
const task = (fields: object) => state({ Type: 'Task', Resource: LAMBDA, ...fields });
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
      'distributed Maps',
      state({ Type: 'Map', ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED' }, ...inner({}) } }),
      'S',
      'ItemProcessor/ProcessorConfig',
      'Mode "DISTRIBUTED" is not supported',
    ],
    [
      'item readers',
      state({ Type: 'Map', ItemReader: {}, ItemProcessor: inner({}) }),
      'S',
      'ItemReader',
      'not a supported field',
    ],
    [
      '.sync',
      task({ Resource: 'arn:aws:states:::states:startExecution.sync:2' }),
      'S',
      'Resource',
      "'.sync:2' is not supported",
    ],
    [
      'task tokens',
      task({ Resource: `${LAMBDA}.waitForTaskToken` }),
      'S',
      'Resource',
      "'.waitForTaskToken' is not supported",
    ],
    [
      'activities',
      task({ Resource: 'arn:aws:states:eu-west-1:1:activity:a' }),
      'S',
      'Resource',
      "':activity:a' is not supported",
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
    const integrations = { 'arn:aws:states:::lambda:*': () => Promise.resolve() };

    const refusal: unknown = await run(definition, { integrations }).catch((error: unknown) => error);

    expect(refusal).toBeInstanceOf(DefinitionRefused);
    expect(refusal).toMatchObject({ name: 'DefinitionRefused', state: where, field });
    expect((refusal as DefinitionRefused).reason).toContain(reason);
  });
});
