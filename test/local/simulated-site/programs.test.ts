import { PROCESSES } from '../../../domain/commands/detection';
import { createHash } from 'node:crypto';
import { type Command, withInput } from '../../../domain/ssh/command';
import { ROOT } from '../../../local/simulated-site/filesystem';
import { filesOf, goldenSite, lab, labForEach, restartLab } from './client';

labForEach();

const root = (...argv: string[]): Command => ({ argv, root: true, timeoutSeconds: 20 });
const ID = '0123456789abcdef';
const own = () => lab.commands.execution(ID);
const exits = async (commands: readonly Command[]) => {
  const found = [];
  for (const command of commands) found.push((await lab.run('node-1', command)).exit);
  return found;
};

describe('files', () => {
  const conf = '/etc/magnum/magnum.conf';

  test('stage, compare, keep and install as the workflow does', async () => {
    const { staged, before } = own().files.magnumConf;
    const content = "[api]\nhost = 10.21.22.6 # it's\n";
    const original = filesOf().files.get(conf)?.content;

    const codes = await exits([
      ...[own().discard, own().make, withInput(staged.fill, content), staged.own, staged.mode],
      ...[before.fill, before.own, before.mode],
    ]);
    const late = await lab.run('node-1', withInput(staged.fill, 'late'));
    const digest = await lab.run('node-1', staged.digest);
    await lab.run('node-1', staged.install);

    expect(codes).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(late.stderr).toBe(`dd: failed to open '${staged.path}': File exists\n`);
    expect(digest.stdout).toBe(`${createHash('sha256').update(content).digest('hex')}  ${staged.path}\n`);
    expect(filesOf().files.get(conf)).toMatchObject({ content, mode: 0o640, owner: 'root', group: 'magnum' });
    expect(filesOf().files.get(before.path)).toMatchObject({ content: original, mode: 0o640, group: 'magnum' });
    expect(filesOf().exists(staged.path)).toBe(false);
    expect(filesOf().stat(`/etc/magnum-ha/${ID}/staged`, ROOT)).toMatchObject({ mode: 0o700, owner: 'root' });
    expect(lab.site.record.commands.map(({ changed }) => changed)).toEqual([
      ...[false, true, true, true, true, true, true, true],
      ...[false, false, true],
    ]);
  });

  test('mend owner and mode, and leave the time', async () => {
    const { staged } = own().files.magnumConf;
    filesOf().seed(conf, '[api]\n', 0o644, 'root', 'root');
    await exits([own().make, withInput(staged.fill, '[api]\n'), staged.own, staged.mode]);

    const codes = await exits([own().groupMagnumConf, staged.close, staged.openToGroup, staged.sameTime]);
    const access = await lab.run('node-1', staged.access);

    expect(codes).toEqual([0, 0, 0, 0]);
    expect(access.stdout).toBe('0:121 640\n');
    expect(filesOf().files.get(staged.path)?.modified).toBe(filesOf().files.get(conf)?.modified);
  });

  test('of what is kept, the latest comes first', async () => {
    const none = await lab.run('node-1', lab.commands.kept);
    await exits([own().make]);
    await lab.drive(lab.clock.sleep(2000));
    await exits([lab.commands.execution('f'.repeat(16)).make]);

    const { stdout } = await lab.run('node-1', lab.commands.kept);

    expect(none).toMatchObject({ exit: 2, stderr: "ls: cannot access '/etc/magnum-ha': No such file or directory\n" });
    expect(stdout).toBe(`${'f'.repeat(16)}\n${ID}\n`);
  });

  test('a modification time goes with its content', async () => {
    const modified = (path: string) => root('stat', '-c', '%Y', path);
    const seconds = Math.floor(lab.clock.now() / 1000);
    await lab.exec('node-1', `cp -a ${conf} /kept`);
    await lab.exec('node-1', 'touch /new');

    const [before, kept, now] = [
      await lab.run('node-1', modified(conf)),
      await lab.run('node-1', modified('/kept')),
      await lab.run('node-1', modified('/new')),
    ];

    expect(kept.stdout).toBe(before.stdout);
    expect(Number(before.stdout)).toBeLessThan(seconds - 3600);
    expect(Number(now.stdout)).toBeGreaterThanOrEqual(seconds);
  });

  test.each([
    ['dd of=/no/x conv=fsync status=none', "dd: failed to open '/no/x': No such file or directory"],
    ['dd of=/etc conv=fsync status=none', "dd: failed to open '/etc': Is a directory"],
    ['dd off=1', "dd: unrecognized operand 'off=1'\nTry 'dd --help' for more information."],
    ['chown --reference=/no /etc/hostname', "chown: failed to get attributes of '/no': No such file or directory"],
    ['chown --reference=/etc/hostname /no', "chown: cannot access '/no': No such file or directory"],
    ['chmod --reference=/no /etc/hostname', "chmod: failed to get attributes of '/no': No such file or directory"],
    ['cp -a /no /x', "cp: cannot stat '/no': No such file or directory"],
    ['cp -a /etc/hostname /no/x', "cp: cannot create regular file '/no/x': No such file or directory"],
    ['cp -a /etc/hostname /etc/magnum /no', "cp: target '/no': No such file or directory"],
    [
      'cp -a /etc/hostname',
      "cp: missing destination file operand after '/etc/hostname'\nTry 'cp --help' for more information.",
    ],
    ['mv -fT /no /x', "mv: cannot stat '/no': No such file or directory"],
    ['mv -fT /etc/hostname /etc/magnum', "mv: cannot overwrite directory '/etc/magnum' with non-directory"],
    ['mv -fT /etc/hostname /no/x', "mv: cannot move '/etc/hostname' to '/no/x': No such file or directory"],
    ['mkdir -m 0700 /etc', "mkdir: cannot create directory '/etc': File exists"],
    ['mkdir -m 0700 /no/x', "mkdir: cannot create directory '/no/x': No such file or directory"],
    ['rm -f /etc/magnum', "rm: cannot remove '/etc/magnum': Is a directory"],
    [
      'rm -rf /',
      "rm: it is dangerous to operate recursively on '/'\nrm: use --no-preserve-root to override this failsafe",
    ],
    ['sha256sum /no', 'sha256sum: /no: No such file or directory'],
    ['stat -c %Y /no', "stat: cannot statx '/no': No such file or directory"],
  ])('%s', async (line, stderr) => {
    expect(await lab.exec('node-1', line)).toEqual({ exit: 1, stdout: '', stderr: `${stderr}\n` });
  });

  test('a read-only /etc keeps what it has', async () => {
    lab.site.faults.readOnly('node-1');

    for (const line of [
      `dd of=${conf}`,
      `touch ${conf}.new`,
      `cp -a ${conf} ${conf}.new`,
      `mv -fT ${conf} ${conf}.new`,
      `rm -rf ${conf}`,
    ]) {
      expect((await lab.exec('node-1', line)).stderr).toContain('Read-only file system');
    }
    expect(lab.site.record.commands.some(({ changed }) => changed)).toBe(false);
  });
});

describe('iptables', () => {
  const printed =
    '-A INPUT -s 10.21.22.0/24 -p tcp -m multiport --dports 9511 -m comment --comment "117 magnum-api from 10.21.22.0/24" -j ACCEPT';
  const rules = async (host = 'node-1'): Promise<string[]> =>
    (await lab.run(host, lab.commands.rules)).stdout.split('\n').filter((line) => /^-[PA] INPUT /.test(line));

  test('starts from the persistent rules; rule 116 is on some controllers only', async () => {
    const [one, two] = [await rules('node-1'), await rules('node-2')];

    expect(one[0]).toBe('-P INPUT DROP');
    expect(one.at(-1)).toBe('-A INPUT -m comment --comment "999 drop all other requests" -j DROP');
    expect(one.filter((line) => line.includes('116 openvswitch'))).toHaveLength(0);
    expect(two.filter((line) => line.includes('116 openvswitch'))).toHaveLength(1);
  });

  test('inserts and deletes by number', async () => {
    const before = await rules();

    await lab.run('node-1', lab.commands.insertRule(3));
    const inserted = await rules();
    await lab.run('node-1', lab.commands.deleteRule(3));

    expect(inserted[3]).toBe(printed);
    expect(await rules()).toEqual(before);
    expect((await lab.run('node-1', lab.commands.insertRule(99))).stderr).toBe(
      'iptables: Index of insertion too big.\n',
    );
    expect((await lab.run('node-1', lab.commands.deleteRule(99))).stderr).toBe(
      'iptables: Index of deletion too big.\n',
    );
  });

  test.each([
    ['-I INPUT 0 -j ACCEPT', "Invalid rule number `0'"],
    ['-I INPUT 1 -p tcp --dprot 80 -j ACCEPT', 'unknown option "--dprot"'],
    ['-I INPUT 1 -s 10.21.22.777 -j ACCEPT', "host/network `10.21.22.777' not found"],
  ])('refuses %s', async (words, message) => {
    expect(await lab.exec('node-1', `iptables -w ${words}`)).toEqual({
      exit: 2,
      stdout: '',
      stderr: `iptables v1.8.9 (nf_tables): ${message}\nTry \`iptables -h' or 'iptables --help' for more information.\n`,
    });
  });

  test('a rule lets a connection through only ahead of the last DROP', async () => {
    const { network } = lab.site;
    network.listen('node-1', '10.21.22.6', 9511, () => undefined);
    const reach = (): Promise<string> =>
      lab.drive(network.connect('10.21.22.5', '10.21.22.6', 9511).then(() => 'connected', String));

    const none = await reach();
    await lab.run('node-1', lab.commands.insertRule((await rules()).length));
    const behind = await reach();
    await lab.run('node-1', lab.commands.insertRule(3));

    expect([none, behind, await reach()]).toEqual([
      'ConnectError: Connection timed out',
      'ConnectError: Connection timed out',
      'connected',
    ]);
  });

  test.each([
    ['', 0, ''],
    [`*filter\n:INPUT DROP [0:0]\n${printed}\nCOMMIT\n`, 0, ''],
    [`*filter\n${printed}\n`, 1, 'iptables-restore: COMMIT expected at line 3\n'],
    [`${printed}\n`, 1, 'iptables-restore: line 1 failed\n'],
    [
      '*filter\ngarbage\nCOMMIT\n',
      2,
      "Bad argument `garbage'\nError occurred at line: 2\nTry `iptables-restore -h' or 'iptables-restore --help' for more information.\n",
    ],
    [
      '*filter\n-A INPUT -p tcp --dprots 3 -j ACCEPT\nCOMMIT\n',
      2,
      "iptables-restore v1.8.9 (nf_tables): unknown option \"--dprots\"\nError occurred at line: 2\nTry `iptables-restore -h' or 'iptables-restore --help' for more information.\n",
    ],
  ])('iptables-restore --test of %j', async (content, exit, stderr) => {
    expect(await lab.run('node-1', withInput(lab.commands.validateRules, content))).toEqual({
      exit,
      stdout: '',
      stderr,
    });
  });

  test("a controller's rules file passes its own test", async () => {
    const content = filesOf().files.get('/etc/iptables/rules.v4')?.content ?? '';

    expect((await lab.run('node-1', withInput(lab.commands.validateRules, content))).exit).toBe(0);
  });
});

describe('haproxy -c', () => {
  const fragment = '/etc/haproxy/conf.d/180-magnum.cfg';
  const good = [
    'listen magnum-api',
    ' bind 10.21.22.2:9511',
    ' http-request  set-header X-Forwarded-Proto https if { ssl_fc }',
    ' option  httpchk',
    ' option  httplog',
    ' option  httpclose',
    ' option  http-buffer-request',
    ' timeout  server 600s',
    ' timeout  http-request 10s',
    ' server node-1 10.21.22.6:9511  check inter 10s fastinter 2s downinter 3s rise 3 fall 3',
    '',
  ];
  const check = async (content: string): Promise<{ exit: number | undefined; stdout: string; alerts: string[] }> => {
    filesOf().seed(fragment, content);
    const { exit, stdout, stderr } = await lab.run('node-1', lab.commands.validateHaproxy);
    const alerts = stderr.split('\n').flatMap((line) => /^\[ALERT\] +\(\d+\) : config : (.*)$/.exec(line)?.[1] ?? []);
    return { exit, stdout, alerts };
  };

  test('accepts the fragment', async () => {
    expect(await check(good.join('\n'))).toEqual({ exit: 0, stdout: 'Configuration file is valid\n', alerts: [] });
  });

  // What HAProxy 2.6.12 printed for the same files.
  test.each([
    [
      'a wrapped server line',
      [
        ...good.slice(0, 9),
        ' server node-1 10.21.22.6:9511  check inter 10s fastinter 2s',
        '      downinter 3s rise 3 fall 3',
        '',
      ],
      [`parsing [${fragment}:11] : unknown keyword 'downinter' in 'listen' section`],
    ],
    [
      'an unknown option',
      [...good.slice(0, 10), ' option nonsense', ''],
      [`parsing [${fragment}:11] : unknown option 'nonsense'.`],
    ],
    [
      'no port',
      [...good.slice(0, 10), ' bind 10.21.22.2', ''],
      [`parsing [${fragment}:11] : 'bind' : missing port specification in '10.21.22.2'`],
    ],
    [
      'a bad port',
      [...good.slice(0, 10), ' bind 10.21.22.2:99999', ''],
      [`parsing [${fragment}:11] : 'bind' : invalid port '99999'`],
    ],
    [
      'half a server',
      [...good.slice(0, 10), ' server node-2', ''],
      [`[${fragment}:11] : 'server' expects <name> and <addr>[:<port>] as arguments.`],
    ],
    [
      'no last line feed',
      good.slice(0, 2),
      [`parsing [${fragment}:2]: Missing LF on last line, file might have been truncated at position 22.`],
    ],
    [
      'a name twice',
      [...good.slice(0, 10), 'listen keystone-1', ' bind 10.21.22.2:1', ''],
      [
        `Parsing [${fragment}:11]: proxy 'keystone-1' has the same name as proxy 'keystone-1' declared at /etc/haproxy/conf.d/020-keystone-1.cfg:2.`,
      ],
    ],
  ])('refuses %s', async (_what, lines, alerts) => {
    expect(await check(lines.join('\n'))).toEqual({
      exit: 1,
      stdout: '',
      alerts: [...alerts, `Error(s) found in configuration file : ${fragment}`, 'Fatal errors found in configuration.'],
    });
  });

  test('reads a staged copy, and no file that is not named .cfg', async () => {
    const { commands: c } = lab;
    filesOf().seed(`${fragment}.old`, 'nonsense\n');
    const { staged } = own().files.fragment;
    await exits([own().make, own().makeTree, own().copyTree, staged.clear]);

    await lab.run('node-1', withInput(staged.fill, 'listen x\n bogus\n'));

    expect((await lab.run('node-1', c.validateHaproxy)).exit).toBe(0);
    expect((await lab.run('node-1', own().validateTree)).stderr).toContain(
      "parsing [/etc/magnum-ha/0123456789abcdef/staged/haproxy/conf.d/180-magnum.cfg:2] : unknown keyword 'bogus' in 'listen' section",
    );
  });

  test('resolves include statements if they are what the host uses', async () => {
    await restartLab({ generation: 'fuel-10', document: goldenSite({ haproxy: { include: 'statement' } }) });

    const valid = await lab.run('node-1', lab.commands.validateHaproxy);
    filesOf().seed(fragment, 'listen x\n bogus\n');

    expect(valid.exit).toBe(0);
    expect((await lab.run('node-1', lab.commands.validateHaproxy)).stderr).toContain(
      "parsing [conf.d/180-magnum.cfg:2] : unknown keyword 'bogus' in 'listen' section",
    );
  });

  test('stock HAProxy knows no include statement', async () => {
    expect((await check('include conf.d/*.cfg\n')).alerts[0]).toBe(
      `parsing [${fragment}:1]: unknown keyword 'include' out of section.`,
    );
  });
});

describe('grep', () => {
  test('finds the listeners of the main file and of the fragments, and of no other file', async () => {
    filesOf().seed('/etc/haproxy/conf.d/010-stats.cfg.old', 'listen old\n bind :1\n');
    filesOf().seed(
      '/etc/haproxy/conf.d/010-stats.cfg',
      'listen stats\n\tbind :2 ssl crt /x\n stats auth a:secret\n#bind :3\n',
    );

    const { exit, stdout } = await lab.run('node-1', lab.commands.haproxySections);

    expect(exit).toBe(0);
    expect(stdout.split('\n').slice(0, 6)).toEqual([
      '/etc/haproxy/haproxy.cfg:defaults',
      '/etc/haproxy/haproxy.cfg:  mode  http',
      '/etc/haproxy/conf.d/010-stats.cfg:listen stats',
      '/etc/haproxy/conf.d/010-stats.cfg:\tbind :2 ssl crt /x',
      '/etc/haproxy/conf.d/020-keystone-1.cfg:listen keystone-1',
      '/etc/haproxy/conf.d/020-keystone-1.cfg:  bind 10.21.22.2:5000',
    ]);
    expect(stdout).not.toMatch(/old|secret|:3$/m);
  });

  test.each([
    ['nothing that matches', 'nothing /etc/hostname', 1, ''],
    ['no such file', 'node /etc/hostname /no', 2, 'grep: /no: No such file or directory\n'],
  ])('%s', async (_, words, exit, stderr) => {
    expect(await lab.exec('node-1', `grep -RHE ${words}`)).toMatchObject({ exit, stderr });
  });
});

describe('magnum-conductor --version', () => {
  const staged = `/etc/magnum-ha/${ID}/staged/magnum.conf`;
  const check = async (content: string) => {
    filesOf().seed(staged, content);
    return lab.run('node-1', own().validateMagnumConf);
  };

  test.each([
    ['[api]\nhost = 10.21.22.6\n', 0],
    ['# comment\n; comment\n[a]\nb = "c\n  d\n\n[e]\nf: g\n', 0],
  ])('accepts %j', async (content, exit) => {
    expect(await check(content)).toEqual({ exit, stdout: '5.0.1\n', stderr: '' });
  });

  test.each([
    ['[api]\nhost\n', `at ${staged}:2, No ':' or '=' found in assignment: 'host'`],
    ['[api]\n  host\n', `at ${staged}:2, Unexpected continuation line: '  host'`],
    ['[api\nhost = x\n', `at ${staged}:1, Invalid section (must end with ]): '[api'`],
    ['host = x\n', 'Section must be started before assignment: None'],
    ['[api]\n= x\n', `at ${staged}:2, Key cannot be empty: '= x'`],
  ])('refuses %j', async (content, message) => {
    const { exit, stderr } = await check(content);

    expect(exit).toBe(1);
    expect(stderr).toContain(`oslo_config.cfg.ConfigFileParseError: Failed to parse ${staged}: `);
    expect(stderr).toContain(message);
  });

  test('does not notice that the file is missing', async () => {
    expect((await lab.run('node-1', own().validateMagnumConf)).exit).toBe(0);
  });
});

describe('processes', () => {
  const list = async (): Promise<string[]> =>
    (await lab.run('node-1', lab.commands.processes)).stdout.trimEnd().split('\n');

  test('lists the daemons with their ages, and what looks at them', async () => {
    // Without its PID and its parent's.
    const lines = (await list()).map((line) => line.slice(16));

    expect(lines).toContain(
      '  106   106       0 Ss   /usr/sbin/haproxy -D -p /var/run/haproxy.pid -f /etc/haproxy/haproxy.cfg -f /etc/haproxy/conf.d',
    );
    expect(lines).toContain(`    0     0       0 S    timeout -k 2 4 ${PROCESSES.argv.join(' ')}`);
    expect(lines.filter((line) => line.includes('magnum-conductor'))).toHaveLength(3);
  });

  test('a stopped service is not running, and an unknown one is not recognized', async () => {
    await lab.exec('node-1', 'service magnum-api stop');

    expect((await list()).some((line) => line.includes('magnum-api'))).toBe(false);
    expect(await lab.exec('node-1', 'service magnum-api status')).toMatchObject({ exit: 3 });
    expect(await lab.exec('node-1', 'service magnum-conductor status')).toMatchObject({ exit: 0 });
    expect(await lab.exec('node-1', 'service nosuch restart')).toMatchObject({
      exit: 1,
      stderr: 'nosuch: unrecognized service\n',
    });
  });

  test.each([
    ['a file that cannot be parsed', '[api\n', 0o640, 'ConfigFileParseError'],
    ['a file that the user magnum may not read', '[api]\n', 0o600, 'ConfigFilesPermissionDeniedError'],
    ["another controller's address", '[api]\nhost = 10.21.22.5\n', 0o640, 'Cannot assign requested address'],
  ])('a restart returns 0 and the API dies of %s', async (_what, content, mode, reason) => {
    filesOf().seed('/etc/magnum/magnum.conf', content, mode, 'root', 'magnum');

    const restart = await lab.run('node-1', lab.commands.restartApi);
    const service = lab.site.controllers.get('node-1')?.services.get('magnum-api');
    await lab.until(() => service?.running === false);

    expect(restart).toMatchObject({ exit: 0, stdout: 'Stopping magnum-api:.\nStarting magnum-api:.\n' });
    expect(service?.diedOf).toContain(reason);
  });
});
