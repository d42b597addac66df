import { connectSite, withSite } from '../../../domain/commands/site-connection';
import { SecretMissing } from '../../../domain/secrets/ssm';
import { BastionUnreachable } from '../../../domain/ssh/errors';
import { fakeWorld } from '../fakes';
import { site } from '../sites';

const golden = site('golden');
const KEY = '/magnum-ha/golden/ssh-private-key';
const PASSWORD = '/magnum-ha/golden/database-password';

describe('a connection to a site', () => {
  test('is made with the key of the document, and begins with every controller', async () => {
    const world = fakeWorld({}, { secrets: { [KEY]: 'the key\n' } });

    await connectSite(world, golden, {});

    expect(world.observed.transports.map(({ options }) => options)).toEqual([
      { site: golden, privateKey: 'the key\n', expected: golden.controllers },
    ]);
  });

  test('begins with the controllers that the task will use, if it says so', async () => {
    const world = fakeWorld();
    const expected = golden.controllers.slice(1, 2);

    await connectSite(world, golden, { expected });

    expect(world.observed.transports[0]?.options.expected).toEqual(expected);
  });

  test('has the secrets that the task asked for, and no others', async () => {
    const connection = await connectSite(fakeWorld({}, { secrets: { [PASSWORD]: 'pa$$' } }), golden, {
      secrets: [PASSWORD],
    });

    expect(connection.secrets.reveal(PASSWORD)).toBe('pa$$');
    expect(() => connection.secrets.reveal('/magnum-ha/golden/rabbit-password')).toThrow('did not read');
  });

  test('has a node for each controller, in the order of the document, and by its name', async () => {
    const connection = await connectSite(fakeWorld(), golden, {});

    const names = connection.nodes.map(({ name }) => name);

    expect(names).toEqual(['node-1', 'node-2', 'node-3']);
    expect(connection.node('node-3')).toBe(connection.nodes[2]);
    expect(() => connection.node('node-9')).toThrow('no controller of site golden named node-9');
  });

  test('is alive as long as the one to the bastion is', async () => {
    const world = fakeWorld();
    const connection = await connectSite(world, golden, {});
    const [transport] = world.observed.transports;

    const before = connection.alive;
    if (transport) transport.alive = false;

    expect([before, connection.alive]).toEqual([true, false]);
  });
});

describe('a secret', () => {
  test.each(['pa$$\n', 'pa$$\r\n', '\n'])(
    'that is %j is refused by name, before anything is connected to',
    async (value) => {
      const world = fakeWorld({}, { secrets: { [PASSWORD]: value } });

      const refused = connectSite(world, golden, { secrets: [PASSWORD] });

      await expect(refused).rejects.toMatchObject({
        name: 'SecretMalformed',
        message: expect.stringContaining(`${PASSWORD} ends in a newline`) as string,
      });
      await expect(refused).rejects.not.toThrow('pa$$');
      expect(world.observed.transports).toEqual([]);
    },
  );

  test('that is missing keeps anything from being connected to', async () => {
    const world = fakeWorld();
    const missing = { ...world, secrets: { ...world.secrets, read: () => Promise.reject(new SecretMissing('none')) } };

    await expect(connectSite(missing, golden, {})).rejects.toMatchObject({ name: 'SecretMissing' });

    expect(world.observed.transports).toEqual([]);
  });
});

describe('a task that is connected', () => {
  test('gives what it came to, and leaves no connection', async () => {
    const world = fakeWorld();

    const came = await withSite(world, golden, {}, (connection) => Promise.resolve(connection.alive));

    expect(came).toBe(true);
    expect(world.observed.transports).toMatchObject([{ alive: false }]);
  });

  test('leaves none if it fails either', async () => {
    const world = fakeWorld();

    const failed = withSite(world, golden, {}, () => Promise.reject(new Error('injected')));

    await expect(failed).rejects.toThrow('injected');
    expect(world.observed.transports).toMatchObject([{ alive: false }]);
  });

  test('does not begin if the site cannot be reached', async () => {
    const world = { ...fakeWorld(), connect: () => Promise.reject(new BastionUnreachable('The bastion is gone.')) };
    const action = jest.fn(() => Promise.resolve());

    await expect(withSite(world, golden, {}, action)).rejects.toMatchObject({ name: 'BastionUnreachable' });

    expect(action).not.toHaveBeenCalled();
  });
});
