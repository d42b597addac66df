import { goldenSite, lab, labForEach } from './client';

describe('as root', () => {
  labForEach();

  test.each([
    ["LC_ALL=C timeout -k 2 20 cat '/etc/hostname'", 0, 'node-1\n', ''],
    ["cat '/et'\\''c'", 1, '', "cat: /et'c: No such file or directory\n"],
    ["cat '", 2, '', "bash: -c: line 1: unexpected EOF while looking for matching `''\n"],
    ['nosuch x', 127, '', 'bash: line 1: nosuch: command not found\n'],
    ['timeout -k 2 20 nosuch', 127, '', "timeout: failed to run command 'nosuch': No such file or directory\n"],
    ['sudo -n nosuch', 1, '', 'sudo: nosuch: command not found\n'],
    ['cat /etc /none', 1, '', 'cat: /etc: Is a directory\ncat: /none: No such file or directory\n'],
    ['cat --bogus', 1, '', "cat: unrecognized option '--bogus'\nTry 'cat --help' for more information.\n"],
    ['date +%q', 1, '', "date: missing operand\nTry 'date --help' for more information.\n"],
  ])('%s', async (line, exit, stdout, stderr) => {
    expect(await lab.exec('node-1', line)).toEqual({ exit, stdout, stderr });
  });

  test.each([
    'cat /etc/hostname;; id',
    'cat /etc/host*',
    'cat $HOME',
    'cat $?',
    'echo $HOME',
    'echo x >file',
    'cat /etc/hostname >&2',
    'cat /etc/hostname && id',
    'cat <x',
    'cat /etc/hostname | id',
    'cat `id`',
    'a\nb',
  ])('what a shell would do with %j is a syntax error', async (line) => {
    const { exit, stderr } = await lab.exec('node-1', line);

    expect(exit).toBe(2);
    expect(stderr).toContain('bash: -c: line 1: syntax error near unexpected token');
  });

  test('runs commands with ; between in turn, whatever they come to', async () => {
    const line =
      "read -r m; cat /none; echo $m $?; echo $m >&2; LC_ALL=C timeout -k 2 20 cat '/etc/hostname'; echo $m $?";

    const result = await lab.exec('node-1', line, 'marker\n');

    expect(result).toEqual({
      exit: 0,
      stdout: 'marker 1\nnode-1\nmarker 0\n',
      stderr: 'cat: /none: No such file or directory\nmarker\n',
    });
    expect(lab.site.record.commands).toMatchObject([
      { command: 'cat /none', argv: ['cat', '/none'], exitCode: 1 },
      { command: "LC_ALL=C timeout -k 2 20 cat '/etc/hostname'", argv: ['cat', '/etc/hostname'], exitCode: 0 },
    ]);
  });

  test('runs nothing more once the connection is lost', async () => {
    lab.site.faults.onCommand((_host, argv) => (argv[1] === '/none' ? { delay: 100, disconnect: 'after' } : undefined));

    const { stdout, exit } = await lab.exec('node-1', 'cat /etc/hostname; cat /none; cat /etc/hostname');

    expect({ stdout, exit }).toEqual({ stdout: 'node-1\n', exit: undefined });
    expect(lab.site.record.commands).toHaveLength(2);
  });
});

describe('as another user', () => {
  labForEach(() => ({ document: goldenSite({ ssh: { ...goldenSite().ssh, user: 'fueladmin', sudo: true } }) }));

  test.each([
    ['cat /etc/magnum/magnum.conf', 1, 'cat: /etc/magnum/magnum.conf: Permission denied\n'],
    ['dd of=/etc/x', 1, "dd: failed to open '/etc/x': Permission denied\n"],
    ['rm -rf /etc/magnum', 1, "rm: cannot remove '/etc/magnum': Permission denied\n"],
    ['pcs resource disable p_haproxy', 1, 'Error: unable to get cib\n'],
    [
      'iptables -w -S INPUT',
      4,
      'iptables v1.8.9 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be root)\n',
    ],
    ['service magnum-api restart', 2, 'start-stop-daemon: unable to stat /run/magnum-api.pid (Permission denied)\n'],
  ])('%s is refused', async (line, exit, stderr) => {
    expect(await lab.exec('node-1', line)).toEqual({ exit, stdout: '', stderr });
  });

  test('crm_mon cannot connect', async () => {
    expect(await lab.exec('node-1', 'crm_mon -1 -r --output-as=xml')).toMatchObject({ exit: 102 });
  });

  test('sudo -n makes it root', async () => {
    const result = await lab.exec('node-1', 'LC_ALL=C sudo -n timeout -k 2 20 cat /etc/magnum/magnum.conf');

    expect(result.exit).toBe(0);
    expect(result.stdout).toContain('[acme_backup]');
  });

  test('sudo -n fails if a password is required', async () => {
    lab.site.faults.noSudo('node-1');

    expect(await lab.exec('node-1', 'sudo -n cat /etc/hostname')).toEqual({
      exit: 1,
      stdout: '',
      stderr: 'sudo: a password is required\n',
    });
    expect((await lab.exec('node-1', 'cat /etc/hostname')).exit).toBe(0);
  });
});
