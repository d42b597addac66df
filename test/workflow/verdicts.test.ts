import { audit } from '../../domain/audit/audit';
import { auditText } from '../../cli/audit-text';
import { Trace } from '../../domain/audit/trace';
import { page } from '../../domain/audit/page';
import type { Report } from '../../domain/report/report';
import { style } from '../../cli/style';
import { ROOT } from '../../local/simulated-site/filesystem';
import type { VirtualLocal } from '../../local/deploy';
import type { Site } from '../../domain/site/document';
import { createHmac } from 'node:crypto';
import { sha256 } from '../../domain/canonical';
import { document, fileOn, reportOf, run, withLocal } from './local';

const CONF = '/etc/magnum/magnum.conf';
const FRAGMENT = '/etc/haproxy/conf.d/180-magnum.cfg';
const RULES = '/etc/iptables/rules.v4';

const on = ({ site }: VirtualLocal, name: string) => {
  const controller = site.controllers.get(name);
  if (!controller) throw new Error(`no ${name}`);
  return controller;
};

/** Somebody edits a file by hand. */
function edit(local: VirtualLocal, name: string, path: string, change: (text: string) => string): void {
  on(local, name).files.write(path, change(fileOn(local, name, path) ?? ''));
}

/** What is not as wanted: `node-1 THING: KIND: reason`. */
const found = ({ verdicts }: Report) =>
  verdicts
    .filter(({ verdict }) => verdict !== 'as wanted')
    .map(({ controllers, thing, verdict, reason }) =>
      timeless(`${controllers.join(',')} ${thing}: ${verdict}: ${reason}`),
    );

const timeless = (text: string) => text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'TIME');

test('a site on which nothing was applied yet, then one on which all is as wanted', async () => {
  await withLocal(document('golden'), async (local) => {
    const before = reportOf(await run(local, 'check'));
    reportOf(await run(local));
    const after = reportOf(await run(local, 'check'));

    const all = ['node-1', 'node-2', 'node-3'];
    expect(before.verdicts.filter(({ verdict }) => verdict === 'not applied yet')).toEqual(
      [RULES, CONF, FRAGMENT, 'firewall rule'].map((thing) => ({
        thing,
        ...{ verdict: 'not applied yet', reason: '', controllers: all },
      })),
    );
    expect(after.outcome).toBe('unchanged');
    expect(new Set(after.verdicts.map(({ verdict }) => verdict))).toEqual(new Set(['as wanted']));
    expect(after.verdicts.map(({ thing, controllers }) => [thing, controllers])).toEqual([
      ...[RULES, CONF, FRAGMENT, 'firewall rule', 'magnum-api', 'magnum-conductor', 'HAProxy'].map((one) => [one, all]),
      ...[
        'pacemaker',
        "Magnum's services, as they answer",
        'cluster template swarm-mode-cluster-template',
        'cluster swarm-mode-cluster',
      ].map((one) => [one, []]),
    ]);
  });
});

test('each kind of drift made by hand is named by one check, mended by an apply, and gone after it', async () => {
  await withLocal(document('golden'), async (local) => {
    const ofPackage = fileOn(local, 'node-3', CONF) ?? '';
    const applied =
      reportOf(await run(local))
        .execution.split(':')
        .at(-1) ?? '';
    await local.clock.sleep(3_600_000);
    edit(local, 'node-1', CONF, (text) => text.replace('heartbeat_rate = 2', 'heartbeat_rate = 3'));
    on(local, 'node-1').services.get('magnum-conductor')?.stop();
    edit(local, 'node-2', CONF, (text) => text.replace('[DEFAULT]', '[DEFAULT]\ndebug = true\naGVsbG8xMjM=\n'));
    on(local, 'node-2').files.files.delete(FRAGMENT);
    edit(local, 'node-2', RULES, (text) => text.replace(/^.*117 magnum-api.*\n/m, ''));
    // A package's upgrade replaces it, mode and all.
    edit(local, 'node-3', CONF, () => ofPackage);
    on(local, 'node-3').files.setMode(CONF, 0o644, ROOT);
    const { rules } = on(local, 'node-3').input;
    rules.push(
      ...rules.splice(
        rules.findIndex((rule) => JSON.stringify(rule).includes('117 magnum-api')),
        1,
      ),
    );
    local.site.faults.haproxyDies('node-3');

    const execution = await run(local, 'check');
    const checked = reportOf(execution);

    const since = `since execution ${applied}`;
    const older = `${CONF} changed at TIME, the process is older: it started at TIME`;
    const foreign =
      'foreign option: [DEFAULT] debug, [DEFAULT] <option of 11 characters>, changed at TIME at the latest, ' +
      `${since}; a restart loads it`;
    expect(found(checked)).toEqual([
      `node-1 ${CONF}: changed by others: [oslo_messaging_rabbit] heartbeat_rate, changed at TIME, ${since}`,
      `node-1 magnum-api: older than its config: ${older}`,
      'node-1 magnum-conductor: service down: magnum-conductor does not run',
      `node-2 ${RULES}: missing: somebody took it away, ${since}`,
      `node-2 ${CONF}: ${foreign}`,
      `node-2 ${FRAGMENT}: missing: somebody took it away, ${since}`,
      `node-2 magnum-api: older than its config: ${older}`,
      `node-2 magnum-conductor: older than its config: ${older}`,
      `node-3 ${CONF}: changed by others: [DEFAULT] host, [DEFAULT] transport_url, [api] host, ` +
        `[certificates] cert_manager_type, [database] connection and 33 more, changed at TIME, ${since}`,
      `node-3 owner and mode of ${CONF}: changed by others: 0:121 644 instead of 0:121 640, ${since}`,
      'node-3 firewall rule: misplaced rule: rule 25 of INPUT; it belongs at 20',
      `node-3 magnum-api: older than its config: ${older}`,
      `node-3 magnum-conductor: older than its config: ${older}`,
      'node-3 HAProxy: service down: HAProxy does not run',
      " Magnum's services, as they answer: service down: The Magnum API of node-3 (10.21.22.4:9511) does not answer: " +
        'no connection to 10.21.22.4:9511 within 5 s. magnum-conductor does not run on node-1.',
    ]);
    expect(checked.outcome).toBe('drift');
    const audited = audit(execution);
    expect(auditText(audited, style(false))).toContain(
      `${FRAGMENT} on node-2: missing: somebody took it away, ${since}`,
    );
    expect(page(audited)).toContain('changed by others');

    const mended = reportOf(await run(local));
    expect(mended.outcome).toBe('changed');
    const restart = `restart magnum-api and magnum-conductor, because`;
    expect(mended.plan.map(timeless)).toEqual(
      expect.arrayContaining([
        `node-2: ${restart} ${older}; ${foreign}`,
        `node-1, node-3: ${restart} ${CONF} changes`,
        'node-3: start p_haproxy there, because HAProxy does not run; nothing is disabled for it',
        expect.stringMatching(/^3 controllers: cycle p_haproxy, because node-2: .* changes; everything behind/),
      ]),
    );

    expect(found(reportOf(await run(local, 'check')))).toEqual([]);
  });
});

test('HAProxy that is dead beside what a reload left is not running, and is started there', async () => {
  // The simulated site of this generation has a process that a reload left.
  await withLocal(
    document('fuel'),
    async (local) => {
      reportOf(await run(local));
      local.site.faults.haproxyDies('node-2');

      const checked = reportOf(await run(local, 'check'));
      const mended = reportOf(await run(local));

      expect(found(checked)).toEqual(['node-2 HAProxy: service down: HAProxy does not run']);
      expect(mended.plan).toEqual([expect.stringMatching(/^node-2: start p_haproxy there/)]);
      expect(reportOf(await run(local, 'check')).outcome).toBe('unchanged');
    },
    { bare: document('fuel').bootstrap },
  );
});

test('HAProxy that pacemaker has given up on one controller is started there, and serves on elsewhere', async () => {
  await withLocal(document('golden'), async (local) => {
    const { site, clock } = local;
    reportOf(await run(local));
    site.faults.haproxyWillNotStart('node-3');
    site.faults.haproxyDies('node-3');
    await clock.sleep(60_000);
    site.faults.haproxyWillNotStart('node-3', false);

    const checked = reportOf(await run(local, 'check'));
    const mended = await run(local);

    expect(found(checked)).toEqual([
      'node-3 HAProxy: service down: HAProxy does not run',
      ' pacemaker: differs: HAProxyResourceFailed: Pacemaker does not start p_haproxy on node-3: p_haproxy failed on node-3 ' +
        'as often as its migration-threshold allows',
      " Magnum's services, as they answer: service down: HAProxy does not run on node-3: see crm_mon -1 -r.",
    ]);
    const plan = ['node-3: start p_haproxy there, because HAProxy does not run; nothing is disabled for it'];
    expect(checked).toMatchObject({ outcome: 'drift', plan, blastRadius: null });
    const report = reportOf(mended);
    expect(report).toMatchObject({ outcome: 'changed', plan, outageMs: null, outages: [], blastRadius: null });
    expect(report.controllers.map(({ progress }) => progress)).toEqual(['as wanted', 'as wanted', 'applied']);
    const states = mended.events.flatMap(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name ?? []);
    expect(states).toContain('Start HAProxy');
    expect(states).not.toContain('Disable HAProxy');
    expect(auditText(audit(mended), style(false))).toContain('node-3: applied: HAProxy started');
    expect(found(reportOf(await run(local, 'check')))).toEqual([]);
  });
});

test('HAProxy that does not start there either is told as that, and nothing was disabled', async () => {
  const golden = document('golden');
  const impatient = { ...golden, haproxy: { ...golden.haproxy, startTimeoutSeconds: 20 } };
  await withLocal(impatient, async (local) => {
    const { site, clock } = local;
    reportOf(await run(local));
    site.faults.haproxyWillNotStart('node-3');
    site.faults.haproxyDies('node-3');
    await clock.sleep(60_000);

    const failed = await run(local);

    expect(failed).toMatchObject({ status: 'FAILED', error: 'HAProxyStartTimeout' });
    expect(failed.cause).toContain('HAProxy did not run on node-3, and pacemaker was told to start it there');
    expect(failed.cause).toContain('waiting for: haproxy to start on node-3. Nothing was disabled.');
  });
});

test('what others have written is loaded by a restart of that controller alone, and an apply says so before', async () => {
  await withLocal(document('golden'), async (local) => {
    reportOf(await run(local));
    await local.clock.sleep(3_600_000);
    edit(local, 'node-2', CONF, (text) => text.replace('[DEFAULT]', '[DEFAULT]\ndebug = true\n'));

    const mended = reportOf(await run(local));
    const after = reportOf(await run(local, 'check'));

    expect(mended).toMatchObject({ outcome: 'changed', outageMs: null });
    expect(mended.plan.map(timeless)).toEqual([
      expect.stringMatching(
        /^node-2: restart .* because .*; foreign option: \[DEFAULT\] debug, .*; a restart loads it$/,
      ),
    ]);
    expect(fileOn(local, 'node-2', CONF)).toContain('\ndebug = true\n');
    expect([after.outcome, found(after)]).toEqual(['unchanged', []]);
  });
});

test('waived drift is in the report and nobody is told, until something else drifts or the waiver expires; an apply mends it', async () => {
  const waived = {
    verdicts: ['foreign option' as const, 'older than its config' as const],
    controllers: ['node-2'],
    ...{ reason: 'CHG-4711: debug log for the vendor', until: '2026-01-07' },
  };
  await withLocal({ ...document('golden'), waivers: [waived] }, async (local) => {
    reportOf(await run(local));
    const { messages } = local.deployment.topics;
    const told = messages.length;
    await local.clock.sleep(3_600_000);
    edit(local, 'node-2', CONF, (text) => text.replace('[DEFAULT]', '[DEFAULT]\ndebug = true\n'));

    const execution = await run(local, 'check');
    const checked = reportOf(execution);
    const quiet = messages.length === told;
    edit(local, 'node-1', CONF, (text) => text.replace('heartbeat_rate = 2', 'heartbeat_rate = 3'));
    const beside = reportOf(await run(local, 'check'));
    const message = messages.at(-1)?.message ?? '';
    await local.clock.sleep(3 * 86_400_000);
    const expired = reportOf(await run(local, 'check'));
    const mended = reportOf(await run(local));

    const isWaived = ({ verdicts }: Report) =>
      verdicts.filter(({ verdict }) => verdict !== 'as wanted').map(({ waived: by }) => by && !by.expired);
    expect([checked.outcome, isWaived(checked), quiet]).toEqual(['waived', [true, true, true], true]);
    expect(auditText(audit(execution), style(false))).toContain(
      'a restart loads it; waived until 2026-01-07: CHG-4711: debug log for the vendor',
    );
    expect(page(audit(execution))).toContain('foreign option (waived)');
    expect([beside.outcome, isWaived(beside).filter(Boolean).length]).toEqual(['drift', 3]);
    expect(message).toContain('Found: changed by others, older than its config.');
    expect(expired).toMatchObject({ outcome: 'drift' });
    expect(expired.verdicts.filter(({ waived: by }) => by?.expired)).toHaveLength(3);
    expect([mended.outcome, reportOf(await run(local, 'check')).outcome]).toEqual(['changed', 'unchanged']);
  });
});

test('a cluster that somebody deleted is named beside drift on the controllers', async () => {
  await withLocal(document('golden'), async (local) => {
    reportOf(await run(local));
    edit(local, 'node-2', CONF, (text) => text.replace('heartbeat_rate = 2', 'heartbeat_rate = 3'));
    local.site.openstack.clusters.length = 0;

    const { verdicts, clusters, outcome } = reportOf(await run(local, 'check'));

    expect(outcome).toBe('drift');
    expect(clusters).toMatchObject([{ action: 'missing' }]);
    expect(verdicts).toContainEqual({
      ...{ thing: 'cluster swarm-mode-cluster', verdict: 'missing', reason: '', controllers: [] },
    });
    expect(verdicts.some(({ thing, verdict }) => thing === CONF && verdict === 'changed by others')).toBe(true);
  });
});

test('where pacemaker keeps HAProxy stopped, that is said, and that nothing behind the VIP was looked at', async () => {
  await withLocal(document('golden'), async (local) => {
    reportOf(await run(local));
    local.site.pacemaker.setDisabled('node-1', 'p_haproxy', true);
    await local.clock.sleep(60_000);

    const checked = reportOf(await run(local, 'check'));
    const mended = reportOf(await run(local));

    expect(found(checked)).toEqual([
      'node-1,node-2,node-3 HAProxy: disabled: pacemaker keeps HAProxy stopped',
      ...[
        "Magnum's services, as they answer",
        'cluster template swarm-mode-cluster-template',
        'cluster swarm-mode-cluster',
      ].map((thing) => ` ${thing}: unknown: it was not looked at`),
    ]);
    expect(mended).toMatchObject({ outcome: 'changed', leftDisabled: true });
    expect(found(reportOf(await run(local, 'check')))).toEqual([]);
  });
});

test('an apply that fails leaves its report in the history, and people hear what is in place where', async () => {
  const keeping: Site = { ...document('golden'), onFailure: 'keep' };
  await withLocal(keeping, async (local) => {
    local.site.faults.onCommand((host, argv) =>
      argv[0] === 'service' && host === 'node-2' ? { exit: 1, stderr: 'injected' } : undefined,
    );

    const { status, error, cause = '', events } = await run(local);

    const trace = new Trace();
    for (const event of events) trace.take(event);
    const reporting = trace.steps.find(({ name }) => name === 'Report failure');
    const { report } = reporting?.output as { report: Report };
    expect([status, error]).toEqual(['FAILED', 'CommandFailed']);
    expect(cause.length).toBeLessThan(500);
    expect(report).toMatchObject({
      outcome: 'failed',
      failure: { error: 'CommandFailed', state: 'Restart services' },
      controllers: [
        { name: 'node-1', progress: 'partly applied' },
        { name: 'node-2', progress: 'partly applied' },
        { name: 'node-3', progress: 'partly applied' },
      ],
      outages: [],
    });
    expect(report.nextSteps.at(-1)).toBe('magnum-ha start golden --mode apply');
    for (const { name, digests } of report.controllers) {
      const key = local.deployment.parameters.get('/magnum-ha/golden/digest-key')?.value ?? '';
      const keyed = (text: string) => createHmac('sha256', key).update(text).digest('hex');
      for (const { path, after } of digests) {
        expect(after).toBe((path === CONF ? keyed : sha256)(fileOn(local, name, path) ?? ''));
      }
      expect(digests.map(({ path }) => path).sort()).toEqual([FRAGMENT, RULES, CONF].sort());
    }
    expect(local.deployment.topics.messages.at(-1)).toMatchObject({
      subject: 'magnum-ha: golden: failed, CommandFailed',
      message: expect.stringContaining('Now: partly applied on node-1, node-2, node-3.') as string,
    });
  });
});
