import { SSMClient } from '@aws-sdk/client-ssm';
import { secretsIn } from '../../../domain/secrets/ssm';
import { type Authorize, LocalSsm, type Parameter } from '../../../local/emulator/aws/ssm';

const opened: (() => void)[] = [];
afterEach(() => {
  for (const close of opened.splice(0)) close();
});

/** A store on an SSM of its own, which has these parameters. */
async function storeOf(parameters: Readonly<Record<string, Parameter>>, authorize: Authorize = () => true) {
  const server = new LocalSsm(new Map(Object.entries(parameters)), authorize);
  const client = new SSMClient({
    endpoint: await server.listen(),
    region: 'us-east-1',
    credentials: { accessKeyId: 'tested', secretAccessKey: 'local' },
  });
  opened.push(() => {
    client.destroy();
    server.close();
  });
  return secretsIn(client);
}

function secure(value: string): Parameter {
  return { type: 'SecureString', value };
}

describe('secrets', () => {
  test('are read and decrypted, however many there are, each once', async () => {
    const names = Array.from({ length: 23 }, (_, index) => `/secret/${index}`);
    const store = await storeOf(Object.fromEntries(names.map((name) => [name, secure(`value of ${name}`)])));

    const secrets = await store.read([...names, ...names]);

    expect(names.map((name) => secrets.reveal(name))).toEqual(names.map((name) => `value of ${name}`));
  });

  test('that are missing are all named, with what puts them there', async () => {
    const secrets = await storeOf({ '/one': secure('1') });
    const names = ['/one', '/two', '/three'];

    const refused = await Promise.allSettled([secrets.read(names), secrets.check(names)]);

    const message = expect.stringMatching(/\/two, \/three.*put-parameter --type SecureString/) as string;
    const reason = { name: 'SecretMissing', message };
    expect(refused).toMatchObject([{ reason }, { reason }]);
  });

  test('that a site can do without are read and checked if they exist', async () => {
    const secrets = await storeOf({ '/one': secure('first'), '/two': secure('second') });
    const plain = await storeOf({ '/one': secure('first'), '/two': { type: 'String', value: 'second' } });

    const read = await secrets.read(['/one'], ['/two', '/three']);
    const checked = await Promise.allSettled([secrets, plain].map((one) => one.check(['/one'], ['/two', '/three'])));

    expect(['/one', '/two', '/three'].map((name) => read.find(name))).toEqual(['first', 'second', undefined]);
    expect(checked).toMatchObject([{ status: 'fulfilled' }, { reason: { name: 'SecretNotEncrypted' } }]);
  });

  test('that are too short to be kept out of texts are refused, all named', async () => {
    const secrets = await storeOf({ '/one': secure('abc'), '/two': secure('abcd'), '/three': secure(' x \n') });

    const read = secrets.read(['/one', '/two', '/three']);

    await expect(read).rejects.toMatchObject({
      name: 'SecretTooShort',
      message: expect.stringMatching(/fewer than 4 characters.*\/one, \/three/) as string,
    });
    await expect(read).rejects.not.toThrow('abc');
  });

  test('that lie in plain text are refused without being read', async () => {
    const asked: string[] = [];
    const parameters: Record<string, Parameter> = { '/one': secure('1'), '/two': { type: 'String', value: 'clear' } };
    const secrets = await storeOf(parameters, (_, action) => asked.push(action) > 0);

    const check = secrets.check(['/one', '/two']);

    await expect(check).rejects.toMatchObject({ name: 'SecretNotEncrypted' });
    await expect(check).rejects.toThrow('/two');
    await expect(check).rejects.not.toThrow('clear');
    expect(asked).toEqual(['ssm:DescribeParameters']);
  });

  test('nor are they used if nobody has looked before', async () => {
    const secrets = await storeOf({ '/one': secure('first'), '/two': { type: 'String', value: 'clear' } });

    const read = secrets.read(['/one', '/two']);

    await expect(read).rejects.toMatchObject({ name: 'SecretNotEncrypted' });
    await expect(read).rejects.not.toThrow('clear');
  });

  test('that are all there and encrypted pass', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `/secret/${index}`);
    const secrets = await storeOf(Object.fromEntries(names.map((name) => [name, secure('x')])));

    await expect(secrets.check(names)).resolves.toBeUndefined();
  });
});
