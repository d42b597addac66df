import ssh2 from 'ssh2';
import { catalogue } from '../../../domain/commands/catalogue';
import { connectSite } from '../../../domain/commands/site-connection';
import { ConnectError } from '../../../local/simulated-site';
import { worldWith } from '../../world';
import { goldenSite, SECRETS } from './client';
import { connectTo, connectToBastion, execOn, forward, type SshLab, startSshLab, until } from './ssh-client';

let lab: SshLab;
beforeEach(async () => {
  lab = await startSshLab();
});
afterEach(() => lab.close());

describe('bastion', () => {
  test('listens on loopback and forwards to a controller, which shows its own host key', async () => {
    const shown: string[] = [];
    const { front } = lab;

    const client = await connectTo(front, 'node-2', {
      hostVerifier: (key: Buffer) => shown.push(`ssh-ed25519 ${key.toString('base64')}`) > 0,
    });
    const result = await execOn(client, 'LC_ALL=C timeout -k 2 10 cat /etc/hostname');
    client.end();

    expect(front.document.bastion.host).toBe('127.0.0.1');
    expect(shown).toEqual([front.document.controllers[1]?.hostKey]);
    expect(result).toEqual({ exit: 0, stdout: 'node-2\n', stderr: '' });
  });

  test('has no shell', async () => {
    const bastion = await connectToBastion(lab.front);

    await expect(execOn(bastion, 'true')).rejects.toThrow('Unable to exec');

    bastion.end();
  });

  test.each([
    ['another key', { privateKey: ssh2.utils.generateKeyPairSync('ed25519').private }],
    ['another user', { username: 'somebody' }],
    ['a password', { privateKey: undefined as never, password: 'x' }],
  ])('refuses %s', async (_what, config) => {
    await expect(connectToBastion(lab.front, config)).rejects.toThrow('All configured authentication methods failed');
  });

  test('says why a forward fails as OpenSSH does', async () => {
    const bastion = await connectToBastion(lab.front);

    await expect(forward(bastion, '10.21.22.6', 443)).rejects.toMatchObject({
      message: '(SSH) Channel open failure: Connection refused',
      reason: 2,
    });
    await expect(forward(bastion, '10.21.22.6', 9511)).rejects.toThrow('Connection timed out');
    await expect(forward(bastion, '10.21.22.99', 22)).rejects.toThrow('No route to host');

    bastion.end();
  });
});

describe('controllers', () => {
  test.each(['fuel-9', 'fuel-10', 'centos-7', 'rocky-9', 'ubuntu-24', 'debian-11', 'debian-13'] as const)(
    "of %s are reached by the product's own SSH, with the algorithms that they have",
    async (generation) => {
      await lab.close();
      lab = await startSshLab({ generation });
      const { document, privateKey } = lab.front;
      const connection = await connectSite(worldWith({ [document.ssh.privateKey.ssm]: privateKey }), document, {});

      const { stdout } = await connection.node('node-1').run(catalogue(document).date);
      connection.close();

      expect(stdout).toMatch(/^\d+\n$/);
    },
  );

  test('are reached from the bastion and from each other only', async () => {
    const { network, bastion } = lab.site;

    await expect(network.connect(bastion.address, '10.21.22.6', 22)).resolves.toBeDefined();
    await expect(network.connect('10.21.22.5', '10.21.22.6', 22)).resolves.toBeDefined();
    await expect(network.connect('198.51.100.7', '10.21.22.6', 22)).rejects.toEqual(new ConnectError('EHOSTUNREACH'));
    expect(lab.site.record.connections.map(({ from, result }) => [from, result])).toEqual([
      [bastion.address, 'connected'],
      ['10.21.22.5', 'connected'],
      ['198.51.100.7', 'EHOSTUNREACH'],
    ]);
  });

  test('refuse the user of the bastion if theirs is another', async () => {
    await expect(connectTo(lab.front, 'node-1', { username: 'magnum-ha' })).rejects.toThrow(
      'authentication methods failed',
    );
  });

  test('forward TCP as themselves', async () => {
    const client = await connectTo(lab.front, 'node-2');

    (await forward(client, '10.21.22.2', 5000)).destroy();
    client.end();

    expect(lab.site.record.connections.at(-1)).toMatchObject({ from: '10.21.22.5', address: '10.21.22.2', port: 5000 });
  });

  test('record every line, its standard input and its end', async () => {
    await lab.exec('node-1', 'dd of=/tmp-file conv=fsync status=none', 'text');
    await lab.exec('node-1', 'cat /none');

    expect(lab.site.record.commands).toMatchObject([
      {
        host: 'node-1',
        user: 'root',
        command: 'dd of=/tmp-file conv=fsync status=none',
        stdin: 'text',
        exitCode: 0,
        changed: true,
      },
      { argv: ['cat', '/none'], exitCode: 1, changed: false },
    ]);
  });
});

test('several sites run side by side, and a closed one is gone', async () => {
  const secrets = Object.fromEntries(
    Object.entries(SECRETS).map(([name, secret]) => [name.replace('/golden/', '/other/'), secret]),
  );
  const other = await startSshLab({ document: goldenSite({ name: 'other' }), secrets });

  const [one, two] = await Promise.all([lab.exec('node-1', 'date +%s'), other.exec('node-1', 'date +%s')]);
  await other.close();

  expect([one.exit, two.exit]).toEqual([0, 0]);
  await expect(connectToBastion(other.front)).rejects.toThrow('ECONNREFUSED');
});

describe('faults of connections', () => {
  test('the bastion goes down and comes back on its port', async () => {
    const { site, front } = lab;
    const client = await connectToBastion(front);
    let closed = false;
    client.on('close', () => (closed = true));

    await site.faults.bastionDown();
    await until(() => closed);
    await expect(connectToBastion(front)).rejects.toThrow('ECONNREFUSED');
    await site.faults.bastionUp();

    (await connectToBastion(front)).end();
  });

  test('connections drop at the nth command, which then has no effect', async () => {
    lab.site.faults.dropConnectionsAtCommand(2);

    await lab.exec('node-1', 'date +%s');
    await expect(lab.exec('node-1', 'touch /x')).rejects.toThrow('Unable to exec');
    const next = await lab.exec('node-1', 'cat /x');

    expect(next.stderr).toBe('cat: /x: No such file or directory\n');
  });

  test('a command hook disconnects after the effect', async () => {
    const remove = lab.site.faults.onCommand((host, argv) =>
      host === 'node-1' && argv[0] === 'touch' ? { disconnect: 'after' } : undefined,
    );

    const lost = await lab.exec('node-1', 'touch /x');
    remove();
    const next = await lab.exec('node-1', 'cat /x');

    expect(lost.exit).toBeUndefined();
    expect(next.exit).toBe(0);
  });

  test('an unreachable controller falls silent, and goes on when it is back', async () => {
    const client = await connectTo(lab.front, 'node-1');
    lab.site.faults.unreachable('node-1');
    let answered = false;

    const answer = execOn(client, 'date +%s').then((result) => {
      answered = true;
      return result;
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    const before = answered;
    await expect(connectTo(lab.front, 'node-1')).rejects.toThrow('No route to host');
    lab.site.faults.unreachable('node-1', false);

    expect(before).toBe(false);
    expect((await answer).exit).toBe(0);
    client.end();
  });

  test('a rotated host key is shown from the next connection on', async () => {
    const keys: string[] = [];
    const hostVerifier = (key: Buffer): boolean => keys.push(key.toString('base64')) > 0;
    lab.site.faults.rotateHostKey('bastion');
    lab.site.faults.rotateHostKey('node-1');

    (await connectToBastion(lab.front, { hostVerifier })).end();
    (await connectTo(lab.front, 'node-1', { hostVerifier })).end();

    const { bastion, controllers } = lab.front.document;
    expect(keys).toHaveLength(2);
    expect([bastion.hostKey, controllers[0].hostKey]).not.toContain(`ssh-ed25519 ${keys[0] ?? ''}`);
    expect(controllers[0].hostKey).not.toBe(`ssh-ed25519 ${keys[1] ?? ''}`);
  });
});
