import { PROCESSES } from '../../../domain/commands/detection';
import type { Command } from '../../../domain/ssh/command';
import { commandLine } from '../../../domain/ssh/command-line';
import type { Link } from '../../../domain/world';
import { type CommandFault, GARBLED } from '../../../local/simulated-site';
import { filesOf, lab, labForEach } from './client';

labForEach();

const made = (path = '/x') => filesOf().exists(path);
const TOUCH = 'timeout -k 2 20 touch /x';
const DD = 'timeout -k 2 20 dd of=/x conv=fsync status=none';

/** Whatever this program is asked to do becomes of it. */
function fault(program: string, becomes: CommandFault): void {
  lab.site.faults.onCommand((_host, [name]) => (name === program ? becomes : undefined));
}

const date: Command = { argv: ['date', '+%s'], root: false, timeoutSeconds: 10 };

/** A way to the first controller that no command has used yet. */
async function linkTo(name = 'node-1'): Promise<Link> {
  const { document } = lab.site;
  const controller = document.controllers.find((one) => one.name === name);
  if (!controller) throw new Error(name);
  const connecting = lab.site.connect({ site: document, privateKey: 'any', expected: [] });
  return lab.drive(connecting.then((transport) => transport.controller(controller)));
}

/** How a command ended for whoever asked for it, and after how many milliseconds. */
async function asked(link: Link, command: Command): Promise<[how: string, milliseconds: number]> {
  const began = lab.clock.now();
  const outcome = link.execute(commandLine(command, false), command).then(
    ({ exitCode }) => `exit ${exitCode}`,
    (error: unknown) => {
      const { name, message } = error as Error;
      return message.includes('no answer in time') ? `${name}, too late` : name;
    },
  );
  return [await lab.drive(outcome), lab.clock.now() - began];
}

describe('a command', () => {
  test.each([
    ['fails instead of its effect', { exit: 3, stderr: 'no\n' }, { exit: 3, stderr: 'no\n' }, false],
    ['fails after its effect', { exit: 3, when: 'after' as const }, { exit: 3, stderr: '' }, true],
    ['does nothing and reports success', { exit: 0 }, { exit: 0, stderr: '' }, false],
    ['hangs until timeout(1)', { hang: true as const }, { exit: 124, stderr: '' }, false],
    ['hangs when its work is done', { hang: true as const, when: 'after' as const }, { exit: 124, stderr: '' }, true],
    ['starts too late', { delay: 21_000 }, { exit: 124, stderr: '' }, false],
    ['starts late', { delay: 19_000 }, { exit: 0, stderr: '' }, true],
  ])('%s', async (_what, becomes, result, done) => {
    fault('touch', becomes);

    const found = await lab.exec('node-1', TOUCH);
    await lab.pass(60_000);

    expect(found).toEqual({ stdout: '', ...result });
    expect(made()).toBe(done);
    expect(lab.site.record.commands.map(({ changed }) => changed)).toEqual([done]);
  });

  test('that is killed on its way has no effect any more', async () => {
    const killed = await lab.exec('node-1', 'timeout -k 2 0.1 pcs resource disable p_haproxy');
    await lab.pass(60_000);

    expect(killed.exit).toBe(124);
    expect(lab.site.pacemaker.disabled).toBe(false);
    expect(lab.site.record.commands[0]).toMatchObject({ exitCode: 124, changed: false, endedAt: undefined });
  });

  test('that is killed leaves the processes', async () => {
    await lab.exec('node-1', 'timeout -k 2 0.1 pcs resource disable p_haproxy');

    expect((await lab.run('node-1', lab.commands.processes)).stdout).not.toContain('pcs');
  });

  test.each([
    ['dies of SIGKILL', 'TERM' as const, 'exit 137', 12_000],
    ['dies of nothing, and is given up', 'KILL' as const, 'SshConnectionLost, too late', 14_000],
  ])('that ignores SIGTERM %s', async (_how, survives, how, after) => {
    const link = await linkTo();
    fault('date', { hang: true, survives });

    expect(await asked(link, date)).toEqual([how, after]);
  });

  test('that ignores SIGTERM and ends by itself has timed out all the same', async () => {
    fault('date', { delay: 11_000, survives: 'TERM' });

    const { exit, stdout } = await lab.exec('node-1', 'timeout -k 2 10 date +%s');

    expect([exit, stdout]).toEqual([124, `${lab.clock.now() / 1000}\n`]);
  });

  test('has its effect when timeout(1) has long killed it', async () => {
    fault('touch', { lateEffect: 90_000 });

    const found = await lab.exec('node-1', TOUCH);
    await lab.pass(60_000);
    const before = made();
    await lab.pass(60_000);
    const { at, endedAt } = lab.site.record.commands[0] ?? {};

    expect(found.exit).toBe(124);
    expect([before, made()]).toEqual([false, true]);
    expect((endedAt ?? 0) - (at ?? 0)).toBe(90_000);
  });

  test('reports success long before its effect', async () => {
    fault('touch', { lateEffect: 5000, exit: 0 });

    const found = await lab.exec('node-1', TOUCH);
    const before = made();
    await lab.pass(6000);

    expect(found.exit).toBe(0);
    expect([before, made()]).toEqual([false, true]);
  });

  test('does its work, and its answer comes too late', async () => {
    const link = await linkTo();
    fault('touch', { answerDelay: 60_000 });

    const found = await asked(link, { argv: TOUCH.split(' ').slice(4), root: false, timeoutSeconds: 10 });

    expect(found).toEqual(['SshConnectionLost, too late', 14_000]);
    expect(made()).toBe(true);
  });

  test('answers late, but in time for the caller that waits', async () => {
    const link = await linkTo();
    fault('date', { answerDelay: 13_000 });

    expect(await asked(link, date)).toEqual(['exit 0', 13_000]);
  });
});

describe('its connection', () => {
  test.each([
    ['before it begins', 'before' as const, undefined],
    ['while it reads', 'during' as const, 'ha'],
    ['when it is done', 'after' as const, 'half'],
  ])('breaks %s', async (_when, disconnect, content) => {
    fault('dd', { disconnect });

    const { exit } = await lab.exec('node-1', DD, 'half');
    await lab.pass(1000);

    expect(exit).toBeUndefined();
    expect(filesOf().files.get('/x')?.content).toBe(content);
  });

  test('breaks while it works, which it goes on with, and nothing more is begun', async () => {
    fault('pcs', { disconnect: 'during' });

    const { exit } = await lab.exec('node-1', 'pcs resource disable p_haproxy; touch /x');
    const before = lab.site.pacemaker.disabled;
    await lab.pass(1000);

    expect([exit, before, lab.site.pacemaker.disabled, made()]).toEqual([undefined, false, true, false]);
  });

  test('breaks at the nth command, and so does the connection to the bastion', async () => {
    lab.site.faults.dropConnectionsAtCommand(2);
    const link = await linkTo();

    expect(await asked(link, date)).toEqual(['exit 0', 0]);
    expect(await asked(link, date)).toEqual(['SshConnectionLost', 0]);
    expect(await asked(await linkTo(), date)).toEqual(['exit 0', 0]);
  });

  test('is refused while the bastion is away', async () => {
    await lab.site.faults.bastionDown();
    await expect(linkTo()).rejects.toMatchObject({ name: 'BastionUnreachable' });

    await lab.site.faults.bastionUp();

    expect(await asked(await linkTo(), date)).toEqual(['exit 0', 0]);
  });
});

describe('a disk', () => {
  test('that is full takes no content, until there is room again', async () => {
    lab.site.faults.diskFull('node-1');
    const full = await lab.exec('node-1', DD, 'text');
    const kept = await lab.exec('node-1', 'cp -a /etc/hostname /etc/kept');
    lab.site.faults.diskFull('node-1', false);
    const roomy = await lab.exec('node-1', DD, 'text');

    expect(full).toEqual({ exit: 1, stdout: '', stderr: "dd: error writing '/x': No space left on device\n" });
    expect(kept.stderr).toContain('cp: error writing');
    expect([roomy.exit, filesOf().files.get('/x')?.content]).toEqual([0, 'text']);
  });

  test('that is nearly full takes a part', async () => {
    lab.site.faults.diskFull('node-1', true, 3);

    const { exit } = await lab.exec('node-1', DD, 'text');

    expect([exit, filesOf().files.get('/x')?.content]).toEqual([1, 'tex']);
  });

  test.each([
    ['and no one says so', {}, 0],
    ['and says so', { when: 'after' as const, exit: 1, stderr: 'dd: error writing: Input/output error\n' }, 1],
  ])('takes half of what it is given, %s', async (_how, more, exit) => {
    fault('dd', { halfInput: true, ...more });

    const found = await lab.exec('node-1', DD, 'whole');

    expect([found.exit, filesOf().files.get('/x')?.content]).toEqual([exit, 'wh']);
  });

  test('that is read-only keeps what it has', async () => {
    lab.site.faults.readOnly('node-1');

    const found = await lab.exec('node-1', 'touch /etc/x');

    expect(found.stderr).toContain('Read-only file system');
    expect(made('/etc/x')).toBe(false);
  });
});

describe('output', () => {
  const HOSTNAME = 'node-1\n';

  test.each([
    ['empty', ''],
    ['truncated', 'nod'],
    ['brokenUtf8', 'nod\ufffd(\ufffd\ufffd\ufffd\ufffde-1\n'],
  ] as const)('is %s', async (how, stdout) => {
    fault('cat', { stdout: GARBLED[how] });

    expect(await lab.exec('node-1', 'cat /etc/hostname')).toEqual({ exit: 0, stdout, stderr: '' });
  });

  test('is huge', async () => {
    fault('cat', { stdout: GARBLED.huge });

    const { stdout } = await lab.exec('node-1', 'cat /etc/hostname');

    expect(stdout.startsWith(HOSTNAME)).toBe(true);
    expect(stdout).toHaveLength(HOSTNAME.length + 4 * 1024 * 1024);
  });

  test('is no text', async () => {
    const bytes = GARBLED.binary();
    fault('cat', { stdout: GARBLED.binary });

    const { stdout } = await lab.exec('node-1', 'cat /etc/hostname');

    expect(new Set(bytes).size).toBe(256);
    expect(stdout).toBe(bytes.toString());
  });

  test('is a trap for readers of XML', async () => {
    fault('crm_mon', { stdout: GARBLED.xmlEntities });

    const { stdout } = await lab.run('node-1', lab.commands.clusterStatus);

    expect(stdout).toMatch(
      /^<!DOCTYPE x \[<!ENTITY e0 "x"><!ENTITY e1 "(&e0;){10}">.*<x>&e9;<\/x>\n<pacemaker-result/s,
    );
  });

  test('repeats what was read', async () => {
    fault('dd', { exit: 1, stderr: 'bad: ', echoStdinToStderr: true, echoStdinToStdout: true });

    expect(await lab.exec('node-1', DD, 'secret')).toEqual({ exit: 1, stdout: 'secret', stderr: 'bad: secret' });
  });

  test('tells what it should not, beside its work', async () => {
    fault('touch', { when: 'after', stderr: 'password=rabbit-secret\n' });

    expect(await lab.exec('node-1', TOUCH)).toEqual({ exit: 0, stdout: '', stderr: 'password=rabbit-secret\n' });
    expect(made()).toBe(true);
  });
});

describe('a controller', () => {
  test('that loses power ends what runs there', async () => {
    const link = await linkTo();
    const command: Command = { argv: ['pcs', 'resource', 'disable', 'p_haproxy'], root: true, timeoutSeconds: 20 };
    const running = Promise.allSettled([link.execute(commandLine(command, false), command)]);
    await lab.pass(100);
    lab.site.faults.powerOff('node-1');

    const [outcome] = await lab.drive(running);
    await lab.pass(60_000);

    expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'SshConnectionLost' } });
    expect(lab.site.pacemaker.disabled).toBe(false);
  });

  test('has a service that ignores its stop', async () => {
    lab.site.faults.serviceWillNotStop('node-1', 'magnum-api');
    const began = lab.clock.now();

    const { exit } = await lab.run('node-1', lab.commands.restartApi);

    expect([exit, lab.clock.now() - began]).toEqual([0, 30_100]);
  });

  test('has a clock of its own', async () => {
    await lab.pass(60_000);
    lab.site.faults.setClock('node-1', 3_600_000);
    await lab.exec('node-1', DD, 'text');
    const now = Math.floor(lab.clock.now() / 1000);

    const answers = [];
    for (const line of ['date +%s', 'stat -c %Y /x', PROCESSES.argv.join(' ')]) {
      answers.push((await lab.exec('node-1', line)).stdout);
    }

    expect(answers.slice(0, 2)).toEqual([`${now + 3600}\n`, `${now + 3600}\n`]);
    // The kernel counts ages from the boot.
    expect(answers[2]).toMatch(/^ +1 +0 +0 +0 +60 Ss +\/sbin\/init$/m);
    expect((await lab.exec('node-2', 'date +%s')).stdout).toBe(`${now}\n`);
  });
});
