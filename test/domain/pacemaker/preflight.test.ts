import { preflight } from '../../../domain/pacemaker/preflight';
import type { Outcome } from '../../../domain/ssh/command';
import { site } from '../sites';
import { fakeSession } from '../fake-session';
import { crmMon, type Instance, type Status } from './crm-mon';

const golden = site('golden');
const everywhere: Instance[] = [{ node: 'node-1' }, { node: 'node-2' }, { node: 'node-3' }];
const well = crmMon({ instances: everywhere });

/** Preflight of a site on which all is well but for what one controller says. */
function preflightWith(
  controller: string,
  answers: { crmMon?: Partial<Outcome> | string; haproxy?: Partial<Outcome> },
) {
  const { session, ran } = fakeSession({
    answer: (name, [program]) => {
      if (program === 'crm_mon') return name === controller ? (answers.crmMon ?? well) : well;
      return name === controller ? answers.haproxy : undefined;
    },
  });
  return { done: preflight(session, golden), ran };
}

test('passes where HAProxy is well, on every controller', async () => {
  const { done, ran } = preflightWith('node-1', {});

  await done;

  expect(ran.filter((one) => one.includes('crm_mon')).sort()).toEqual(
    ['node-1', 'node-2', 'node-3'].map((name) => `${name}: crm_mon -1 -r --output-as=xml`),
  );
  expect(ran.filter((one) => one.includes('haproxy -c'))).toHaveLength(3);
  expect(ran).toHaveLength(6);
});

test.each<[string, Status, boolean]>([
  ['HAProxy is disabled: apply brings it back', { instances: everywhere.map(() => ({ targetRole: 'Stopped' })) }, true],
  [
    'pacemaker knows controllers by their full names',
    { instances: everywhere.map(({ node = '' }) => ({ node: `${node}.domain.tld` })) },
    false,
  ],
])('passes where %s', async (_, status, disabled) => {
  await expect(preflightWith('node-2', { crmMon: crmMon(status) }).done).resolves.toEqual({ disabled });
});

test.each<[string, Status, string, RegExp]>([
  ['one controller is cut off', { instances: everywhere, quorum: false }, 'NoQuorum', /crm_mon -1/],
  [
    'nobody knows the resource',
    { instances: everywhere.map((one) => ({ ...one, id: 'haproxy' })) },
    'HAProxyResourceUnknown',
    /no resource p_haproxy.*haproxy\.resource/,
  ],
  [
    'it is unmanaged',
    { instances: everywhere.map((one) => ({ ...one, managed: false })) },
    'HAProxyResourceUnmanaged',
    /pcs resource manage p_haproxy/,
  ],
  [
    'the cluster is in maintenance mode',
    { maintenance: true, instances: everywhere.map((one) => ({ ...one, managed: false })) },
    'HAProxyResourceUnmanaged',
    /maintenance-mode=false/,
  ],
  [
    'one does not run',
    { instances: [{ node: 'node-1' }, { node: 'node-3' }, {}] },
    'HAProxyResourceFailed',
    /not run on node-2/,
  ],
  [
    'one has failed',
    { instances: [{ node: 'node-1' }, { node: 'node-2', failed: true }, { node: 'node-3' }] },
    'HAProxyResourceFailed',
    /not run on node-2.*pcs resource cleanup p_haproxy/,
  ],
  [
    'one is blocked',
    { instances: [{ node: 'node-1' }, { node: 'node-2' }, { node: 'node-3', blocked: true }] },
    'HAProxyResourceFailed',
    /blocked/,
  ],
  [
    'one is stopping just now',
    { instances: [{ node: 'node-1' }, { node: 'node-2', role: 'Stopping' }, { node: 'node-3' }] },
    'HAProxyResourceFailed',
    /not run on node-2/,
  ],
  [
    'it is disabled and its stop failed',
    { instances: everywhere.map((one) => ({ ...one, targetRole: 'Stopped', failed: true, blocked: true })) },
    'HAProxyResourceFailed',
    /failed or is blocked/,
  ],
])('refuses where %s', async (_, status, name, told) => {
  const { done } = preflightWith('node-3', { crmMon: crmMon(status) });

  await expect(done).rejects.toMatchObject({ name, message: expect.stringMatching(told) as string });
  await expect(done).rejects.toThrow('node-3 of site golden');
});

test.each([
  ['pacemaker does not run', { exitCode: 102, stdout: '<pacemaker-result/>' }],
  ['crm_mon fails', { exitCode: 1, stderr: 'Error: cluster is not available on this node' }],
  ['crm_mon prints nothing', ''],
])('refuses where %s on a controller', async (_, answer) => {
  const { done } = preflightWith('node-2', { crmMon: answer });

  await expect(done).rejects.toMatchObject({ name: 'PacemakerUnavailable' });
  await expect(done).rejects.toThrow('node-2');
});

test('refuses where the configuration in place is broken: HAProxy would not come back', async () => {
  const stderr =
    '[ALERT] parsing [/etc/haproxy/conf.d/010-stats.cfg:3] : unknown keyword\n[ALERT] Fatal errors found\n';

  const { done } = preflightWith('node-2', { haproxy: { exitCode: 1, stderr } });

  await expect(done).rejects.toMatchObject({ name: 'HAProxyConfigInvalid' });
  await expect(done).rejects.toThrow(/node-2 .*010-stats\.cfg:3/);
});
