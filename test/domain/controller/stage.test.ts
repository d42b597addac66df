import { connectSite } from '../../../domain/commands/site-connection';
import { stage, type StagedFile } from '../../../domain/controller/stage';
import { secretNames } from '../../../domain/secrets/references';
import type { CommandFault } from '../../../local/simulated-site';
import { type Simulated, simulate } from '../simulated';
import { site as siteOf } from '../sites';

const golden = siteOf('golden');
const CONF = '/etc/magnum/magnum.conf';
const FRAGMENT = '/etc/haproxy/conf.d/180-magnum.cfg';
const RULES = '/etc/iptables/rules.v4';
const STAGED = [`${RULES}.magnum-ha-staged`, `${CONF}.magnum-ha-staged`, '/etc/haproxy/magnum-ha-staged'];

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
const leftovers = () => [...filesOn().keys()].filter((path) => STAGED.some((one) => path.startsWith(one)));

/** Stages on the first controller. @param fault what becomes of a program's commands there */
async function staging(program?: string, fault?: (argv: readonly string[]) => CommandFault | undefined) {
  const { clock, world, site } = simulated;
  if (program) site.faults.onCommand((_, argv) => (argv[0] === program ? fault?.(argv) : undefined));
  const before = filesOn();
  const work = async (): Promise<StagedFile[]> => {
    const { nodes, secrets } = await connectSite(world, golden, { secrets: secretNames(golden).magnumConf });
    return stage(nodes[0], secrets);
  };
  const [result] = await Promise.allSettled([clock.drive(work())]);
  return { result, before };
}

test('every file that differs lies beside its target, whole; what is in use is as it was', async () => {
  const { result, before } = await staging();

  const found = filesOn();
  expect(result).toMatchObject({
    value: [
      { path: RULES, replaces: expect.stringMatching(/^\w{32}$/) as string },
      { path: CONF, replaces: expect.stringMatching(/^\w{32}$/) as string },
      { path: FRAGMENT, replaces: null },
    ],
  });
  expect([RULES, CONF, FRAGMENT].map((path) => found.get(path))).toEqual(
    [RULES, CONF, FRAGMENT].map((path) => before.get(path)),
  );
  expect(found.get(`${CONF}.magnum-ha-staged`)).toContain('host = 10.21.22.6');
  expect(found.get(`/etc/haproxy/magnum-ha-staged/conf.d/180-magnum.cfg`)).toContain('listen magnum');
});

test('the digests tell nobody what is in the files, but whether they are the same', async () => {
  const [first, second] = [await staging(), await staging()];

  expect(first.result).toEqual(second.result);
  expect(JSON.stringify(first.result)).not.toContain('secret of');
});

test('content travels on standard input, into files that only their owner can read', async () => {
  await staging();

  const { commands } = simulated.site.record;
  const lines = commands.filter(({ argv }) => ['install', 'dd', 'chmod'].includes(argv[0] ?? ''));
  expect(JSON.stringify(commands.map(({ command }) => command))).not.toContain('secret of');
  expect(lines.slice(0, 3).map(({ argv }) => argv[0])).toEqual(['install', 'dd', 'chmod']);
  expect(lines[0]?.argv).toEqual(['install', '-m', '0600', '/dev/null', `${RULES}.magnum-ha-staged`]);
});

describe('nothing is left behind, and nothing in use is touched', () => {
  const quoting = {
    exit: 1,
    stderr: `[ALERT] [/etc/haproxy/magnum-ha-staged/conf.d/180-magnum.cfg:4] 'server': secret of  magnum-ha golden database-password #1\n[ALERT] [/etc/haproxy/haproxy.cfg:9] stats auth root:hunter2`,
  };

  test.each<[string, string, (argv: readonly string[]) => CommandFault | undefined, string, RegExp]>([
    [
      'a file arrives damaged',
      'dd',
      (argv) => (argv[1]?.includes('magnum.conf') ? { halfInput: true } : undefined),
      'StagedFileDamaged',
      /magnum\.conf\.magnum-ha-staged on node-1 of site golden.*df, dmesg/,
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
