import { type Authorize, LocalSsm, type Parameter } from '../../../local/emulator/aws/ssm';

const allowAll: Authorize = () => true;
const servers: LocalSsm[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

test('secrets are read and decrypted, however many there are, each once', async () => {
  const names = Array.from({ length: 23 }, (_, index) => `/secret/${index}`);
  const { readSecrets } = await ssmWith(Object.fromEntries(names.map((name) => [name, secure(`value of ${name}`)])));

  const secrets = await readSecrets([...names, ...names]);

  expect(names.map((name) => secrets.reveal(name))).toEqual(names.map((name) => `value of ${name}`));
});

test('a parameter that is no secret is read as it is, and may be missing', async () => {
  const { readParameter } = await ssmWith({ '/sites/golden': { type: 'String', value: '{}' } });

  expect(await readParameter('/sites/golden')).toBe('{}');
  expect(await readParameter('/sites/silver')).toBeUndefined();
});

test('missing secrets are all named, with what puts them there', async () => {
  const { readSecrets, checkSecrets } = await ssmWith({ '/one': secure('1') });

  for (const read of [readSecrets, checkSecrets]) {
    await expect(read(['/one', '/two', '/three'])).rejects.toMatchObject({
      name: 'SecretMissing',
      message: expect.stringMatching(/\/two, \/three.*put-parameter --type SecureString/) as string,
    });
  }
});

test('secrets that are too short to be kept out of texts are refused, all named', async () => {
  const { readSecrets } = await ssmWith({ '/one': secure('abc'), '/two': secure('abcd'), '/three': secure(' x \n') });

  const read = readSecrets(['/one', '/two', '/three']);

  await expect(read).rejects.toMatchObject({
    name: 'SecretTooShort',
    message: expect.stringMatching(/fewer than 4 characters.*\/one, \/three/) as string,
  });
  await expect(read).rejects.not.toThrow('abc');
});

test('a secret that lies in plain text is refused without being read', async () => {
  const asked: string[] = [];
  const parameters: Record<string, Parameter> = { '/one': secure('1'), '/two': { type: 'String', value: 'clear' } };
  const { checkSecrets } = await ssmWith(parameters, (_, action) => asked.push(action) > 0);

  const check = checkSecrets(['/one', '/two']);

  await expect(check).rejects.toMatchObject({ name: 'SecretNotEncrypted' });
  await expect(check).rejects.toThrow('/two');
  await expect(check).rejects.not.toThrow('clear');
  expect(asked).toEqual(['ssm:DescribeParameters']);
});

test('secrets that are all there and encrypted pass', async () => {
  const names = Array.from({ length: 60 }, (_, index) => `/secret/${index}`);
  const { checkSecrets } = await ssmWith(Object.fromEntries(names.map((name) => [name, secure('x')])));

  await expect(checkSecrets(names)).resolves.toBeUndefined();
});

function secure(value: string): Parameter {
  return { type: 'SecureString', value };
}

/** The module with a client of its own, as a function starts with it. */
async function ssmWith(parameters: Readonly<Record<string, Parameter>>, authorize = allowAll) {
  const server = new LocalSsm(new Map(Object.entries(parameters)), authorize);
  servers.push(server);
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SSM: await server.listen(),
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'tested',
    AWS_SECRET_ACCESS_KEY: 'local',
  });
  let module: typeof import('../../../domain/secrets/ssm') | undefined;
  await jest.isolateModulesAsync(async () => {
    module = await import('../../../domain/secrets/ssm');
  });
  if (!module) throw new Error('not loaded');
  return module;
}
