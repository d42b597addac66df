import { catalogue } from '../../lambdas/controller/commands';
import { reportOf } from '../workflow/local';
import { type OpenStackLab, startOpenStackLab } from './lab';

// The main job on real Keystone and Magnum, without what clusters are made of.

/** What a daemon says of options and of its own code that will go. */
const DEPRECATED = /deprecat/i;
/** Magnum 15's own, whatever it is configured with. */
const ITS_OWN = /_send_cluster_metrics/;

let site: OpenStackLab;
beforeAll(async () => {
  site = await startOpenStackLab({ profile: 'core' });
});
afterAll(() => site.close());

it('before: no Magnum is configured, and nobody serves its port', async () => {
  const { magnumConf, fragment } = catalogue(site.lab.document).files;

  const [conf, fragments, ports] = await Promise.all([
    site.bash('node-1', `cat ${magnumConf.path}`),
    site.bash('node-1', `ls ${fragment.path} 2>&1 || true`),
    site.bash('node-1', 'ss -Hltn "sport = :9511"'),
  ]);

  expect(conf).not.toMatch(/^(connection|transport_url|auth_url) *=/m);
  expect(fragments).toContain('No such file');
  expect(ports).toBe('');
});

it('apply: three conductors with heartbeats younger than their restarts, every API direct and through the VIP', async () => {
  const report = reportOf(await site.execute('apply'));

  expect(report).toMatchObject({ outcome: 'changed', verification: { healthy: true } });
  expect(report.verification?.conductors.map(({ state }) => state)).toEqual(['up', 'up', 'up']);
  const restarts = report.restarts.map(({ restartedAt }) => restartedAt);
  expect(restarts).toHaveLength(3);
  for (const { heartbeatAt } of report.verification?.conductors ?? []) {
    expect(heartbeatAt).toBeGreaterThan(Math.min(...restarts));
  }
  expect(report.verification?.apis.map(({ name, answers }) => [name, answers])).toEqual(
    [...site.controllers, 'VIP'].map((name) => [name, true]),
  );
});

it('a second run finds nothing to change', async () => {
  const report = reportOf(await site.execute('apply'));

  expect(report).toMatchObject({ outcome: 'unchanged', plan: [], restarts: [], outageMs: null });
});

it('with no deprecation warning in the logs', async () => {
  const logs = await Promise.all(site.controllers.map((name) => site.bash(name, 'cat /var/log/magnum/*.log')));

  const lines = logs.flatMap((log) => log.split('\n').filter((line) => DEPRECATED.test(line) && !ITS_OWN.test(line)));
  expect(lines).toEqual([]);
  for (const log of logs) expect(log).not.toBe('');
});

it('a conductor killed after its restart: Verify fails although service-list says up', async () => {
  await site.bash('node-2', 'pkill -KILL -f /usr/bin/magnum-conductor; ! pgrep -f /usr/bin/magnum-conductor');

  const { status, error, cause, events } = await site.execute('check');

  expect({ status, error }).toEqual({ status: 'FAILED', error: 'VerificationFailed' });
  expect(cause).toContain('magnum-conductor does not run on node-2');
  expect(JSON.stringify(events)).toContain('up');
});
