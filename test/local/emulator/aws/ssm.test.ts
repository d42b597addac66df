import {
  DescribeParametersCommand,
  GetParameterCommand,
  GetParametersCommand,
  PutParameterCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { type Authorize, LocalSsm, type Parameter } from '../../../../local/emulator/aws/ssm';

const parameters = new Map<string, Parameter>([
  ['/magnum-ha/sites/golden', { type: 'String', value: '{}' }],
  ['/magnum-ha/golden/password', { type: 'SecureString', value: 's3cret "§" \n' }],
]);
/** The function `load` may read site documents; `stage` may read all; `check` may list. */
const authorize: Authorize = (caller, action, parameter) =>
  ({
    load: action === 'ssm:GetParameters' && parameter?.startsWith('/magnum-ha/sites/') === true,
    stage: action === 'ssm:GetParameters',
    check: action === 'ssm:DescribeParameters' && parameter === undefined,
    operator: true,
  })[caller] ?? false;

const ssm = new LocalSsm(parameters, authorize);
let endpoint = '';

beforeAll(async () => {
  endpoint = await ssm.listen();
});
afterAll(() => {
  ssm.close();
});

/** AWS's own client, with the credentials of a function. */
function client(caller: string): SSMClient {
  const credentials = { accessKeyId: caller, secretAccessKey: 'local' };
  return new SSMClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
}

const NAMES = ['/magnum-ha/sites/golden', '/magnum-ha/golden/password', '/magnum-ha/none'];

test('parameters are read, decrypted on demand; the missing are named', async () => {
  const answer = await client('stage').send(new GetParametersCommand({ Names: NAMES, WithDecryption: true }));

  expect(answer.Parameters?.map(({ Name, Type, Value }) => [Name, Type, Value])).toEqual([
    ['/magnum-ha/sites/golden', 'String', '{}'],
    ['/magnum-ha/golden/password', 'SecureString', 's3cret "§" \n'],
  ]);
  expect(answer.InvalidParameters).toEqual(['/magnum-ha/none']);
});

test('a secret stays encrypted if nobody asks for its decryption', async () => {
  const answer = await client('stage').send(new GetParametersCommand({ Names: NAMES }));

  expect(JSON.stringify(answer.Parameters)).not.toContain('s3cret');
});

test('a description tells types and no values', async () => {
  const filter = { Key: 'Name', Option: 'Equals', Values: NAMES };

  const answer = await client('check').send(new DescribeParametersCommand({ ParameterFilters: [filter] }));

  expect(answer.Parameters).toEqual([
    { Name: '/magnum-ha/sites/golden', Type: 'String' },
    { Name: '/magnum-ha/golden/password', Type: 'SecureString' },
  ]);
});

test('a description finds what begins with a prefix', async () => {
  const filter = { Key: 'Name', Option: 'BeginsWith', Values: ['/magnum-ha/sites/'] };

  const answer = await client('check').send(new DescribeParametersCommand({ ParameterFilters: [filter] }));

  expect(answer.Parameters).toEqual([{ Name: '/magnum-ha/sites/golden', Type: 'String' }]);
});

test('a parameter is put once, and again only when that is asked for', async () => {
  const Name = '/magnum-ha/golden/new';
  const put = (Value: string, Overwrite?: boolean) =>
    client('operator').send(new PutParameterCommand({ Name, Value, Type: 'SecureString', Overwrite }));

  await put('first');
  const again = put('second');

  await expect(again).rejects.toMatchObject({ name: 'ParameterAlreadyExists' });
  await put('third', true);
  expect(parameters.get(Name)).toEqual({ type: 'SecureString', value: 'third' });
});

describe('a function may do what its role allows', () => {
  test('read what is its own', async () => {
    const answer = await client('load').send(new GetParametersCommand({ Names: ['/magnum-ha/sites/golden'] }));

    expect(answer.Parameters).toHaveLength(1);
  });

  test.each([
    ['load', new GetParametersCommand({ Names: NAMES.slice(0, 2) }), /load .* ssm:GetParameters .*golden\/password/],
    ['check', new GetParametersCommand({ Names: NAMES.slice(0, 1) }), /check .* ssm:GetParameters/],
    ['nobody', new GetParametersCommand({ Names: NAMES.slice(0, 1) }), /nobody/],
  ])('%s nothing else', async (caller, command, told) => {
    const answer = client(caller).send(command);

    await expect(answer).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringMatching(told) as string,
    });
  });

  test('list only with the right to list', async () => {
    const filter = { Key: 'Name', Option: 'Equals', Values: NAMES };

    const answer = client('stage').send(new DescribeParametersCommand({ ParameterFilters: [filter] }));

    await expect(answer).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});

test('what is not simulated is refused by name', async () => {
  const answer = client('stage').send(new GetParameterCommand({ Name: NAMES[0] }));

  await expect(answer).rejects.toMatchObject({
    name: 'UnknownOperationException',
    message: 'GetParameter is not simulated',
  });
});
