import { connect } from 'node:net';
import { type Node, nodeOf } from '../../../domain/commands/node';
import type { Site } from '../../../domain/site/document';
import { parseSite } from '../../../domain/site/parse';
import type { Command } from '../../../domain/ssh/command';
import { connectBySsh } from '../../../domain/ssh/transport';
import { realClock, type Transport } from '../../../domain/world';
import golden from '../../../sites/golden.json';
import { closeServers, keys, serverThat, type Sshd, startSshd, USER, whyNoSshd } from './sshd';

// What sshd refuses, allows half, or takes its time for: how it is told, by a real sshd of this machine.

const missing = whyNoSshd();
const describeWithSshd = missing === undefined ? describe : describe.skip;

const user = keys('ed25519');
const transports: Transport[] = [];
const sshds: Sshd[] = [];
afterEach(async () => {
  for (const transport of transports.splice(0)) transport.close();
  closeServers();
  await Promise.all(sshds.splice(0).map((sshd) => sshd.stop()));
});

/** An sshd with these further lines of configuration. */
async function sshdWith(lines: readonly string[] = [], hostKeys = keys('ed25519')): Promise<Sshd> {
  const sshd = await startSshd(user.public, hostKeys, 'ERROR', lines);
  sshds.push(sshd);
  return sshd;
}

type Place = Pick<Sshd, 'port' | 'hostKey'>;

/** Connects to a site of one controller as a task does. */
async function open(bastion: Place, controller: Place): Promise<Node> {
  const host = '127.0.0.1';
  const document = parseSite('golden', JSON.stringify(golden));
  const site: Site = {
    ...document,
    bastion: { host, user: USER, port: bastion.port, hostKey: bastion.hostKey },
    ssh: { ...document.ssh, user: USER, sudo: false },
    controllers: [{ name: 'node-1', address: host, port: controller.port, hostKey: controller.hostKey }],
  };
  const transport = await connectBySsh(realClock, { site, privateKey: user.private, expected: site.controllers });
  transports.push(transport);
  return nodeOf({
    site,
    controller: site.controllers[0],
    link: () => transport.controller(site.controllers[0]),
    world: { clock: realClock, log: () => undefined },
  });
}

function command(...argv: string[]): Command {
  return { argv, root: false, timeoutSeconds: 4 };
}

describeWithSshd('forwarding that is forbidden is told as that', () => {
  test.each([['AllowTcpForwarding no'], ['PermitOpen 127.0.0.1:1'], ['DisableForwarding yes']])(
    'on the bastion: %s',
    async (line) => {
      const node = await open(await sshdWith([line]), await sshdWith());

      await expect(node.ready()).rejects.toMatchObject({
        name: 'SshForwardingForbidden',
        message: expect.stringMatching(/^The bastion 127\.0\.0\.1:\d+ of site golden does not forward/) as string,
      });
    },
  );

  test('on a controller, which still runs commands', async () => {
    const node = await open(await sshdWith(), await sshdWith(['AllowTcpForwarding no']));

    await expect(node.tunnel('127.0.0.1', 5000)).rejects.toMatchObject({
      name: 'SshForwardingForbidden',
      message: expect.stringMatching(/^The controller node-1 .* \(to 127\.0\.0\.1:5000\)/) as string,
    });
    expect((await node.run(command('echo', 'hello'))).stdout).toBe('hello\n');
  });
});

describeWithSshd('a login that runs no command is quoted', () => {
  test.each([
    [
      'a cloud image',
      `echo 'Please login as the user "ubuntu" rather than the user "root".'; exit 142`,
      'user "ubuntu"',
    ],
    ['an account without a shell', '/usr/sbin/nologin', 'This account is currently not available.'],
    // session.c of OpenSSH, do_nologin and check_child_password.
    ['/etc/nologin', 'echo "System is going down." >&2; exit 254', 'with exit code 254 and printed "System is going'],
    [
      'an expired password',
      'echo "Password change required but no TTY available." >&2; exit 1',
      'Password change required',
    ],
    ['nothing but an end', 'exit 0', 'with exit code 0 and printed nothing'],
  ])('%s', async (_, forced, said) => {
    const node = await open(await sshdWith(), await sshdWith([`ForceCommand ${forced}`]));

    const ran = await Promise.allSettled([node.run(command('date')), node.run(command('uptime'))]);

    const refused = { name: 'SshShellRefused', message: expect.stringContaining(said) as string };
    expect(ran).toMatchObject([{ reason: refused }, { reason: refused }]);
  });
});

describeWithSshd('what else is not allowed', () => {
  test('a key that is taken, and is not enough', async () => {
    const lines = ['AuthenticationMethods publickey,password', 'PasswordAuthentication yes'];

    const opened = open(await sshdWith(lines), await sshdWith());

    await expect(opened).rejects.toMatchObject({
      name: 'SshAuthenticationFailed',
      message: expect.stringMatching(/takes the key of user \S+ and then asks for more: password\./) as string,
    });
  });

  test('a host key of a type that the host does not have: which it has', async () => {
    const sshd = await sshdWith([], keys('ecdsa'));

    const opened = open({ ...sshd, hostKey: user.public }, sshd);

    await expect(opened).rejects.toMatchObject({
      name: 'SshAlgorithmsDiffer',
      message: expect.stringMatching(
        /no common type of host key: the host offers ecdsa-sha2-nistp256\..* pins a host key of type ssh-ed25519/,
      ) as string,
    });
  });

  test('RSA with SHA-1 only, as before OpenSSH 7.2', async () => {
    const sshd = await sshdWith(['HostKeyAlgorithms ssh-rsa'], keys('rsa'));

    await expect(open(sshd, sshd)).rejects.toMatchObject({
      name: 'SshAlgorithmsDiffer',
      message: expect.stringMatching(/the host offers ssh-rsa\..*OpenSSH 7\.2 or later/) as string,
    });
  });

  test('a key exchange that the workflow does not know', async () => {
    const sshd = await sshdWith(['KexAlgorithms sntrup761x25519-sha512@openssh.com']);

    await expect(open(sshd, sshd)).rejects.toMatchObject({
      name: 'SshAlgorithmsDiffer',
      message: expect.stringContaining(
        'no common key exchange algorithm: the host offers sntrup761x25519-sha512@openssh.com',
      ) as string,
    });
  });

  test('an sshd that closes after its KEXINIT is told at once', async () => {
    const sshd = await sshdWith();
    const port = await serverThat((socket) => {
      const upstream = connect(sshd.port, '127.0.0.1');
      socket.pipe(upstream);
      upstream.on('error', () => undefined);
      let arrived = 0;
      upstream.on('data', (chunk: Buffer) => {
        arrived += chunk.length;
        if (arrived > 200) socket.end(chunk);
        else socket.write(chunk);
      });
    });
    const began = performance.now();

    const opened = open({ ...sshd, port }, sshd);

    await expect(opened).rejects.toMatchObject({ name: 'BastionUnreachable' });
    expect(performance.now() - began).toBeLessThan(5000);
  });
});

describeWithSshd('what is allowed in small measure is enough', () => {
  test('MaxSessions 1: commands wait for one another', async () => {
    const node = await open(await sshdWith(), await sshdWith(['MaxSessions 1']));
    const rounds = [];

    for (let round = 0; round < 5; round++) {
      rounds.push(
        await Promise.all(
          [1, 2, 3, 4].map(async (number) => {
            const { stdout } = await node.run({ ...command('cat'), stdin: `${number}` });
            return [stdout, (await node.run(command('echo', '-n', 'after'))).stdout];
          }),
        ),
      );
    }

    expect(rounds.flat()).toEqual(Array.from({ length: 20 }, (_, index) => [`${(index % 4) + 1}`, 'after']));
  }, 30_000);

  test('a login that takes nine seconds is no lost connection, for a command nor for a tunnel', async () => {
    const target = await serverThat((socket) => socket.end('hello'));
    const slow = [
      'AuthorizedKeysFile none',
      `AuthorizedKeysCommand /bin/sh -c "sleep 9; echo ${user.public}"`,
      `AuthorizedKeysCommandUser ${USER}`,
    ];
    const node = await open(await sshdWith(), await sshdWith(slow));

    const [date, tunnel] = await Promise.all([node.run(command('echo', 'hello')), node.tunnel('127.0.0.1', target)]);

    expect(date.stdout).toBe('hello\n');
    tunnel.destroy();
  }, 30_000);

  test('a command that prints far too much is refused by name, and the next one runs', async () => {
    const node = await open(await sshdWith(), await sshdWith());

    const [much, next] = await Promise.allSettled([
      node.run({ ...command('head', '-c', '40000000', '/dev/zero'), timeoutSeconds: 30 }),
      node.run(command('echo', 'next')),
    ]);

    expect(much).toMatchObject({
      reason: { name: 'OutputTooLong', message: expect.stringContaining('printed 39 MiB') as string },
    });
    expect(next).toMatchObject({ value: { stdout: 'next\n' } });
  }, 30_000);
});
