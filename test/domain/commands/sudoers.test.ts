import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { catalogue, everyCommand } from '../../../domain/commands/catalogue';
import { armBanCommand, banCommand, END_BAN } from '../../../domain/commands/ban';
import { armCommand, disableCommand, TIMER, timerCommand } from '../../../domain/commands/disable';
import { ANY_EXECUTION } from '../../../domain/commands/execution';
import { presumedPlatform } from '../../../domain/commands/platform';
import { sudoers } from '../../../domain/commands/sudoers';
import { limited, commandLine, quote } from '../../../domain/ssh/command-line';
import { readSudoers } from '../../../local/simulated-site/sudoers';
import { site } from '../sites';

const golden = site('golden', ({ ssh }) => Object.assign(ssh, { user: 'deploy', sudo: true }));
const allows = readSudoers(sudoers(golden));
const ID = '0123456789abcdef';
const words = (line: string) => ['timeout', '-k', '2', '20', ...line.split(' ')];

test('begins with what it is for, where it goes and how it is checked', () => {
  const [first, second] = sudoers(golden).split('\n');

  expect(first).toMatch(/^# magnum-ha, site golden: .*\/etc\/sudoers\.d\/magnum-ha,$/);
  expect(second).toMatch(/owner root, mode 0440, .*visudo -cf \/etc\/sudoers\.d\/magnum-ha$/);
});

test('allows every command of the catalogue that needs root, as it arrives', () => {
  const needRoot = everyCommand(golden).filter(
    ({ root, argv }) => root && !/{(number|cycle|time)}/.test(argv.join(' ')),
  );

  const refused = needRoot
    .map((command) => limited(command).map((word) => word.replace(ANY_EXECUTION, ID)))
    .filter((argv) => !allows('deploy', argv));

  expect(needRoot.length).toBeGreaterThan(40);
  expect(refused).toEqual([]);
});

test('commands arrive behind sudo as the file has them', () => {
  const needRoot = everyCommand(golden).filter(({ root }) => root);

  const lines = needRoot.map((command) => commandLine(command, true));

  expect(lines).toEqual(needRoot.map((command) => `LC_ALL=C sudo -n ${limited(command).map(quote).join(' ')}`));
});

test.each([1, 9, 10, 99, 100, 999, 1000, 9999])('allows rule number %d', (number) => {
  const { insertRule, deleteRule } = catalogue(golden);

  expect([insertRule(number), deleteRule(number)].map((one) => allows('deploy', limited(one)))).toEqual([true, true]);
});

test.each(['0', '01', '10000', '-1', '1 2', '3x', '', '[1-9]', '*'])('refuses rule number %j', (number) => {
  expect(allows('deploy', words(`iptables -w -D INPUT ${number}`))).toBe(false);
});

const UNTIL = '2026-11-27 01:11:02Z';

test('allows to disable HAProxy for any cycle, until any time', () => {
  const commands = [
    armCommand(golden, 1_764_205_409_000, UNTIL),
    disableCommand(1_764_205_409_000),
    disableCommand(9_999_999_999_999),
    timerCommand(golden, 1_764_205_409_000),
  ];

  expect(commands.map((command) => allows('deploy', limited(command)))).toEqual([true, true, true, true]);
});

test('allows to ban HAProxy from any node, until any time, only where the document wants it rolled', () => {
  const rolling = { ...golden, haproxy: { ...golden.haproxy, update: 'rolling' as const } };
  const allowsRolling = readSudoers(sudoers(rolling));
  const ban = [
    armBanCommand(golden, 1_764_205_409_000, '1', UNTIL),
    armBanCommand(golden, 1_764_205_409_000, '4294967295', UNTIL),
    banCommand(1_764_205_409_000),
  ];
  const never = [
    armBanCommand(golden, 1_764_205_409_000, 'node-1', UNTIL),
    armBanCommand(golden, 1_764_205_409_000, '', UNTIL),
    armBanCommand(golden, 1_764_205_409_000, '1"/><expression id="x', UNTIL),
    armBanCommand({ ...golden, haproxy: { ...golden.haproxy, resource: 'other' } }, 1_764_205_409_000, '1', UNTIL),
    banCommand(17),
  ];

  expect(ban.map((command) => allowsRolling('deploy', limited(command)))).toEqual([true, true, true]);
  expect(never.map((command) => allowsRolling('deploy', limited(command)))).toEqual(Array(5).fill(false));
  expect(ban.map((command) => allows('deploy', limited(command)))).toEqual([false, false, false]);
  expect(allows('deploy', limited(END_BAN))).toBe(true);
});

test('allows timers on controllers only where pacemaker needs them', () => {
  const newest = readSudoers(sudoers(golden, [presumedPlatform(golden)]));
  const commands = [TIMER.end, TIMER.look, timerCommand(golden, 1_764_205_409_000)];

  expect(commands.map((command) => allows('deploy', limited(command)))).toEqual([true, true, true]);
  expect(commands.map((command) => newest('deploy', limited(command)))).toEqual([false, false, false]);
});

test.each([
  armCommand(golden, 1_764_205_409_000, 'never'),
  armCommand(golden, 1_764_205_409_000, `${UNTIL}"/><date_expression id="x" operation="gt" start="${UNTIL}`),
  armCommand({ ...golden, haproxy: { ...golden.haproxy, resource: 'other' } }, 1_764_205_409_000, UNTIL),
  disableCommand(17),
  disableCommand(17_642_054_090_001),
  timerCommand({ ...golden, haproxy: { ...golden.haproxy, deadManSeconds: 1 } }, 1_764_205_409_000),
])('refuses $argv.5', (command) => {
  expect(allows('deploy', limited(command))).toBe(false);
});
test.each(['', '0123456789abcde', '0123456789abcdef0', '../../../etc/xyzw', '0123456789ABCDEF', '*', '[0-9a-f]'])(
  "refuses an execution's ID that is %j",
  (id) => {
    expect(allows('deploy', words(`rm -rf /etc/magnum-ha/${id}/staged`))).toBe(false);
  },
);

test.each([
  'cat /etc/shadow',
  'dd if=/etc/magnum/magnum.conf status=none',
  `dd if=/etc/shadow of=/etc/magnum-ha/${ID}/before/magnum.conf iflag=nofollow conv=excl,fsync status=none`,
  `rm -rf /etc/magnum-ha/${ID}/staged/../../..`,
  `rm -rf /etc/magnum-ha`,
  `mv -fT /etc/magnum-ha/${ID}/staged/magnum.conf /etc/shadow`,
  'cat',
  'dd of=/etc/shadow',
  'dd of=/etc/magnum/magnum.conf conv=fsync status=none',
  'pcs resource enable other',
  'pcs resource enable p_haproxy --force',
  'pcs resource disable p_haproxy',
  'cibadmin -D -o resources -X <primitive id="p_haproxy"/>',
  'rm -rf /',
  'iptables -w -I INPUT 1 -j ACCEPT',
  'service sshd restart',
  'magnum-conductor --config-file /tmp/mine --version',
  'grep -rhE --include=x.cfg ^[[:space:]]*(listen|frontend|log-forward|peers|bind)[[:space:]] /etc/haproxy/haproxy.cfg /etc/haproxy/conf.d',
  'sh',
])('refuses %s', (line) => {
  expect(allows('deploy', words(line))).toBe(false);
});

test('allows the commands of bootstrap only where the site asks for its part', () => {
  const asking = readSudoers(sudoers({ ...golden, bootstrap: ['database', 'schema', 'rabbitmq', 'keystone'] }));
  const lines = [
    ['timeout', '-k', '2', '20', 'env', 'HOME=/root', 'mysql', '--batch', '--default-character-set=utf8mb4'],
    ['timeout', '-k', '2', '60', 'rabbitmqctl', '-q', 'import_definitions'],
    [
      ...['timeout', '-k', '2', '150', 'chroot', '--userspec=magnum:magnum', '--groups=magnum', '/'],
      ...['magnum-db-manage', '--config-file', '/etc/magnum/magnum.conf', 'upgrade'],
    ],
  ];

  expect(lines.map((line) => asking('deploy', line))).toEqual([true, true, true]);
  expect(lines.map((line) => allows('deploy', line))).toEqual([false, false, false]);
  expect(asking('deploy', [...(lines[0] ?? []), '-e', 'DROP DATABASE nova'])).toBe(false);
});

test('refuses what is allowed to another user, for longer, or without its limit', () => {
  const cat = 'cat /etc/iptables/rules.v4';

  expect(allows('deploy', words(cat))).toBe(true);
  expect(allows('other', words(cat))).toBe(false);
  expect(allows('deploy', ['timeout', '-k', '2', '9000', ...cat.split(' ')])).toBe(false);
  expect(allows('deploy', cat.split(' '))).toBe(false);
});

test('what means something in the file or in a pattern stands for itself', () => {
  const odd = site('golden', (document) => {
    document.ssh = { ...document.ssh, user: 'ALL', sudo: true };
    document.haproxy.resource = 'a:b';
    document.magnum.apiService = 'magnum-api:1';
  });

  const odds = readSudoers(sudoers(odd));

  expect(sudoers(odd)).toContain('pcs resource enable a\\:b\n');
  expect(sudoers(odd)).toContain('--include\\=\\*.cfg ');
  expect(sudoers(odd)).not.toMatch(/[^\\]\*/);
  expect(odds('ALL', words('pcs resource enable a:b'))).toBe(true);
  // In quotes ALL is a user like any other.
  expect(odds('deploy', words('pcs resource enable a:b'))).toBe(false);
});

const visudo = (file: string) =>
  spawnSync('visudo', ['-cf', file], { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }, encoding: 'utf8' });
const isMissing = visudo('/dev/null').error !== undefined;
if (isMissing) console.log('Skipped, there is no visudo here: it is in the package sudo.');
const describeWithVisudo = isMissing ? describe.skip : describe;

describeWithVisudo('visudo', () => {
  test('accepts it', () => {
    const directory = mkdtempSync(join(tmpdir(), 'sudoers-'));
    const file = join(directory, 'magnum-ha');
    writeFileSync(file, sudoers(golden), { mode: 0o440 });

    const { status, stdout, stderr } = visudo(file);
    rmSync(directory, { recursive: true });

    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('parsed OK');
  });
});

test('before the platform is known every supported one can be found out; then only what it needs is allowed', () => {
  const known = readSudoers(sudoers(golden, [{ ...presumedPlatform(golden), shell: 'crmsh' }]));
  const lines = [
    ['20', 'pcs', 'resource', 'enable', 'p_haproxy'],
    ['20', 'crm', 'resource', 'start', 'p_haproxy'],
    ['4', 'crm_mon', '-1', '-r', '--output-as=xml'],
    ['4', 'crm_mon', '-1', '-r', '--as-xml'],
    ['90', 'service', 'magnum-api', 'restart'],
    ['90', 'systemctl', 'restart', 'openstack-magnum-api'],
    ['4', 'ip', 'netns', 'exec', 'haproxy', 'ss', '-ltnp'],
  ].map((line) => ['timeout', '-k', '2', ...line]);

  expect(lines.map((line) => allows('deploy', line))).toEqual(lines.map(() => true));
  expect(lines.map((line) => known('deploy', line))).toEqual([false, true, true, false, true, false, false]);
});
