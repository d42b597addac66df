import { catalogue, everyCommand } from '../../../domain/commands/catalogue';
import { armCommand } from '../../../domain/commands/disable';
import { type Command, withInput } from '../../../domain/ssh/command';
import { site } from '../sites';

const golden = site('golden');
const line = ({ argv }: Command) => argv.join(' ');

test('HAProxy reads its fragments as the site says: stock HAProxy by a second -f', () => {
  const commands = catalogue(golden);

  expect(line(commands.validateHaproxy)).toBe('haproxy -c -f /etc/haproxy/haproxy.cfg -f /etc/haproxy/conf.d');
  expect(line(commands.validateTree)).toBe(
    'haproxy -c -f /etc/haproxy/magnum-ha-staged/haproxy.cfg -f /etc/haproxy/magnum-ha-staged/conf.d',
  );
});

test('and the one of Fuel by an include relative to its directory', () => {
  const fuel = site('golden', ({ haproxy }) => (haproxy.include = 'statement'));

  const commands = catalogue(fuel);

  expect(line(commands.validateHaproxy)).toBe('haproxy -C /etc/haproxy -c -f haproxy.cfg');
  expect(line(commands.validateTree)).toBe('haproxy -C /etc/haproxy/magnum-ha-staged -c -f haproxy.cfg');
});

test('what is staged is validated where it lies, and is no file that a daemon reads', () => {
  const { files, copyTree, makeTree, validateMagnumConf } = catalogue(golden);

  expect(files.fragment.stagedPath).toBe('/etc/haproxy/magnum-ha-staged/conf.d/180-magnum.cfg');
  expect(line(copyTree)).toBe('cp -aL /etc/haproxy/haproxy.cfg /etc/haproxy/conf.d /etc/haproxy/magnum-ha-staged');
  expect(line(makeTree)).toBe('mkdir -m 0700 /etc/haproxy/magnum-ha-staged');
  expect(line(validateMagnumConf)).toBe(
    'magnum-conductor --config-file /etc/magnum/magnum.conf.magnum-ha-staged --version',
  );
  expect(line(files.rules.keep)).toBe('cp -a /etc/iptables/rules.v4 /etc/iptables/rules.v4.magnum-ha-previous');
});

test('names of the site document are the only ones in it', () => {
  const own = site('golden', ({ haproxy, magnum }) => {
    haproxy.resource = 'haproxy-clone-member';
    haproxy.fragmentDirectory = '/srv/haproxy/parts';
    magnum.configFile = '/srv/magnum.conf';
  });

  const commands = catalogue(own);

  expect(line(armCommand(own, 1764205409000, '2026-11-27 01:11:02Z'))).toContain(
    '<primitive id="haproxy-clone-member">',
  );
  expect(line(commands.enableHaproxy)).toBe('pcs resource enable haproxy-clone-member');
  expect(line(commands.files.magnumConf.read)).toBe('cat /srv/magnum.conf');
  expect(line(commands.files.fragment.read)).toBe('cat /srv/haproxy/parts/180-magnum.cfg');
  expect(line(commands.discardMagnumConf)).toBe('rm -f /srv/magnum.conf.magnum-ha-staged');
});

test('content and rules to validate travel on standard input, never in an argument', () => {
  const commands = catalogue(golden);

  const written = withInput(commands.files.magnumConf.fill, 'password = s3cret\n');
  const rules = withInput(commands.validateRules, '*filter\nCOMMIT\n');

  expect(written.stdin).toBe('password = s3cret\n');
  expect(line(written)).toBe('dd of=/etc/magnum/magnum.conf.magnum-ha-staged conv=fsync status=none');
  expect(rules.stdin).toBe('*filter\nCOMMIT\n');
  expect(line(rules)).toBe('iptables-restore --test');
});

const PATH = 'PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin';

test('every command has a time limit; only what reads nothing private runs without root', () => {
  const all = everyCommand(golden);

  expect(all.length).toBeGreaterThan(40);
  expect(all.filter(({ timeoutSeconds }) => !(timeoutSeconds > 0 && timeoutSeconds <= 90))).toEqual([]);
  expect(all.filter(({ root }) => !root).map(({ argv }) => (argv[0] === 'find' ? 'find …' : argv.join(' ')))).toEqual([
    'find …',
    `env ${PATH} crm_mon --version`,
    `env ${PATH} haproxy -v`,
    'head -c 200 /usr/bin/magnum-conductor',
    'ps --cols 4096 -eo pid=,ppid=,ruid=,euid=,etimes=,stat=,args=',
    'python3 -c import pymysql',
    'cat /etc/ufw/ufw.conf',
    'date +%s',
    'ps --cols 4096 -eo pid=,ppid=,ruid=,euid=,etimes=,stat=,args=',
    'cat /var/run/haproxy.pid',
  ]);
});

test('HAProxy reads all that ends in .cfg, and its main file whatever its name', () => {
  const odd = site('golden', ({ haproxy }) => (haproxy.configFile = '/etc/haproxy/haproxy.conf'));

  const [usual, other] = [golden, odd].map((one) => line(catalogue(one).haproxySections));

  expect(usual).toMatch(/^grep -RHE --include=\*\.cfg \S+ \/etc\/haproxy\/haproxy\.cfg \/etc\/haproxy\/conf\.d$/);
  expect(other).toContain(' --include=*.cfg --include=haproxy.conf ');
});
