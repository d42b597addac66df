import { checkPacemaker, PACEMAKER_FINDINGS } from '../../../domain/findings/pacemaker';
import { fakeConnection, type Reply } from '../fakes';
import { crmMon, type Instance, type Status } from '../pacemaker/crm-mon';
import { site } from '../sites';

const golden = site('golden');
const everywhere: Instance[] = [{ node: 'node-1' }, { node: 'node-2' }, { node: 'node-3' }];
const well = crmMon({ instances: everywhere });
const broken = '[ALERT] parsing [/etc/haproxy/conf.d/010-stats.cfg:3] : unknown keyword\n[ALERT] Fatal errors found\n';

interface Answers {
  /** @default all is well */
  readonly crmMon?: Reply;
  /** @default its configuration is valid */
  readonly haproxy?: Reply;
}

/** What is found on a site on which all is well but for what these controllers say. */
async function checked(answers: Readonly<Record<string, Answers>>) {
  const { connection, ran } = await fakeConnection(golden, {
    answer: (name, { argv: [program] }) =>
      program === 'crm_mon' ? (answers[name]?.crmMon ?? well) : answers[name]?.haproxy,
  });
  const [result] = await Promise.allSettled([checkPacemaker(connection.nodes)]);
  return { result, ran };
}

const onAll = (crmMon: Reply) => ({ 'node-1': { crmMon }, 'node-2': { crmMon }, 'node-3': { crmMon } });

test('nothing is found where HAProxy is well, and every controller is asked', async () => {
  const { result, ran } = await checked({});

  expect(result).toMatchObject({ value: { findings: [], disabled: false } });
  const programs = ['crm_mon -1 -r --output-as=xml', 'haproxy -c -f /etc/haproxy/haproxy.cfg -f /etc/haproxy/conf.d'];
  expect(ran.toSorted()).toEqual(
    ['node-1', 'node-2', 'node-3'].flatMap((name) => programs.map((program) => `${name}: ${program}`)),
  );
});

test.each<[string, Status, boolean]>([
  ['HAProxy is disabled: apply brings it back', { instances: everywhere.map(() => ({ targetRole: 'Stopped' })) }, true],
  [
    'pacemaker knows controllers by their full names',
    { instances: everywhere.map(({ node = '' }) => ({ node: `${node}.domain.tld` })) },
    false,
  ],
])('nothing is found if %s', async (_, status, disabled) => {
  const { result } = await checked({ 'node-2': { crmMon: crmMon(status) } });

  expect(result).toMatchObject({ value: { findings: [], disabled } });
});

describe('a fault is an error with what was seen, and what to do', () => {
  test.each<[string, Status, { name: string; evidence: RegExp; remedy: RegExp }]>([
    [
      'one controller is cut off',
      { instances: everywhere, quorum: false },
      { name: 'NoQuorum', evidence: /no quorum, as node-3 sees it/, remedy: /crm_mon -1/ },
    ],
    [
      'nobody knows the resource',
      { instances: everywhere.map((one) => ({ ...one, id: 'haproxy' })) },
      { name: 'HAProxyResourceUnknown', evidence: /no resource p_haproxy/, remedy: /haproxy\.resource/ },
    ],
    [
      'it is unmanaged',
      { instances: everywhere.map((one) => ({ ...one, managed: false })) },
      {
        name: 'HAProxyResourceUnmanaged',
        evidence: /does not manage p_haproxy/,
        remedy: /pcs resource manage p_haproxy/,
      },
    ],
    [
      'the cluster is in maintenance mode',
      { maintenance: true, instances: everywhere.map((one) => ({ ...one, managed: false })) },
      { name: 'HAProxyResourceUnmanaged', evidence: /maintenance mode/, remedy: /maintenance-mode=false/ },
    ],
    [
      'one does not run',
      { instances: [{ node: 'node-1' }, { node: 'node-3' }, {}] },
      { name: 'HAProxyResourceFailed', evidence: /not run on node-2$/, remedy: /crm_mon -1 -r/ },
    ],
    [
      'one has failed',
      { instances: [{ node: 'node-1' }, { node: 'node-2', failed: true }, { node: 'node-3' }] },
      { name: 'HAProxyResourceFailed', evidence: /not run on node-2$/, remedy: /pcs resource cleanup p_haproxy/ },
    ],
    [
      'one is blocked',
      { instances: [{ node: 'node-1' }, { node: 'node-2' }, { node: 'node-3', blocked: true }] },
      { name: 'HAProxyResourceFailed', evidence: /blocked/, remedy: /pcs resource cleanup p_haproxy/ },
    ],
    [
      'one is stopping just now',
      { instances: [{ node: 'node-1' }, { node: 'node-2', role: 'Stopping' }, { node: 'node-3' }] },
      { name: 'HAProxyResourceFailed', evidence: /not run on node-2$/, remedy: /crm_mon -1 -r/ },
    ],
    [
      'it is disabled and its stop failed',
      { instances: everywhere.map((one) => ({ ...one, targetRole: 'Stopped', failed: true, blocked: true })) },
      {
        name: 'HAProxyResourceFailed',
        evidence: /failed or is blocked/,
        remedy: /mend the cause.*pcs resource cleanup/,
      },
    ],
  ])('%s', async (_, status, { name, evidence, remedy }) => {
    const { result } = await checked({ 'node-3': { crmMon: crmMon(status) } });

    const like = {
      evidence: expect.stringMatching(evidence) as string,
      remedy: expect.stringMatching(remedy) as string,
    };
    expect(result).toMatchObject({ value: { findings: [{ name, severity: 'error', ...like }] } });
    expect(PACEMAKER_FINDINGS).toContain(name);
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

  test('one that all controllers see alike is told once', async () => {
    const { result } = await checked(onAll(crmMon({ instances: [{ node: 'node-1' }, { node: 'node-3' }, {}] })));

    expect(names(result)).toEqual(['HAProxyResourceFailed']);
  });

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
  ['HAProxy', { haproxy: { exitCode: 127, stderr: 'haproxy: No such file or directory' } }],
])('a %s that cannot be asked is an error of its own, no finding', async (_, answers) => {
  const { result } = await checked({ 'node-2': answers });

  expect(result).toMatchObject({
    reason: { name: 'CommandFailed', message: expect.stringContaining('node-2 of site golden') as string },
  });
});
