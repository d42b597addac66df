import { withInput, type Command } from '../../../domain/ssh/command';
import { SshConnectionLost } from '../../../domain/ssh/errors';
import { virtualClock } from '../../../local/virtual-clock';
import { fakeConnection, type FakeHosts, type FakeWorldOptions, type Reply, silence } from '../fakes';
import { site } from '../sites';

const golden = site('golden');
const withSudo = site('golden', ({ ssh }) => Object.assign(ssh, { user: 'deploy', sudo: true }));

const cat: Command = { argv: ['cat', '/etc/my file'], root: true, timeoutSeconds: 20 };

/** A controller on which every command comes to this. */
const nodeWith = (reply: Reply, document = golden, options: FakeWorldOptions = {}) =>
  fakeConnection(document, { answer: () => reply }, options);

test('it is bound to its site: its name, its commands, and how messages call it', async () => {
  const { connection } = await fakeConnection(golden);

  const [, second] = connection.nodes;

  expect(second).toMatchObject({ name: 'node-2', where: 'node-2 of site golden', site: golden });
  expect(second?.controller).toBe(golden.controllers[1]);
  expect(second?.commands.enableHaproxy.argv).toEqual(['pcs', 'resource', 'enable', 'p_haproxy']);
});

describe('a command', () => {
  test.each([
    ['as it is', golden, cat, ''],
    ['through sudo if the site says so', withSudo, cat, 'sudo -n '],
    ['not through sudo if it needs no root', withSudo, { ...cat, root: false }, ''],
  ])('arrives in the C locale with a time limit: %s', async (_, document, command, sudo) => {
    const { node, lines } = await nodeWith('', document);

    await node.run(command);

    expect(lines).toEqual([`LC_ALL=C ${sudo}timeout -k 2 20 cat '/etc/my file'`]);
  });

  test('is given what it reads on standard input, and nowhere else', async () => {
    const { node, lines, inputs, logged } = await nodeWith('');

    await node.run(withInput(cat, 'password = s3cret\n'));

    expect(inputs).toEqual(['password = s3cret\n']);
    expect(JSON.stringify([lines, logged])).not.toContain('s3cret');
  });

  test('is logged with what it came to, and how long it took', async () => {
    const clock = virtualClock();
    const { node, logged } = await fakeConnection(
      golden,
      { answer: () => clock.sleep(1234).then(() => ({ exitCode: 3 })) },
      { clock },
    );

    await clock.drive(node.attempt(cat));

    expect(logged).toEqual([
      {
        site: 'golden',
        controller: 'node-1',
        command: "LC_ALL=C timeout -k 2 20 cat '/etc/my file'",
        exitCode: 3,
        milliseconds: 1234,
      },
    ]);
  });
});

describe('an exit code', () => {
  const outcome = { exitCode: 1, stdout: 'said', stderr: 'cat: /etc/my file: Permission denied' };

  test('is an answer to who attempts', async () => {
    const { node } = await nodeWith(outcome);

    await expect(node.attempt(cat)).resolves.toEqual(outcome);
  });

  test('but 0 is a failure to who runs: what, where, and what it says', async () => {
    const { node } = await nodeWith(outcome);

    await expect(node.run(cat)).rejects.toMatchObject({
      name: 'CommandFailed',
      message:
        '`cat /etc/my file` on node-1 of site golden failed with exit code 1: Permission denied. Run it there by hand to see what it says.',
    });
  });

  test('0 is success to both', async () => {
    const { node } = await nodeWith('said');

    const outcomes = [await node.run(cat), await node.attempt(cat)];

    expect(outcomes).toEqual([
      { exitCode: 0, stdout: 'said', stderr: '' },
      { exitCode: 0, stdout: 'said', stderr: '' },
    ]);
  });

  test.each([
    ['says nothing', { exitCode: 7 }, / failed with exit code 7\. Run it there by hand/],
    ['quotes a file', { exitCode: 1, stderr: 'password = s3cret' }, /code 1\. Run it/],
    [
      'quotes a file and says why',
      { exitCode: 1, stderr: 's3cret: No space left on device' },
      /code 1: No space left on/,
    ],
    ['says very much', { exitCode: 1, stderr: 's3cret '.repeat(500_000) }, /code 1\. Run it/],
  ])('of a command that %s: nothing is passed on but a reason that is known', async (_, reply, message) => {
    const { node } = await nodeWith(reply);

    const failed = node.run(cat);

    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.not.toThrow('s3cret');
  });

  test('is put into words by whoever takes it for a failure', async () => {
    const { node } = await nodeWith('');

    const failure = node.failure(cat, { exitCode: 2, stdout: '', stderr: 'cat: x: Is a directory\n' });

    expect(failure).toMatchObject({
      name: 'CommandFailed',
      message:
        '`cat /etc/my file` on node-1 of site golden failed with exit code 2: Is a directory. Run it there by hand to see what it says.',
    });
  });
});

describe('sudo', () => {
  // As sudo 1.8 to 1.9 words them: plugins/sudoers/logging.c, sudoers.c and auth/pam.c, src/tgetpass.c.
  const refusals = [
    'sudo: a password is required',
    'sudo: a terminal is required to read the password; either use the -S option to read from standard input or configure an askpass helper',
    'sudo: no tty present and no askpass program specified',
    'sudo: sorry, you must have a tty to run sudo',
    'sudo: account validation failure, is your account locked?',
    'sudo: Account or password is expired, reset your password and try again',
    'sudo: no valid sudoers sources found, quitting',
    'sudo: timeout: command not found',
    'deploy is not in the sudoers file.  This incident will be reported.',
    'deploy is not allowed to run sudo on node-1.  This incident will be reported.',
    'Sorry, user deploy may not run sudo on node-1.',
    "Sorry, user deploy is not allowed to execute '/usr/bin/timeout -k 2 20 cat /etc/my file' as root on node-1.",
  ];

  test.each(refusals)('that says %j has not run the command: its exit code is no answer', async (said) => {
    const { node } = await nodeWith(
      { exitCode: 1, stderr: `sudo: unable to resolve host node-1\n${said}\n` },
      withSudo,
    );

    await expect(node.attempt(cat)).rejects.toMatchObject({
      name: 'SudoRefused',
      message: expect.stringMatching(
        /^sudo refuses `cat \/etc\/my file` on node-1 of site golden to user deploy\..*sudo -n -l/,
      ) as string,
    });
  });

  test.each<[string, Reply, typeof golden, Command]>([
    ['it only warns', { exitCode: 1, stderr: 'sudo: unable to resolve host node-1\n' }, withSudo, cat],
    ['the command ran', { exitCode: 2, stderr: refusals[0] ?? '' }, withSudo, cat],
    ['the command went well', { exitCode: 0, stderr: refusals[0] ?? '' }, withSudo, cat],
    ['the command needs no root', { exitCode: 1, stderr: refusals[0] ?? '' }, withSudo, { ...cat, root: false }],
    ['the site uses none', { exitCode: 1, stderr: refusals[0] ?? '' }, golden, cat],
  ])('has not refused if %s', async (_, reply, document, command) => {
    const { node } = await nodeWith(reply, document);

    await expect(node.attempt(command)).resolves.toMatchObject(reply as object);
  });
});

test('a command that is killed when its time is over says so, to who attempts and to who runs', async () => {
  const clock = virtualClock();
  const began = clock.now();
  const killed: FakeHosts['answer'] = (_, { timeoutSeconds }) =>
    clock.sleep(timeoutSeconds * 1000).then(() => ({ exitCode: 124 }));
  const { node } = await fakeConnection(golden, { answer: killed }, { clock });

  const results = await clock.drive(Promise.allSettled([node.attempt(cat), node.run(cat)]));

  const message =
    '`cat /etc/my file` on node-1 of site golden did not end within 20 s and was killed. Run it there by hand to see what ' +
    'it waits for.';
  const reason = { name: 'CommandTimeout', message };
  expect(results).toMatchObject([{ reason }, { reason }]);
  expect(clock.now() - began).toBe(20_000);
});

describe('a way that is lost', () => {
  test('while a command runs: the error is that of the way, and the log says that nothing is known', async () => {
    const { node, logged } = await fakeConnection(golden, {
      answer: () => Promise.reject(new SshConnectionLost('The connection was lost.')),
    });

    const lost = node.attempt(cat);

    await expect(lost).rejects.toMatchObject({ name: 'SshConnectionLost' });
    expect(logged).toMatchObject([{ controller: 'node-1', exitCode: null }]);
  });

  test('to a controller that is not there: whatever is asked of it', async () => {
    const { node } = await fakeConnection(golden, { unreachable: ['node-1'] });

    const asked = await Promise.allSettled([node.ready(), node.run(cat), node.attempt(cat), node.tunnel('h', 1)]);

    expect(asked).toMatchObject(Array.from({ length: 4 }, () => ({ reason: { name: 'ControllerUnreachable' } })));
  });

  test('is asked for anew each time: a connection that broke does not bind a node for ever', async () => {
    const unreachable = ['node-1'];
    const { node } = await fakeConnection(golden, { unreachable });
    await expect(node.ready()).rejects.toMatchObject({ name: 'ControllerUnreachable' });

    unreachable.pop();

    await expect(node.ready()).resolves.toBeUndefined();
  });
});

test('a TCP connection begins at the controller', async () => {
  const { connection, dialled } = await fakeConnection(golden, {
    accept: (_, port) => (port === 80 ? silence() : undefined),
  });
  const [, second] = connection.nodes;

  await second?.tunnel('10.21.22.2', 80);
  const refused = second?.tunnel('10.21.22.2', 81);

  await expect(refused).rejects.toThrow('ECONNREFUSED 10.21.22.2:81');
  expect(dialled).toEqual(['node-2: 10.21.22.2:80', 'node-2: 10.21.22.2:81']);
});
