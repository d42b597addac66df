import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { audit } from '../../domain/audit/audit';
import { intactRecord, type ArchivedRecord } from '../../domain/audit/record';
import { verifyArchive } from '../../domain/audit/verification';
import { sha256 } from '../../domain/canonical';
import { catalogue } from '../../domain/commands/catalogue';
import type { Report } from '../../domain/report/report';
import type { ExecutionResult } from '../../local/emulator/asl';
import { reportOf } from '../workflow/local';
import { type OpenStackLab, STARTED_BY, startOpenStackLab } from './lab';

// Compliance and audit on real daemons: each kind of drift is made by hand, and each question is answered from the archive alone.

/** Where the package's own magnum.conf is kept. */
const OF_PACKAGE = '/root/magnum.conf';

let site: OpenStackLab;
let files: ReturnType<typeof catalogue>['files'];
let applied: ExecutionResult;
beforeAll(async () => {
  site = await startOpenStackLab({ profile: 'core', speed: 10 });
  files = catalogue(site.lab.document).files;
  await everywhere(`cp -a ${files.magnumConf.path} ${OF_PACKAGE}`);
  applied = await site.execute('apply');
  reportOf(applied);
});
afterAll(() => site.close());

const everywhere = (script: string) => Promise.all(site.controllers.map((name) => site.bash(name, script)));

/** What is not as wanted, without what follows from it for Magnum's services as they answer: `node-1 THING: KIND`. */
const found = ({ verdicts }: Report) =>
  verdicts
    .filter(({ verdict, controllers }) => verdict !== 'as wanted' && controllers.length > 0)
    .flatMap(({ controllers, thing, verdict }) => controllers.map((name) => `${name} ${thing}: ${verdict}`))
    .sort();

const reasonOf = ({ verdicts }: Report, name: string, thing: string) =>
  verdicts.find((one) => one.thing === thing && one.verdict !== 'as wanted' && one.controllers.includes(name))?.reason;

describe('drift made by hand', () => {
  it('HAProxy dead on one controller, which pacemaker has given up: started there, without an outage', async () => {
    const { resource } = site.lab.document.haproxy;
    // The binary is away until pacemaker has tried often enough.
    const giveUp = [
      'mv /usr/sbin/haproxy /usr/sbin/haproxy.away',
      'pkill -x haproxy',
      `for _ in $(seq 120); do crm_mon -1 -r | grep -q "Failed Resource Actions" && break; sleep 0.5; done`,
      'mv /usr/sbin/haproxy.away /usr/sbin/haproxy',
    ];
    await site.bash('node-3', giveUp.join('; '));
    const dead = await site.bash('node-3', 'pgrep -x haproxy || true');

    const checked = reportOf(await site.execute('check'));
    const mended = reportOf(await site.execute('apply'));
    const after = reportOf(await site.execute('check'));

    expect(dead).toBe('');
    expect(found(checked)).toEqual(['node-3 HAProxy: service down']);
    expect(mended.plan).toEqual([
      `node-3: start ${resource} there, because HAProxy does not run; nothing is disabled for it`,
    ]);
    expect(mended).toMatchObject({ outcome: 'changed', outages: [], outageMs: null });
    expect(after.outcome).toBe('unchanged');
    expect(await site.bash('node-3', 'pgrep -x haproxy')).not.toBe('');
  });

  it('a service stopped, and an option edited: restarted there, HAProxy is left alone', async () => {
    await site.bash('node-1', 'service magnum-conductor stop');
    await site.bash('node-2', `sed -i 's/^heartbeat_rate.*/heartbeat_rate = 3/' ${files.magnumConf.path}`);

    const checked = reportOf(await site.execute('check'));
    const mended = reportOf(await site.execute('apply'));
    const after = reportOf(await site.execute('check'));

    expect(found(checked)).toEqual([
      'node-1 magnum-conductor: service down',
      `node-2 ${files.magnumConf.path}: changed by others`,
      'node-2 magnum-api: older than its config',
      'node-2 magnum-conductor: older than its config',
    ]);
    expect(reasonOf(checked, 'node-2', files.magnumConf.path)).toMatch(
      /^\[oslo_messaging_rabbit\] heartbeat_rate, changed at \S+Z, since execution /,
    );
    expect(mended.controllers.map(({ restarted }) => restarted !== null)).toEqual([true, true, false]);
    expect(mended).toMatchObject({ outcome: 'changed', blastRadius: null, outages: [] });
    expect(after.outcome).toBe('unchanged');
  });

  it('a foreign option, a deleted fragment, a rule behind DROP, a magnum.conf of the package: named at once, mended at once', async () => {
    const { magnumConf, fragment } = files;
    await site.bash('node-1', `sed -i '0,/^\\[DEFAULT\\]/s//[DEFAULT]\\ndebug = true/' ${magnumConf.path}`);
    await site.bash('node-2', `rm ${fragment.path}`);
    await site.bash(
      'node-2',
      'rule=$(iptables -S INPUT | grep 9511) && eval iptables ${rule/-A/-D} && eval iptables $rule',
    );
    await site.bash('node-3', `cp -a ${OF_PACKAGE} ${magnumConf.path}`);

    const checked = reportOf(await site.execute('check'));
    const mended = reportOf(await site.execute('apply'));
    const after = reportOf(await site.execute('check'));

    expect(found(checked)).toEqual(
      expect.arrayContaining([
        `node-1 ${magnumConf.path}: foreign option`,
        `node-2 ${fragment.path}: missing`,
        'node-2 firewall rule: misplaced rule',
        `node-3 ${magnumConf.path}: changed by others`,
      ]),
    );
    expect(reasonOf(checked, 'node-1', magnumConf.path)).toMatch(/^\[DEFAULT\] debug, .*a restart loads it$/);
    expect(mended.outcome).toBe('changed');
    expect(mended.outages).toHaveLength(1);
    expect(after.outcome).toBe('unchanged');
  });

  it('a resource that somebody disabled: told as an error with the command that ends it, and an apply enables it first', async () => {
    const { resource } = site.lab.document.haproxy;
    await site.bash('node-1', `pcs resource disable ${resource} --wait=60`);

    const checked = reportOf(await site.execute('check'));
    const mended = reportOf(await site.execute('apply'));
    const after = reportOf(await site.execute('check'));

    expect(checked.findings).toContainEqual(
      expect.objectContaining({
        severity: 'error',
        remedy: expect.stringContaining(`pcs resource enable ${resource}`) as string,
      }),
    );
    expect(mended.leftDisabled).toBe(true);
    expect(after.outcome).toBe('unchanged');
  });
});

describe("an auditor's questions, from the archive alone", () => {
  /** The record of an execution, which is written some time after its end. */
  const recordOf = async ({ executionArn }: ExecutionResult): Promise<ArchivedRecord> => {
    for (let attempts = 60; attempts > 0; attempts -= 1) {
      for (const [key, text] of await site.stored('records/')) {
        const record = key.endsWith('record.json') ? (JSON.parse(text) as ArchivedRecord) : undefined;
        if (record?.execution.executionArn === executionArn) return record;
      }
    }
    throw new Error(`no record of ${executionArn}`);
  };

  it('of one that went well', async () => {
    const { document } = site.lab;
    const managed = [files.rules, files.magnumConf, files.fragment].map(({ path }) => path);

    const record = await recordOf(applied);
    const answers = audit(record);
    const report = record.report as Report;

    // Who or what started it, when, on which input.
    expect(answers.execution).toMatchObject({ startedBy: { kind: 'person', who: STARTED_BY }, status: 'SUCCEEDED' });
    expect(JSON.parse(answers.execution.input)).toMatchObject({ site: document.name, mode: 'apply' });
    expect(answers.execution.milliseconds).toBeGreaterThan(0);
    // Which version of the document, and of magnum-ha.
    const [stored = ''] = [...(await site.stored('sites/'))].flatMap(([key, text]) =>
      key.endsWith(document.name) ? [text] : [],
    );
    expect(answers.document?.sha256).toBe(sha256(stored));
    expect(report.release.version).toMatch(/^\d+\.\d+\.\d+$/);
    // What changed where, its digests, and why.
    expect(answers.verdict.outcome).toBe('changed');
    for (const { name, files: audited, restarted } of answers.controllers) {
      expect([name, audited.map(({ path, written }) => [path, written])]).toEqual([
        name,
        managed.map((path) => [path, true]),
      ]);
      expect(restarted).not.toBeNull();
    }
    for (const { digests } of report.controllers) {
      expect(digests.map(({ path }) => path)).toEqual(managed);
      for (const { before, after } of digests) expect(after).not.toBe(before);
    }
    expect(answers.plan.join('\n')).toContain(`because ${files.magnumConf.path} changes`);
    // Which commands ran on which host, in which order.
    const changing = (answers.commands ?? []).filter(({ command }) => /magnum-api restart|cibadmin -M/.test(command));
    expect(changing.map(({ controller }) => controller)).toEqual(expect.arrayContaining([...site.controllers]));
    // The outage, from when to when.
    expect(answers.outages).toEqual([
      expect.objectContaining({
        from: expect.stringMatching(/Z$/) as string,
        to: expect.stringMatching(/Z$/) as string,
      }),
    ]);
    // Approved by nobody: the document asks for nothing. What it cost.
    expect(answers.authorized).toBeNull();
    expect(answers.cost.dollars).toBeGreaterThan(0);
  });

  it('of one that failed, and was rolled back', async () => {
    const { magnumConf, fragment } = files;
    const script = '/etc/init.d/magnum-conductor';
    // Fails once, and is then the package's own again.
    const failOnce = [
      `cp -a ${script} /root/magnum-conductor`,
      `printf '#!/bin/sh\\nmv -f /root/magnum-conductor ${script}\\nexit 1\\n' > /root/failing`,
      `chmod 755 /root/failing && mv -f /root/failing ${script}`,
    ];
    let prepared: Promise<unknown> | undefined;
    const prepare = ({ stateEnteredEventDetails: entered }: HistoryEvent) => {
      if (entered?.name === 'Restart Magnum') prepared ??= site.bash('node-2', failOnce.join(' && '));
    };
    const before = await everywhere(`sha256sum ${magnumConf.path}`);
    const { document } = site.lab;
    const extraOptions = { ...document.magnum.extraOptions, api: { max_limit: '500' } };
    const changed = { ...document, magnum: { ...document.magnum, extraOptions } };
    await everywhere(`rm -f ${fragment.path}`);

    const failed = await site.execute('apply', changed, prepare);

    await prepared;
    const record = await recordOf(failed);
    const answers = audit(record);
    expect(answers.execution.status).toBe('FAILED');
    expect(answers.verdict.outcome).toBe('rolled-back');
    expect(answers.failure?.cause).toContain('node-2');
    expect(answers.controllers.map(({ state }) => state)).toEqual(site.controllers.map(() => 'rolled back'));
    expect(answers.verdict.todo.at(-1)).toContain('magnum-ha start');
    expect(await everywhere(`sha256sum ${magnumConf.path}`)).toEqual(before);
    expect(intactRecord(JSON.stringify(record))).toBeDefined();
  });

  it('is the archive whole and unaltered: verified offline, one altered byte is named', async () => {
    const stored = new Map([...(await site.stored('records/')), ...(await site.stored('heads/'))]);
    const [first = ''] = [...stored.keys()].filter((key) => key.endsWith('record.json'));
    // eslint-disable-next-line @typescript-eslint/require-await -- as the objects of a bucket come
    const copy = async function* (texts: ReadonlyMap<string, string>) {
      for (const [path, text] of texts) yield { path: `/copy/${path}`, text };
    };

    const whole = await verifyArchive(copy(stored), Date.now());
    const altered = await verifyArchive(
      copy(new Map([...stored, [first, (stored.get(first) ?? '').replace('"mode', '"Mode')]])),
      Date.now(),
    );

    expect(whole.problems).toEqual([]);
    expect(whole.sites).toEqual([expect.objectContaining({ site: site.lab.document.name, hasHead: true })]);
    expect(altered.problems).toContainEqual(expect.objectContaining({ kind: 'altered' }));
  });
});
