import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { basename, dirname } from 'node:path';
import { catalogue } from '../../domain/commands/catalogue';
import type { Verification } from '../../domain/controller/verify';
import { reportOf } from '../workflow/local';
import { type OpenStackLab, startOpenStackLab } from './lab';

// The main job on real Keystone and Magnum, without what clusters are made of.

/** What a daemon says of options and of its own code that will go. */
const DEPRECATED = /deprecat/i;
/** Magnum 15's own, whatever it is configured with. */
const ITS_OWN = /_send_cluster_metrics/;

let site: OpenStackLab;
beforeAll(async () => {
  site = await startOpenStackLab({ profile: 'core', speed: 10 });
});
afterAll(() => site.close());

it('before: Magnum is as its packages leave it, and HAProxy does not know it', async () => {
  const { magnumConf, fragment } = catalogue(site.lab.document).files;

  const [conf, fragments] = await Promise.all([
    site.bash('node-1', `cat ${magnumConf.path}`),
    site.bash('node-1', `ls ${dirname(fragment.path)}`),
  ]);

  expect(conf).not.toContain(site.lab.document.virtualIp);
  expect(fragments).not.toContain(basename(fragment.path));
});

it('apply: three conductors with heartbeats younger than their restarts, every API direct and through the VIP', async () => {
  const report = reportOf(await site.execute('apply'));

  expect(report).toMatchObject({ outcome: 'changed', verification: { healthy: true } });
  const restarts = report.controllers.map(({ restarted }) => restarted?.restartedAt ?? Infinity).sort();
  const heartbeats = (report.verification?.conductors ?? []).map(({ heartbeatAt }) => heartbeatAt).sort();
  expect(heartbeats).toHaveLength(3);
  expect(heartbeats.map((at, index) => at > (restarts[index] ?? Infinity))).toEqual([true, true, true]);
  expect(report.verification?.apis.map(({ name, answers }) => [name, answers])).toEqual(
    [...site.controllers, 'VIP'].map((name) => [name, true]),
  );
  expect(await vipAnswers()).toContain('OpenStack Magnum API');
});

it('a second run finds nothing to change', async () => {
  const report = reportOf(await site.execute('apply'));

  expect(report).toMatchObject({ outcome: 'unchanged', plan: [], outageMs: null });
  expect(report.controllers.map(({ restarted }) => restarted)).toEqual([null, null, null]);
});

it('a check of it looks at everything in one step', async () => {
  const checked = await site.execute('check');

  const entered = checked.events.flatMap(({ stateEnteredEventDetails: details }) => details?.name ?? []);
  expect(reportOf(checked)).toMatchObject({ outcome: 'unchanged', verification: { healthy: true } });
  expect(entered).not.toContain('Preflight');
  expect(entered.length).toBeLessThanOrEqual(12);
});

it('with no deprecation warning in their logs', async () => {
  // As its packages leave it Magnum warns of itself, too: what now runs has said only what has its PID.
  const own = `awk -v pids=" $(pgrep '^magnum-' | tr '\\n' ' ')" 'index(pids, " " $3 " ")' /var/log/magnum/*.log`;
  const logs = await Promise.all(site.controllers.map((name) => site.bash(name, own)));

  const lines = logs.flatMap((log) => log.split('\n').filter((line) => DEPRECATED.test(line) && !ITS_OWN.test(line)));
  expect(lines).toEqual([]);
  for (const log of logs) expect(log).toContain('Starting server');
});

it('a conductor killed after its restart: Verify fails although service-list says up', async () => {
  const { magnumConf, fragment } = catalogue(site.lab.document).files;
  for (const name of site.controllers) {
    await site.bash(
      name,
      `sed -i 's/^heartbeat_rate.*/heartbeat_rate = 3/' ${magnumConf.path} && rm -f ${fragment.path}`,
    );
  }
  let killed: Promise<unknown> | undefined;
  const kill = ({ stateEnteredEventDetails: entered }: HistoryEvent) => {
    if (entered?.name === 'Disable HAProxy') killed ??= site.bash('node-2', 'kill -KILL $(pgrep -x magnum-conducto)');
  };

  const { status, error, cause, events } = await site.execute('apply', undefined, kill);

  await killed;
  expect({ status, error }).toEqual({ status: 'FAILED', error: 'VerificationFailed' });
  expect(cause).toContain('magnum-conductor does not run on node-2');
  // Before the roll-back, which restarts services and observes them, too.
  const rolledBack = events.findIndex(({ stateEnteredEventDetails: entered }) => entered?.name === 'Roll back files');
  const observed = events
    .slice(0, rolledBack)
    .flatMap(({ taskSucceededEventDetails: details }) => details?.output ?? [])
    .map((output) => (JSON.parse(output) as { Payload?: Partial<Verification> }).Payload?.conductors)
    .filter((conductors) => conductors !== undefined);
  expect(observed.at(-1)?.map(({ state }) => state)).toEqual(['up', 'up', 'up']);
});

/** What the VIP answers on the API's port. */
function vipAnswers(): Promise<string> {
  const { virtualIp, magnum } = site.lab.document;
  const get = `import urllib.request as r; print(r.urlopen("http://${virtualIp}:${magnum.apiPort}/", timeout=5).read().decode())`;
  return site.bash('node-1', `python3 -c '${get}'`);
}
