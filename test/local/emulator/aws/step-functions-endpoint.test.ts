import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  paginateGetExecutionHistory,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { stepFunctionsEndpoint } from '../../../../local/emulator/aws/step-functions-endpoint';
import { StepFunctions } from '../../../../local/emulator/aws/step-functions';
import { realClock } from '../../../../domain/world';
import { realRandom } from '../../../../local/random';

const ARN = 'arn:aws:states:us-east-1:123456789012:stateMachine:loop';
/** Counts to what its input says. */
const definition = {
  QueryLanguage: 'JSONata',
  StartAt: 'Once more',
  States: {
    'Once more': {
      Type: 'Pass',
      Output: '{% {"left": $states.input.left - 1} %}',
      Next: 'Done?',
    },
    'Done?': {
      Type: 'Choice',
      Choices: [{ Condition: '{% $states.input.left <= 0 %}', Next: 'Done' }],
      Default: 'Once more',
    },
    Done: { Type: 'Succeed' },
  },
};

const stepFunctions = new StepFunctions({
  machines: [{ name: 'loop', arn: ARN, roleArn: 'role', type: 'STANDARD', statements: [], definition } as never],
  clock: realClock,
  random: realRandom,
  integrations: () => ({}),
  onStart: () => undefined,
  onStatusChange: () => undefined,
});
const server = stepFunctionsEndpoint(() => stepFunctions);
let client: SFNClient;

beforeAll(async () => {
  const credentials = { accessKeyId: 'operator', secretAccessKey: 'local' };
  client = new SFNClient({ endpoint: await server.listen(), region: 'us-east-1', credentials, maxAttempts: 1 });
});
afterAll(() => {
  client.destroy();
  server.close();
});

async function run(name: string, left: number): Promise<string> {
  const input = JSON.stringify({ left });
  const { executionArn = '', startDate } = await client.send(
    new StartExecutionCommand({ stateMachineArn: ARN, name, input }),
  );
  await stepFunctions.startExecution(ARN, { name: `${name}-after`, input: { left: 0 } }).result;
  expect(startDate).toBeInstanceOf(Date);
  return executionArn;
}

test('an execution is started, described and listed', async () => {
  const executionArn = await run('one', 1);

  const described = await client.send(new DescribeExecutionCommand({ executionArn }));
  const { executions } = await client.send(new ListExecutionsCommand({ stateMachineArn: ARN, maxResults: 1 }));

  expect(described).toMatchObject({ name: 'one', status: 'SUCCEEDED', input: '{"left":1}', output: '{"left":0}' });
  expect(executions).toMatchObject([{ name: 'one-after', status: 'SUCCEEDED' }]);
  expect(executions?.[0]).not.toHaveProperty('output');
});

test('a history comes in pages, in both directions', async () => {
  const executionArn = await run('long', 60);

  const sizes: number[] = [];
  const ids: (number | undefined)[] = [];
  for await (const { events = [] } of paginateGetExecutionHistory({ client }, { executionArn })) {
    sizes.push(events.length);
    ids.push(...events.map(({ id }) => id));
  }
  const { events: latest } = await client.send(
    new GetExecutionHistoryCommand({ executionArn, reverseOrder: true, maxResults: 2 }),
  );

  expect(sizes).toEqual([100, 100, 44]);
  expect(ids).toEqual(Array.from({ length: 244 }, (_, index) => index + 1));
  expect(latest?.map(({ id, type }) => [id, type])).toEqual([
    [244, 'ExecutionSucceeded'],
    [243, 'SucceedStateExited'],
  ]);
  expect(latest?.[0]?.timestamp).toBeInstanceOf(Date);
});

test('state machines are listed', async () => {
  const { stateMachines } = await client.send(new ListStateMachinesCommand({}));

  expect(stateMachines).toEqual([{ name: 'loop', stateMachineArn: ARN, type: 'STANDARD' }]);
});

test.each([
  [
    'ExecutionDoesNotExist',
    new DescribeExecutionCommand({ executionArn: `${ARN.replace('stateMachine', 'execution')}:none` }),
  ],
  ['StateMachineDoesNotExist', new StartExecutionCommand({ stateMachineArn: `${ARN}x` })],
  ['InvalidExecutionInput', new StartExecutionCommand({ stateMachineArn: ARN, input: '{' })],
  ['InvalidToken', new ListExecutionsCommand({ stateMachineArn: ARN, nextToken: 'none' })],
  ['UnknownOperationException', new StopExecutionCommand({ executionArn: 'one' })],
])('%s is told by its name', async (name, command) => {
  await expect(client.send(command as DescribeExecutionCommand)).rejects.toMatchObject({ name });
});
