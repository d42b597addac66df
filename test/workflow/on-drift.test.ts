import type { Report } from '../../domain/report/report';
import type { Site } from '../../domain/site/document';
import { PARENT_EXECUTION } from '../../domain/site/started-by';
import type { VirtualLocal } from '../../local/deploy';
import { putDocument } from '../../local/deploy';
import { changes, document, fileOn, reportOf, run, withLocal } from './local';

// Virtual time begins on a Monday at nine, UTC.
const CLOSED = { opens: '0 22 * * sat', timeZone: 'Europe/Berlin', minutes: 240 };
const OPEN = { ...CLOSED, opens: '0 * * * *' };
const CONF = '/etc/magnum/magnum.conf';
const FRAGMENT = '/etc/haproxy/conf.d/180-magnum.cfg';
const FLEET = 'arn:aws:states:us-east-1:123456789012:execution:magnum-ha-fleet:one';
const MEND: Site['onDrift'] = { 'changed by others': 'mend', 'older than its config': 'mend' };
const IN_WINDOW: Site['onDrift'] = { ...MEND, 'changed by others': 'mend in window' };

function edit({ site }: VirtualLocal, name = 'node-2', by = 'heartbeat_rate = 3'): void {
  const files = site.controllers.get(name)?.files;
  files?.write(CONF, (files.files.get(CONF)?.content ?? '').replace(/heartbeat_rate = \d+/, by));
}

/** A site on which all is as wanted, then a document of the same site with this in it. */
async function withApplied(changed: Partial<Site>, action: (local: VirtualLocal) => Promise<void>): Promise<void> {
  await withLocal(document('golden'), async (local) => {
    reportOf(await run(local));
    putDocument(local.deployment, 'golden', { ...document('golden'), ...changed });
    await local.clock.sleep(3_600_000);
    await action(local);
  });
}

/** A check that the schedule starts, and what it starts by itself, to its end. */
async function scheduled({ deployment, clock }: VirtualLocal) {
  const before = new Set(deployment.listExecutions({ machine: 'magnum-ha' }).map(({ executionArn }) => executionArn));
  const check = deployment.start('magnum-ha', { input: { site: 'golden', mode: 'check', [PARENT_EXECUTION]: FLEET } });
  const checked = reportOf(await check.result);
  const later = () =>
    deployment
      .listExecutions({ machine: 'magnum-ha' })
      .filter(({ executionArn, input = '' }) => !before.has(executionArn) && input.includes('"apply"'));
  while (later().some(({ status }) => status === 'RUNNING')) await clock.sleep(1000);
  const applies = later();
  return { checked, applies, applied: JSON.parse(applies[0]?.output ?? 'null') as Report | null };
}

const lastMessage = ({ deployment }: VirtualLocal) => deployment.topics.messages.at(-1)?.message ?? '';

test('what may be mended a scheduled check has mended, by an apply whose starter is on record', async () => {
  await withApplied({ onDrift: MEND }, async (local) => {
    edit(local);

    const { checked, applies, applied } = await scheduled(local);

    expect(checked).toMatchObject({ outcome: 'drift', mending: { starts: true } });
    expect(applies).toHaveLength(1);
    expect(applied).toMatchObject({
      outcome: 'changed',
      startedBy: { kind: 'execution', who: checked.execution },
      outages: [],
    });
    expect(local.deployment.topics.messages.map(({ message }) => message)).toContainEqual(
      expect.stringContaining('An apply follows by itself'),
    );
    expect(fileOn(local, 'node-2', CONF)).toContain('heartbeat_rate = 2');
    expect((await scheduled(local)).checked.outcome).toBe('unchanged');
  });
});

test('a check that a person starts touches nothing, and starts nothing', async () => {
  await withApplied({ onDrift: MEND }, async (local) => {
    edit(local);
    const touched = changes(local).length;

    const checked = reportOf(await run(local, 'check'));
    await local.clock.sleep(60_000);

    expect(checked).toMatchObject({ outcome: 'drift', mending: null });
    expect(changes(local)).toHaveLength(touched);
  });
});

describe('a person is needed, and told why', () => {
  test.each<[string, Partial<Site>, (local: VirtualLocal) => void, RegExp]>([
    [
      'for a kind of drift that is to be told',
      { onDrift: { 'older than its config': 'mend' } },
      edit,
      /of \/etc\/magnum\/magnum\.conf on node-2 \(changed by others: .*\) people are to be told/,
    ],
    [
      'for a cycle of HAProxy',
      { onDrift: { missing: 'mend' } },
      ({ site }) => site.controllers.get('node-1')?.files.files.delete(FRAGMENT),
      /HAProxy would be cycled/,
    ],
    [
      'for what is waived beside it',
      {
        onDrift: MEND,
        waivers: [
          { verdicts: ['changed by others'], controllers: ['node-1'], reason: 'CHG-4711', until: '2026-12-31' },
        ],
      },
      (local) => {
        edit(local);
        edit(local, 'node-1');
      },
      /magnum\.conf on node-1 is waived until 2026-12-31/,
    ],
    [
      'for what is in the cloud',
      { onDrift: { missing: 'mend' } },
      ({ site }) => (site.openstack.clusters.length = 0),
      /swarm-mode-cluster is in the cloud/,
    ],
    [
      'outside the change window',
      { onDrift: IN_WINDOW, changeWindow: CLOSED },
      edit,
      /the change window is closed: .*10 Jan 2026, 22:00/,
    ],
  ])('%s', async (_, changed, drift, reason) => {
    await withApplied(changed, async (local) => {
      drift(local);

      const { checked, applies } = await scheduled(local);

      expect(checked).toMatchObject({ outcome: 'drift', mending: { starts: false } });
      expect(checked.mending?.reason).toMatch(reason);
      expect(lastMessage(local)).toContain(`It is not mended by itself: ${checked.mending?.reason ?? ''}.`);
      expect(applies).toEqual([]);
    });
  });
});

test.each<[string, Partial<Site>, object]>([
  ['"mend in window" while the window is open', { onDrift: IN_WINDOW, changeWindow: OPEN }, { changeWindow: 'open' }],
  [
    '"mend" at any time, on record',
    { onDrift: MEND, changeWindow: CLOSED },
    { changeWindow: 'closed', outsideWindow: 'by onDrift of the site document' },
  ],
])('%s', async (_, changed, authorization) => {
  await withApplied(changed, async (local) => {
    edit(local);

    const { applied } = await scheduled(local);

    expect(applied).toMatchObject({ outcome: 'changed', authorization });
  });
});

test('one that failed is not repeated for the same drift, but for another one, and a week later', async () => {
  await withApplied({ onDrift: MEND }, async (local) => {
    edit(local);
    local.site.faults.onCommand((host, argv) =>
      argv[0] === 'service' && host === 'node-2' ? { exit: 1, stderr: 'injected' } : undefined,
    );

    const first = await scheduled(local);
    await local.clock.sleep(3_600_000);
    const second = await scheduled(local);
    const told = lastMessage(local);
    edit(local, 'node-1');
    const other = await scheduled(local);
    await local.clock.sleep(8 * 86_400_000);
    const later = await scheduled(local);

    expect(first.applies).toMatchObject([{ status: 'FAILED' }]);
    expect([second.checked.outcome, second.applies]).toEqual(['drift', []]);
    expect(told).toContain('an apply was already started for the same drift');
    expect(other.applies).toHaveLength(1);
    expect(later.applies).toHaveLength(1);
  });
});

test('where an approval is required, it is asked for', async () => {
  await withApplied({ onDrift: MEND, approval: 'required', approvalMinutes: 5 }, async (local) => {
    edit(local);

    const { applies } = await scheduled(local);

    expect(applies).toMatchObject([{ status: 'FAILED', error: 'ApprovalTimedOut' }]);
    expect(fileOn(local, 'node-2', CONF)).toContain('heartbeat_rate = 3');
  });
});

test('an apply that finds more than its check did is refused before it touches anything', async () => {
  await withApplied({ onDrift: MEND }, async (local) => {
    edit(local);
    local.site.controllers.get('node-3')?.files.files.delete(FRAGMENT);
    const touched = changes(local).length;

    const { status, error, cause } = await local.deployment.start('magnum-ha', {
      input: { site: 'golden', mode: 'apply', unattended: true, startedBy: FLEET },
    }).result;

    expect([status, error]).toEqual(['FAILED', 'PersonNeeded']);
    expect(cause).toMatch(/HAProxy would be cycled.*- node-2: change /s);
    expect(changes(local)).toHaveLength(touched);
  });
});
