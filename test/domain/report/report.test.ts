import type { Finding } from '../../../domain/findings/finding';
import { report, type ReportInput } from '../../../domain/report/report';
import { site } from '../sites';

const CONF = '/etc/magnum/magnum.conf';
const noPlan = { changed: false, stage: [], restart: [], start: [], cycle: false, blastRadius: null, summary: [] };
const somePlan = { ...noPlan, changed: true, stage: ['node-1'], summary: ['node-1: change /etc/magnum/magnum.conf'] };
const template = (action: ReportInput['clusterTemplates'][number]['action']) => ({
  name: 'swarm',
  action,
  differences: [],
});
const cluster = (action: ReportInput['clusters'][number]['action']) => ({
  ...{ name: 'swarm-1', action, managers: 3, workers: 5, differences: [] },
  done: true,
});

/** What an execution that found nothing to do gives to its report, with changes. */
function input(changes: Partial<ReportInput> = {}): ReportInput {
  return {
    site: site('golden'),
    document: { version: 'v1', sha256: '0'.repeat(64) },
    mode: 'apply',
    execution: 'arn:aws:states:us-east-1:123456789012:execution:magnum-ha:one',
    startedAt: '2030-01-01T00:00:00Z',
    reportedAt: '2030-01-01T00:01:00Z',
    findings: [],
    platforms: [],
    leftDisabled: false,
    authorization: null,
    bootstrap: null,
    schema: null,
    controllers: [],
    plan: noPlan,
    changes: [],
    lastOutages: null,
    restarts: [],
    started: null,
    cycle: null,
    verification: null,
    notSeen: null,
    clusterTemplates: [template('unchanged')],
    clusters: [cluster('unchanged')],
    rollBack: null,
    troubles: [],
    firstCycle: null,
    staged: [],
    failure: null,
    input: { site: 'golden', mode: 'apply', startedBy: 'alice' },
    ...changes,
  };
}

test('says who started it, as far as the input tells, and by which release it was made', () => {
  const parent = { AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: 'arn:fleet', startedBy: 'alice' };

  expect(report(input()).startedBy).toEqual({ kind: 'person', who: 'alice' });
  expect(report(input({ input: parent })).startedBy).toEqual({ kind: 'execution', who: 'arn:fleet' });
  expect(report(input({ input: { site: 'golden' } })).startedBy).toEqual({ kind: 'unknown', who: null });
  expect(report(input()).release).toEqual({ version: 'not bundled', commit: 'unknown' });
});

describe('the outcome', () => {
  test.each<[string, Partial<ReportInput>, string]>([
    ['nothing to do', {}, 'unchanged'],
    ['a check that found nothing', { mode: 'check' }, 'unchanged'],
    ['controllers that were changed', { plan: somePlan }, 'changed'],
    ['controllers that a check found different', { mode: 'check', plan: somePlan }, 'drift'],
    ['a template that was created', { clusterTemplates: [template('created')] }, 'changed'],
    ['a template that was updated', { clusterTemplates: [template('updated')] }, 'changed'],
    ['a cluster that was resized', { clusters: [cluster('resized')] }, 'changed'],
    ['a cluster that a check misses', { mode: 'check', clusters: [cluster('missing')] }, 'drift'],
    ['a template that a cluster keeps from being changed', { clusterTemplates: [template('differs')] }, 'drift'],
    ['drift that is left, beside what was changed', { plan: somePlan, clusters: [cluster('differs')] }, 'drift'],
  ])('%s', (_, changes, outcome) => {
    expect(report(input(changes)).outcome).toBe(outcome);
  });
});

describe('the outcome with waivers', () => {
  const golden = site('golden');
  const waiver = { verdicts: ['differs' as const], reason: 'CHG-1', until: '2030-12-31' };
  const kept = { ...template('differs'), name: 'swarm-mode-cluster-template' };
  const seen: Partial<ReportInput> = {
    mode: 'check',
    controllers: [{ name: 'node-1', files: [], firewall: 'same', stale: [], haproxy: 'current', verdicts: [] }],
    verification: { healthy: true, waitingFor: [], apis: [], conductors: [] },
    clusters: [{ ...cluster('unchanged'), name: 'swarm-mode-cluster' }],
  };
  const of = (changes: Partial<ReportInput>, one = waiver) =>
    report(input({ site: { ...golden, waivers: [one] }, clusterTemplates: [kept], ...changes })).outcome;

  test.each<[string, Partial<ReportInput>, string]>([
    ['what an apply cannot change', {}, 'waived'],
    ['beside what was changed', { plan: somePlan }, 'changed'],
    ['what a check found', seen, 'waived'],
    [
      'beside a fault of pacemaker, which is a finding',
      { ...seen, findings: [{ name: 'HAProxyConfigInvalid', severity: 'warning', evidence: 'e', remedy: 'r' }] },
      'waived',
    ],
    ['beside something that is missing', { ...seen, clusters: [cluster('missing')] }, 'drift'],
    ['beside something that nobody looked at', { ...seen, verification: null }, 'drift'],
  ])('%s', (_, changes, outcome) => {
    expect(of(changes)).toBe(outcome);
  });

  test('one that has expired accepts nothing', () => {
    expect(of(seen, { ...waiver, until: '2029-12-31' })).toBe('drift');
  });
});

describe('the outage', () => {
  const step = { done: true, waitingFor: '' };

  test.each<[string, ReportInput['cycle'], number | null]>([
    ['from the last answer to the first after it', { ...step, lastAnswerAt: 1000, firstAnswerAt: 2345 }, 1345],
    ['not known without a cycle', null, null],
    ['not known where the VIP never answered again', { ...step, lastAnswerAt: 1000, firstAnswerAt: null }, null],
    ['unknown if its beginning is unknown', { ...step, lastAnswerAt: null, firstAnswerAt: 2345 }, null],
  ])('%s', (_, cycle, outageMs) => {
    expect(report(input({ cycle })).outageMs).toBe(outageMs);
  });
});

test('what is down while HAProxy is cycled, also if a check only says so', () => {
  const blastRadius = {
    listeners: ['keystone-1 (10.21.22.2:5000)'],
    resources: ['vip__management'],
    readBy: 'crm_simulate' as const,
  };

  const result = report(input({ mode: 'check', plan: { ...somePlan, cycle: true, blastRadius } }));

  expect(result).toMatchObject({ outageMs: null, blastRadius });
});

describe('a controller', () => {
  const state = {
    name: 'node-1',
    files: [
      { path: CONF, state: 'differs' as const, diff: ['[api] host: 127.0.0.1 → 10.21.22.6'] },
      { path: '/etc/iptables/rules.v4', state: 'same' as const, diff: [] },
    ],
    firewall: 'differs' as const,
    stale: ['magnum-api'],
    haproxy: 'current' as const,
    verdicts: [],
  };

  test('is reported with what differed, what was written and what was restarted', () => {
    const result = report(
      input({
        plan: somePlan,
        controllers: [{ ...state, name: 'node-2' }, state],
        changes: [{ controller: 'node-1', files: [CONF], firewall: true }],
        restarts: [
          { controller: 'node-1', services: ['magnum-api', 'magnum-conductor'], restartedAt: 1, seconds: 1.6 },
        ],
      }),
    );

    expect(result.controllers[1]).toEqual({
      name: 'node-1',
      files: [{ path: CONF, state: 'differs', diff: ['[api] host: 127.0.0.1 → 10.21.22.6'] }],
      firewall: 'differs',
      written: [CONF],
      firewallChanged: true,
      restarted: { services: ['magnum-api', 'magnum-conductor'], restartedAt: 1, seconds: 1.6 },
      haproxyTurn: null,
      progress: 'applied',
      digests: [],
    });
  });

  test('whose firewall the first attempt changed is told from one that was right', () => {
    const again = { controller: 'node-1', files: [], firewall: false };

    const results = (['differs', 'same'] as const).map((firewall) =>
      report(input({ plan: somePlan, controllers: [{ ...state, firewall }], changes: [again] })),
    );

    expect(results.map(({ controllers }) => controllers[0]?.firewallChanged)).toEqual([true, false]);
  });

  test('that was only looked at was not written to', () => {
    const result = report(input({ mode: 'check', plan: somePlan, controllers: [state] }));

    expect(result.controllers[0]).toMatchObject({ written: [], firewallChanged: false, restarted: null });
  });
});

test('what operators and auditors ask first stands first', () => {
  const finding: Finding = { name: 'CoeDeprecated', severity: 'warning', evidence: 'swarm-mode', remedy: 'kubernetes' };

  const result = report(input({ findings: [finding], plan: somePlan }));

  expect(Object.keys(result).slice(0, 3)).toEqual(['site', 'mode', 'outcome']);
  expect(result).toMatchObject({ site: 'golden', mode: 'apply', findings: [finding], plan: somePlan.summary });
});

test('HAProxy that was enabled because it had been left disabled is a change', () => {
  const result = report(input({ leftDisabled: true }));

  expect(result).toMatchObject({ outcome: 'changed', leftDisabled: true, outageMs: null });
});

test('templates and clusters that were not compared are told from none that are wanted', () => {
  const verification = { healthy: true, waitingFor: [], apis: [], conductors: [] };

  const notCompared = report(input({ mode: 'check', plan: somePlan, clusterTemplates: [], clusters: [] }));
  const noneWanted = report(input({ verification, clusterTemplates: [], clusters: [] }));

  expect([notCompared.clusterTemplates, notCompared.clusters]).toEqual([null, null]);
  expect([noneWanted.clusterTemplates, noneWanted.clusters]).toEqual([[], []]);
});

test('a roll-back that could not begin names every controller that may be between old and new', () => {
  const plan = { ...somePlan, stage: ['node-1', 'node-3'] };

  const { rollBack } = report(input({ plan, troubles: ['BastionUnreachable: The bastion cannot be reached.'] }));

  expect(rollBack?.summary).toContain('Not rolled back: node-1, because: it could not begin there');
  expect(rollBack?.summary).toContain('Not rolled back: node-3, because: it could not begin there');
  expect(rollBack?.summary).toContain('On the way: BastionUnreachable');
});
