import { tellingOf } from '../../../domain/report/telling';
import type { Report } from '../../../domain/report/report';

const EXECUTION = 'arn:aws:states:us-east-1:123456789012:execution:magnum-ha:one';
const quiet: Report = {
  ...{
    site: 'golden',
    mode: 'check',
    outcome: 'unchanged',
    execution: EXECUTION,
    outageMs: null,
    outageBoundsMs: null,
    outageBudgetMs: null,
    haproxyUpdate: 'cycle',
  },
  ...{ blastRadius: null, document: { version: 'v1', sha256: '0'.repeat(64) } },
  ...{ startedAt: '2030-01-01T00:00:00Z', reportedAt: '2030-01-01T00:01:00Z', findings: [], platforms: [] },
  ...{ leftDisabled: false, authorization: null, bootstrap: null, verdicts: [], plan: [], controllers: [] },
  ...{ verification: null, failure: null, nextSteps: [], mending: null, outages: [], forecasts: [] },
  ...{ startedBy: { kind: 'unknown', who: null }, release: { version: '0.1.0', commit: 'c0ffee' } },
  ...{ clusterTemplates: null, clusters: null, rollBack: null },
};
const of = (changes: Partial<Report>) => tellingOf({ ...quiet, ...changes });

test('nobody is told if all is as wanted', () => {
  expect(of({})).toBeNull();
});

test('drift is told in a message that says where, what goes down, and what mends it', () => {
  const blastRadius = { listeners: ['a', 'b'], resources: ['vip'], readBy: 'crm_simulate' as const };

  const verdicts = [
    {
      thing: '/etc/magnum/magnum.conf',
      verdict: 'changed by others',
      reason: 'at 14:54',
      controllers: ['node-1', 'node-2'],
    },
    { thing: 'HAProxy', verdict: 'as wanted', reason: '', controllers: ['node-1', 'node-2'] },
  ] as const;

  const told = of({ outcome: 'drift', plan: ['node-1: change /etc/magnum/magnum.conf'], verdicts, blastRadius });

  expect(told?.subject).toBe('magnum-ha: golden: drift');
  expect(told?.text.split('\n')).toEqual([
    'Check of site golden: drift was found, and is not, or not all, removed.',
    'Found: changed by others.',
    '',
    '/etc/magnum/magnum.conf on node-1, node-2: changed by others: at 14:54',
    '',
    'To mend it HAProxy must be cycled. 2 listeners go down with it.',
    'To mend it: magnum-ha start golden --mode apply',
    `The whole report: magnum-ha audit ${EXECUTION}`,
  ]);
  expect(told?.event).toMatchObject({ kinds: ['changed by others'], plan: ['node-1: change /etc/magnum/magnum.conf'] });
});

test('of an outage that was not watched to its end, the bounds are told', () => {
  const told = of({ mode: 'apply', outcome: 'changed', outageBoundsMs: { atLeast: 700, atMost: 3_030 } });

  expect(told?.text).toContain('HAProxy was down for 700 to 3030 ms; not all of it was watched.');
  expect(told?.event).toMatchObject({ outageMs: null, outageBoundsMs: { atLeast: 700, atMost: 3_030 } });
});

test('an apply tells how long HAProxy was down, and what it made in the cloud', () => {
  const clusters = [
    { name: 'swarm-1', action: 'created' as const, managers: 3, workers: 5, differences: [] },
    { name: 'swarm-2', action: 'unchanged' as const, managers: 3, workers: 5, differences: [] },
  ];

  const told = of({ mode: 'apply', outcome: 'changed', outageMs: 612, clusters });

  expect(told?.text).toContain('HAProxy was down for 612 ms.');
  expect(told?.text).toContain('swarm-1: created');
  expect(told?.text).not.toContain('swarm-2');
  expect(told?.text).not.toContain('To mend it');
});

test('an outage that not all was watched of is told by its bounds', () => {
  const told = of({ mode: 'apply', outcome: 'changed', outageBoundsMs: { atLeast: 900, atMost: 4100 } });

  expect(told?.text).toContain('HAProxy was down for 900 to 4100 ms; not all of it was watched.');
});

test('a finding that is an error is told although nothing differs; what is only a warning is not', () => {
  const finding = (severity: 'error' | 'warning') => ({
    name: 'NoQuorum',
    severity,
    evidence: 'two of three',
    remedy: 'r',
  });

  expect(of({ findings: [finding('warning')] as unknown as Report['findings'] })).toBeNull();
  expect(of({ findings: [finding('error')] as unknown as Report['findings'] })).toMatchObject({
    subject: 'magnum-ha: golden: findings',
    text: expect.stringContaining('NoQuorum: two of three') as string,
    event: { outcome: 'unchanged', errors: ['NoQuorum'] },
  });
});

test('a message stays short, and SNS takes its subject', () => {
  const plan = Array.from({ length: 60 }, (_, index) => `node-${index}: change ${'x'.repeat(1000)}`);

  const told = of({ site: `ö${'n'.repeat(200)}`, mode: 'apply', outcome: 'drift', plan });

  expect(told?.subject).toMatch(/^[\x20-\x7e]{1,100}$/);
  expect(told?.text).toContain('and 55 more');
  expect(told?.text.length).toBeLessThan(4000);
});

test('a check that would have HAProxy updated tells for how long the VIP would not answer by each way', () => {
  const basis = 'as measured on the lab';
  const { text = '' } =
    of({
      outcome: 'drift',
      forecasts: [
        { update: 'cycle', ms: 778, basis, hindrance: null },
        { update: 'rolling', ms: 458, basis, hindrance: 'No address depends on p_haproxy' },
        { update: 'reload', ms: 0, basis, hindrance: null },
      ],
    }) ?? {};

  expect(text).toContain(
    '\nThe VIP would not answer, by haproxy.update: cycle for about 778 ms, rolling is not possible, reload not at all.\n',
  );
});
