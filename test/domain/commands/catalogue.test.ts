import { catalogue, everyCommand } from '../../../domain/commands/catalogue';
import { armCommand } from '../../../domain/commands/disable';
import { executionId } from '../../../domain/commands/execution';
import { type Command, withInput } from '../../../domain/ssh/command';
import { site } from '../sites';

const golden = site('golden');
/** The commands of an execution. */
const ofExecution = (of = golden) => catalogue(of).execution('0123456789abcdef');
const STAGED = '/etc/magnum-ha/0123456789abcdef/staged';
const line = ({ argv }: Command) => argv.join(' ');

test('HAProxy reads its fragments as the site says: stock HAProxy by a second -f', () => {
  const commands = catalogue(golden);

  expect(line(commands.validateHaproxy)).toBe('haproxy -c -f /etc/haproxy/haproxy.cfg -f /etc/haproxy/conf.d');
  expect(line(ofExecution().validateTree)).toBe(
    `haproxy -c -f ${STAGED}/haproxy/haproxy.cfg -f ${STAGED}/haproxy/conf.d`,
  );
});

test('and the one of Fuel by an include relative to its directory', () => {
  const fuel = site('golden', ({ haproxy }) => (haproxy.include = 'statement'));

  const commands = catalogue(fuel);

  expect(line(commands.validateHaproxy)).toBe('haproxy -C /etc/haproxy -c -f haproxy.cfg');
  expect(line(ofExecution(fuel).validateTree)).toBe(`haproxy -C ${STAGED}/haproxy -c -f haproxy.cfg`);
});

test('what is staged, and what was there before, lies where only root can write, in a directory of the execution', () => {
  const { files, copyTree, make, validateMagnumConf } = ofExecution();

  expect(files.fragment.staged.path).toBe(`${STAGED}/haproxy/conf.d/180-magnum.cfg`);
  expect(files.magnumConf.before.path).toBe('/etc/magnum-ha/0123456789abcdef/before/magnum.conf');
  expect(line(copyTree)).toBe(`cp -aL /etc/haproxy/haproxy.cfg /etc/haproxy/conf.d ${STAGED}/haproxy`);
  expect(line(make)).toMatch(/^mkdir -p -m 0700 \/etc\/magnum-ha \/etc\/magnum-ha\/0123456789abcdef /);
  expect(line(validateMagnumConf)).toBe(`magnum-conductor --config-file ${STAGED}/magnum.conf --version`);
});

test('only in the last rename does root write where another user may: no link is followed, and nothing that comes late is', () => {
  const own = ofExecution();
  const inMagnums = everyCommand(golden)
    .map(line)
    .filter((one) => /(^|[ =])\/etc\/magnum\//.test(one))
    .map((one) => one.replaceAll('{execution}', 'ID').replace('/etc/magnum-ha/ID', 'ID'));

  expect([...new Set(inMagnums)].sort()).toEqual(
    [
      'dd if=/etc/magnum/magnum.conf iflag=nofollow status=none',
      'sha256sum /etc/magnum/magnum.conf',
      'stat -c %u:%g %a /etc/magnum/magnum.conf',
      'chown --reference=/etc/magnum/magnum.conf ID/staged/magnum.conf',
      'chmod --reference=/etc/magnum/magnum.conf ID/staged/magnum.conf',
      'touch --reference=/etc/magnum/magnum.conf ID/staged/magnum.conf',
      'mv -fT ID/staged/magnum.conf /etc/magnum/magnum.conf',
      'dd if=/etc/magnum/magnum.conf of=ID/before/magnum.conf iflag=nofollow conv=excl,fsync status=none',
      'chown --reference=/etc/magnum/magnum.conf ID/before/magnum.conf',
      'chmod --reference=/etc/magnum/magnum.conf ID/before/magnum.conf',
      'mv -fT ID/before/magnum.conf /etc/magnum/magnum.conf',
      'dd if=/etc/magnum/magnum.conf of=ID/placed/magnum.conf iflag=nofollow conv=fsync status=none',
      'stat -c %F /etc/magnum/magnum.conf',
      'stat -c %Y /etc/magnum/magnum.conf',
    ].sort(),
  );
  expect(line(own.files.magnumConf.staged.fill)).toBe(`dd of=${STAGED}/magnum.conf conv=excl,fsync status=none`);
});

test("what of Magnum's own reads the configuration in use, which its user may write, does not run as root", () => {
  const asking = site('golden', (document) => (document.bootstrap = ['database', 'schema', 'rabbitmq', 'keystone']));

  const reading = everyCommand(asking)
    .map(line)
    .filter((one) => one.includes('--config-file /etc/magnum/'));

  expect(reading).toEqual(
    ['version', 'upgrade'].map(
      (action) =>
        `chroot --userspec=magnum:magnum --groups=magnum / magnum-db-manage --config-file /etc/magnum/magnum.conf ${action}`,
    ),
  );
});

test("an execution's ID is as long whatever its ARN, and another for another one", () => {
  const ids = ['arn:aws:states:eu-west-1:1:execution:a:b', ''].map(executionId);

  expect(ids).toEqual([expect.stringMatching(/^[0-9a-f]{16}$/), expect.stringMatching(/^[0-9a-f]{16}$/)]);
  expect(ids[0]).not.toBe(ids[1]);
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
  expect(line(commands.files.magnumConf.read)).toBe('dd if=/srv/magnum.conf iflag=nofollow status=none');
  expect(line(commands.files.fragment.read)).toBe('cat /srv/haproxy/parts/180-magnum.cfg');
  expect(line(ofExecution(own).files.magnumConf.staged.install)).toBe(`mv -fT ${STAGED}/magnum.conf /srv/magnum.conf`);
});

test('content and rules to validate travel on standard input, never in an argument', () => {
  const commands = catalogue(golden);

  const written = withInput(ofExecution().files.magnumConf.staged.fill, 'password = s3cret\n');
  const rules = withInput(commands.validateRules, '*filter\nCOMMIT\n');

  expect(written.stdin).toBe('password = s3cret\n');
  expect(line(written)).toBe(`dd of=${STAGED}/magnum.conf conv=excl,fsync status=none`);
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
    "python3 -c import pbr.version; print(pbr.version.VersionInfo('magnum').version_string())",
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
