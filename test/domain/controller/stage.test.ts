import { sha256 } from '../../../domain/canonical';
import { connectSite } from '../../../domain/commands/site-connection';
import { executionId } from '../../../domain/commands/execution';
import { stage, type Staged } from '../../../domain/controller/stage';
import { secretNames } from '../../../domain/secrets/references';
import type { CommandFault } from '../../../local/simulated-site';
import type { SimulatedController } from '../../../local/simulated-site/controller';
import { type Simulated, simulate } from '../simulated';
import { site as siteOf } from '../sites';

const golden = siteOf('golden');
const CONF = '/etc/magnum/magnum.conf';
const FRAGMENT = '/etc/haproxy/conf.d/180-magnum.cfg';
const RULES = '/etc/iptables/rules.v4';
const EXECUTION = 'arn:aws:states:eu-west-1:1:execution:magnum-ha:one';
const OWN = `/etc/magnum-ha/${executionId(EXECUTION)}`;

let simulated: Simulated;
beforeEach(() => {
  simulated = simulate(golden);
});
afterEach(() => simulated.end());

/** What is on the controller, by path. */
const filesOn = (name = 'node-1') => {
  const files = simulated.site.controllers.get(name)?.files.files ?? new Map<string, { content: string }>();
  return new Map([...files].map(([path, { content }]) => [path, content]));
};

/** What lies staged there. */
const leftovers = () => [...filesOn().keys()].filter((path) => path.startsWith('/etc/magnum-ha'));

/** Stages on the first controller. @param fault what becomes of a program's commands there */
async function staging(program?: string, fault?: (argv: readonly string[]) => CommandFault | undefined) {
  const { clock, world, site } = simulated;
  if (program) site.faults.onCommand((_, argv) => (argv[0] === program ? fault?.(argv) : undefined));
  const before = filesOn();
  const work = async (): Promise<Staged> => {
    const { nodes, secrets } = await connectSite(world, golden, { secrets: secretNames(golden).magnumConf });
    return stage(nodes[0], secrets, EXECUTION);
  };
  const [result] = await Promise.allSettled([clock.drive(work())]);
  return { result, before };
}

test('every file that differs lies ready, whole, and what it is to replace is kept; what is in use is as it was', async () => {
  const { result, before } = await staging();

  const found = filesOn();
  expect(result).toMatchObject({
    value: {
      controller: 'node-1',
      files: [
        { path: RULES, replaces: expect.stringMatching(/^\w{32}$/) as string },
        { path: CONF, replaces: expect.stringMatching(/^\w{32}$/) as string },
        { path: FRAGMENT, replaces: null },
      ],
      rulesBefore: [],
    },
  });
  expect([RULES, CONF, FRAGMENT].map((path) => found.get(path))).toEqual(
    [RULES, CONF, FRAGMENT].map((path) => before.get(path)),
  );
  expect(found.get(`${OWN}/staged/magnum.conf`)).toContain('host = 10.21.22.6');
  expect(found.get(`${OWN}/staged/haproxy/conf.d/180-magnum.cfg`)).toContain('listen magnum');
  expect([found.get(`${OWN}/before/magnum.conf`), found.get(`${OWN}/before/rules`)]).toEqual([
    before.get(CONF),
    before.get(RULES),
  ]);
  expect(found.has(`${OWN}/before/fragment`)).toBe(false);
});

test('the digests tell nobody what is in the files, but whether they are the same', async () => {
  const [first, second] = [await staging(), await staging()];

  expect(first.result).toEqual(second.result);
  expect(JSON.stringify(first.result)).not.toContain('secret of');
});

test('people are told the SHA-256 of what holds no password, and of magnum.conf a digest with a key of its own', async () => {
  const { result } = await staging();

  const { files } = result.status === 'fulfilled' ? result.value : { files: [] };
  const [rules, conf, fragment] = files.map(({ told }) => told);
  const before = sha256(filesOn().get(RULES) ?? '');
  const staged = (name: string) => filesOn().get(`${OWN}/staged/${name}`) ?? '';
  expect(rules).toEqual({ before, after: sha256(staged('rules')), key: null });
  expect(fragment).toMatchObject({ before: null, after: sha256(staged('haproxy/conf.d/180-magnum.cfg')), key: null });
  expect(conf?.key).toMatch(/^ssh-private-key [\da-f]{8}$/);
  expect(JSON.stringify(conf)).not.toContain(sha256(staged('magnum.conf')));
});

test('content travels on standard input, into files that only root can reach', async () => {
  await staging();

  const { commands } = simulated.site.record;
  const directories = [...(simulated.site.controllers.get('node-1')?.files.directories ?? [])];
  expect(JSON.stringify(commands.map(({ command }) => command))).not.toContain('secret of');
  const made = new Map(directories.map(([path, { mode, owner }]) => [path, `${owner} ${mode.toString(8)}`]));
  for (const path of ['/etc/magnum-ha', OWN, `${OWN}/staged`, `${OWN}/before`]) expect(made.get(path)).toBe('root 700');
});

test('what executions before have staged and never put in place goes; what they kept stays', async () => {
  const files = simulated.site.controllers.get('node-1')?.files;
  for (const name of ['/etc/magnum-ha', '/etc/magnum-ha/00000000deadbeef']) files?.seedDirectory(name, 0o700);
  files?.seed('/etc/magnum-ha/00000000deadbeef/staged/magnum.conf', 'secret');
  files?.seed('/etc/magnum-ha/00000000deadbeef/before/magnum.conf', 'old');

  await staging();

  expect([...filesOn().keys()].filter((path) => path.includes('deadbeef'))).toEqual([
    '/etc/magnum-ha/00000000deadbeef/before/magnum.conf',
  ]);
});

test.each<[string, (controller: SimulatedController) => unknown, RegExp]>([
  [
    'everybody can enter it',
    ({ files }) => {
      files.seedDirectory('/etc/magnum-ha', 0o755);
    },
    /is "directory root:root 755" on node-1.*chmod 0700 \/etc\/magnum-ha/,
  ],
  [
    "it is not root's",
    ({ files }) => {
      files.seedDirectory('/etc/magnum-ha', 0o700, 'magnum', 'magnum');
    },
    /magnum:magnum 700/,
  ],
  ['a managed file is on another file system', ({ mountPoints }) => mountPoints.push('/etc/haproxy'), /\/etc\/haproxy/],
])('nothing is staged where %s', async (_, happens, message) => {
  const controller = simulated.site.controllers.get('node-1');
  if (controller) happens(controller);

  const { result } = await staging();

  expect(result).toMatchObject({
    reason: { name: 'StagingUnsafe', message: expect.stringMatching(message) as string },
  });
  expect(leftovers()).toEqual([]);
});

describe('owner and mode', () => {
  const access = (path: string) => {
    const { owner, group, mode } = simulated.site.controllers.get('node-1')?.files.files.get(path) ?? {};
    return `${owner ?? ''}:${group ?? ''} ${mode?.toString(8) ?? ''}`;
  };

  test.each([
    ['as packages leave it', 0o640, 'root', 'magnum', 'root:magnum 640'],
    ["Magnum's own", 0o600, 'magnum', 'magnum', 'magnum:magnum 600'],
    ['open to everybody', 0o644, 'root', 'root', 'root:magnum 640'],
    ['such that Magnum cannot read it', 0o600, 'root', 'root', 'root:magnum 640'],
  ])('of a magnum.conf that is %s are right afterwards', async (_, mode, owner, group, wanted) => {
    simulated.site.controllers.get('node-1')?.files.seed(CONF, '[DEFAULT]\n', mode, owner, group);

    await staging();

    expect(access(`${OWN}/staged/magnum.conf`)).toBe(wanted);
  });

  test('are no difference where nobody can tell whose it should be', async () => {
    const files = simulated.site.controllers.get('node-1')?.files;
    files?.directories.set('/etc/magnum', { mode: 0o755, owner: 'root', group: 'root', modified: 0 });
    files?.seed(CONF, '[DEFAULT]\n', 0o640, 'root', 'root');

    await staging();

    expect(access(`${OWN}/staged/magnum.conf`)).toBe('root:root 640');
  });
});

describe('nothing is left behind, and nothing in use is touched', () => {
  const quoting = {
    exit: 1,
    stderr: `[ALERT] [/etc/magnum-ha/x/staged/haproxy/conf.d/180-magnum.cfg:4] 'server': secret of  magnum-ha golden database-password #1\n[ALERT] [/etc/haproxy/haproxy.cfg:9] stats auth root:hunter2`,
  };

  test.each<[string, string, (argv: readonly string[]) => CommandFault | undefined, string, RegExp]>([
    [
      'a file arrives damaged',
      'dd',
      (argv) => (argv[1]?.includes('magnum.conf') ? { halfInput: true } : undefined),
      'StagedFileDamaged',
      /staged\/magnum\.conf on node-1 of site golden is not what was sent.*df, dmesg/,
    ],
    [
      'a disk is full',
      'dd',
      () => ({ exit: 1, stderr: 'dd: error writing: No space left on device' }),
      'CommandFailed',
      /No space left on device/,
    ],
    [
      'iptables does not take the rules',
      'iptables-restore',
      () => ({ exit: 2, stderr: 'iptables-restore: line 12 failed' }),
      'StagedFileRejected',
      /rules\.v4 on node-1 of site golden.*the old one stays in use. It says: line 12$/,
    ],
    [
      'Magnum does not take its configuration, whose words may quote any secret',
      'magnum-conductor',
      () => quoting,
      'StagedFileRejected',
      /a line of it cannot be read: try `magnum-conductor --config-file \/etc\/magnum\/magnum\.conf --version` there$/,
    ],
    [
      'HAProxy does not take the fragment, without the secrets that are known',
      'haproxy',
      () => quoting,
      'StagedFileRejected',
      /180-magnum\.cfg:4\] 'server': <secret \/magnum-ha\/golden\/database-password>$/,
    ],
    [
      'the connection is lost: it is made anew for that',
      'chown',
      () => ({ disconnect: 'before' }),
      'SshConnectionLost',
      /chown/,
    ],
  ])('if %s', async (_, program, fault, name, message) => {
    const { result, before } = await staging(program, fault);

    expect(result).toMatchObject({ reason: { name, message: expect.stringMatching(message) as string } });
    expect([RULES, CONF, FRAGMENT].map((path) => filesOn().get(path))).toEqual(
      [RULES, CONF, FRAGMENT].map((path) => before.get(path)),
    );
    expect(leftovers()).toEqual([]);
    expect(result).not.toMatchObject({ reason: { message: expect.stringContaining('secret of') as string } });
  });
});
