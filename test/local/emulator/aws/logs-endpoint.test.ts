import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { logsOf } from '../../../../domain/audit/logs';
import { logsEndpoint } from '../../../../local/emulator/aws/logs-endpoint';

const EXECUTION = 'arn:aws:states:us-east-1:123456789012:execution:magnum-ha:one';
const lines = [
  { timestamp: 500, message: `before ${EXECUTION}` },
  ...Array.from({ length: 10_001 }, (_, index) => ({ timestamp: 1_000 + index, message: `${index} of ${EXECUTION}` })),
  { timestamp: 2_000, message: 'of another' },
  { timestamp: 100_000, message: `long after ${EXECUTION}` },
];
const server = logsEndpoint(lines, (_, action, arn) => {
  return (
    `${action} ${arn}` === 'logs:FilterLogEvents arn:aws:logs:us-east-1:123456789012:log-group:/magnum-ha/functions:*'
  );
});
let client: CloudWatchLogsClient;
beforeAll(async () => {
  const credentials = { accessKeyId: 'operator', secretAccessKey: 'local' };
  client = new CloudWatchLogsClient({ endpoint: await server.listen(), region: 'us-east-1', credentials });
});
afterAll(() => {
  client.destroy();
  server.close();
});

test('the lines of an execution, of all pages, and a minute after its end', async () => {
  const execution = { executionArn: EXECUTION, startDate: new Date(1_000), stopDate: new Date(20_000) };

  const found = await logsOf(client, '/magnum-ha/functions', execution);

  expect([found.length, found[0], found.at(-1)]).toEqual([10_001, `0 of ${EXECUTION}`, `10000 of ${EXECUTION}`]);
});

test.each([
  ['another group', { logGroupName: '/other', filterPattern: '"one"' }, 'AccessDeniedException'],
  [
    'another pattern',
    { logGroupName: '/magnum-ha/functions', filterPattern: '{ $.a = 1 }' },
    'InvalidParameterException',
  ],
])('%s is refused', async (_, input, name) => {
  await expect(client.send(new FilterLogEventsCommand(input))).rejects.toMatchObject({ name });
});
