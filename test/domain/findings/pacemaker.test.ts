import { checkPacemaker, PACEMAKER_FINDINGS } from '../../../domain/findings/pacemaker';
import { fakeConnection, type Reply } from '../fakes';
import { cibText, NOW, statusText } from '../pacemaker/cibs';
import { crmMon, type Instance } from '../pacemaker/crm-mon';
import { site } from '../sites';

const golden = site('golden');
const everywhere: Instance[] = [{ node: 'node-1' }, { node: 'node-2' }, { node: 'node-3' }];
const well = crmMon({ instances: everywhere });
const broken = '[ALERT] parsing [/etc/haproxy/conf.d/010-stats.cfg:3] : unknown keyword\n[ALERT] Fatal errors found\n';

interface Answers {
  /** @default all is well */
  readonly crmMon?: Reply;
  readonly cib?: Reply;
  /** @default its configuration is valid */
  readonly haproxy?: Reply;
}

/** What is found on a site on which all is well but for what these controllers say. */
async function checked(answers: Readonly<Record<string, Answers>>) {
  const { connection, ran } = await fakeConnection(golden, {
    answer: (name, { argv: [program] }) =>
      ({
        crm_mon: answers[name]?.crmMon ?? well,
        cibadmin: answers[name]?.cib ?? cibText('healthy'),
        date: String(NOW),
        grep: '/etc/haproxy/haproxy.cfg:defaults\n/etc/haproxy/haproxy.cfg:  mode http\n',
        haproxy: answers[name]?.haproxy,
      })[program ?? ''],
  });
  const [result] = await Promise.allSettled([checkPacemaker(connection.nodes)]);
  return { result, ran };
}

const onAll = (crmMon: Reply) => ({ 'node-1': { crmMon }, 'node-2': { crmMon }, 'node-3': { crmMon } });

test('nothing is found where HAProxy is well: every controller is asked, and one for the CIB', async () => {
  const { result, ran } = await checked({});

  expect(result).toMatchObject({ value: { findings: [], disabled: false } });
  const programs = ran.map((line) => line.split(' ').slice(0, 2).join(' ')).toSorted();
  const each = ['crm_mon', 'date', 'grep', 'haproxy', 'ps', 'ss'];
  expect(programs).toEqual(
    [
      'node-1: cibadmin',
      'node-1: date',
      ...['node-1', 'node-2', 'node-3'].flatMap((name) => each.map((program) => `${name}: ${program}`)),
    ].toSorted(),
  );
});

test('that HAProxy is disabled is no fault: an apply brings it back', async () => {
  const disabled = { crmMon: statusText('disabled'), cib: cibText('disabled') };

  const { result } = await checked({ 'node-1': disabled, 'node-2': disabled, 'node-3': disabled });

  expect(result).toMatchObject({ value: { findings: [], disabled: true } });
});

test('what is known of the resource is told once, from a controller that has quorum', async () => {
  const banned = { crmMon: statusText('ban'), cib: cibText('ban') };

  const { result } = await checked({ 'node-1': banned, 'node-2': banned, 'node-3': banned });

  expect(result).toMatchObject({ value: { findings: [{ name: 'HAProxyNotRunning', severity: 'error' }] } });
  expect(PACEMAKER_FINDINGS).toContain('HAProxyNotRunning');
});

describe('a fault is an error with what was seen, and what to do', () => {
  test('one controller is cut off', async () => {
    const { result } = await checked({ 'node-3': { crmMon: crmMon({ instances: everywhere, quorum: false }) } });

    const like = {
      evidence: expect.stringMatching(/no quorum, as node-3 sees it/) as string,
      remedy: expect.stringMatching(/crm_mon -1/) as string,
    };
    expect(result).toMatchObject({ value: { findings: [{ name: 'NoQuorum', severity: 'error', ...like }] } });
  });

  test.each([
    ['pacemaker does not run', { exitCode: 102, stdout: '<pacemaker-result/>' }],
    ['crm_mon fails', { exitCode: 1, stderr: 'Error: cluster is not available on this node' }],
    ['crm_mon prints nothing', ''],
  ])('%s on a controller', async (_, answer) => {
    const { result } = await checked({ 'node-2': { crmMon: answer } });

    expect(result).toMatchObject({
      value: {
        findings: [{ name: 'PacemakerUnavailable', severity: 'error', evidence: 'Pacemaker does not run on node-2' }],
      },
    });
  });

  test('the configuration in place is broken: where, and never in the words of HAProxy, which may quote a password', async () => {
    const { result } = await checked({ 'node-2': { haproxy: { exitCode: 1, stderr: broken } } });

    expect(result).toMatchObject({
      value: {
        findings: [
          {
            name: 'HAProxyConfigInvalid',
            severity: 'error',
            evidence: expect.stringContaining('node-2') as string,
            remedy: expect.stringMatching(/`haproxy -c .*`.*: \/etc\/haproxy\/conf\.d\/010-stats\.cfg:3$/) as string,
          },
        ],
      },
    });
    expect(JSON.stringify(result)).not.toContain('unknown keyword');
  });
});

describe('of several faults', () => {
  const names = (result: PromiseSettledResult<Awaited<ReturnType<typeof checkPacemaker>>>) =>
    result.status === 'fulfilled' ? result.value.findings.map(({ name }) => name) : [];

  test('each is told: those of other controllers do not hide it', async () => {
    const { result } = await checked({
      'node-1': { haproxy: { exitCode: 1, stderr: broken } },
      'node-2': { crmMon: { exitCode: 102 } },
      'node-3': { haproxy: { exitCode: 1, stderr: broken } },
    });

    expect(names(result)).toEqual(['PacemakerUnavailable', 'HAProxyConfigInvalid', 'HAProxyConfigInvalid']);
  });

  test('what a missing quorum brings with it is not told', async () => {
    const cutOff = crmMon({ instances: [{ node: 'node-3' }, {}, {}], quorum: false });

    const { result } = await checked({ 'node-3': { crmMon: cutOff } });

    expect(names(result)).toEqual(['NoQuorum']);
  });

  test('pacemaker that runs nowhere is one', async () => {
    const { result } = await checked(onAll({ exitCode: 102 }));

    expect(result).toMatchObject({
      value: { findings: [{ evidence: 'Pacemaker does not run on node-1, node-2, node-3' }], disabled: false },
    });
  });
});

test.each<[string, Answers]>([
  ['crm_mon', { crmMon: { exitCode: 64, stderr: 'crm_mon: Unknown option --output-as=xml' } }],
  ['cibadmin', { cib: { exitCode: 64, stderr: 'cibadmin: unrecognized option' } }],
  ['HAProxy', { haproxy: { exitCode: 127, stderr: 'haproxy: No such file or directory' } }],
])('a %s that cannot be asked is an error of its own, no finding', async (_, answers) => {
  const { result } = await checked({ 'node-1': answers });

  expect(result).toMatchObject({
    reason: { name: 'CommandFailed', message: expect.stringContaining('node-1 of site golden') as string },
  });
});
