import type { Report } from '../../domain/report/report';
import type { Finding } from '../../domain/findings/finding';
import { reportText } from '../../cli/report-text';
import { style } from '../../cli/style';

const plain = style(true);

/** A report of an execution that had nothing to do, with changes. */
function report(changes: Partial<Report> = {}): Report {
  return {
    site: 'golden',
    mode: 'apply',
    execution: 'arn:one',
    startedAt: '2030-01-01T00:00:00Z',
    reportedAt: '2030-01-01T00:01:00Z',
    outcome: 'unchanged',
    findings: [],
    platforms: [],
    leftDisabled: false,
    bootstrap: null,
    plan: [],
    controllers: [],
    outageMs: null,
    blastRadius: null,
    verification: null,
    clusterTemplates: [],
    clusters: [],
    ...changes,
  };
}

const controller = {
  name: 'node-1',
  files: [
    { path: '/etc/magnum/magnum.conf', state: 'differs' as const, diff: ['[api] host: 127.0.0.1 → 10.21.22.6'] },
    {
      path: '/etc/haproxy/conf.d/180-magnum.cfg',
      state: 'absent' as const,
      diff: ['+listen magnum-api', '-listen old'],
    },
  ],
  firewall: 'differs' as const,
  written: [],
  firewallChanged: false,
  restarted: null,
};

test('nothing to do needs no sections', () => {
  expect(reportText(report(), plain)).toBe(
    'Report: site golden, mode apply: unchanged\narn:one, 2030-01-01T00:00:00Z to 2030-01-01T00:01:00Z\n',
  );
});

test('a check says what differs on a controller', () => {
  const text = reportText(report({ mode: 'check', outcome: 'drift', controllers: [controller] }), plain);

  expect(text.split('\n')).toEqual([
    'Report: site golden, mode check: drift',
    'arn:one, 2030-01-01T00:00:00Z to 2030-01-01T00:01:00Z',
    '',
    'Controller node-1:',
    '  /etc/magnum/magnum.conf: differs',
    '    [api] host: 127.0.0.1 → 10.21.22.6',
    '  /etc/haproxy/conf.d/180-magnum.cfg: differs (was absent)',
    '    +listen magnum-api',
    '    -listen old',
    '  firewall rule: differs',
    '',
  ]);
});

test('an apply says what was changed and restarted, and how long nothing answered', () => {
  const restarted = { services: ['magnum-api', 'magnum-conductor'], restartedAt: 1, seconds: 1.6 };

  const text = reportText(
    report({ outcome: 'changed', controllers: [{ ...controller, restarted }], outageMs: 845 }),
    plain,
  );

  expect(text).toContain('  /etc/magnum/magnum.conf: changed\n');
  expect(text).toContain('  firewall rule: changed\n');
  expect(text).toContain('  restarted magnum-api and magnum-conductor, back after 1.6 s\n');
  expect(text).toContain('Outage:\n  845 ms without an answer of the VIP\n');
});

test.each([
  ['apply' as const, 'Down while HAProxy was cycled:'],
  ['check' as const, 'Would be down while HAProxy is cycled:'],
])('%s says what a cycle takes down', (mode, title) => {
  const blastRadius = {
    listeners: ['keystone-1 (10.21.22.2:5000)'],
    resources: ['vip__management'],
    readBy: 'crm_simulate' as const,
  };

  const text = reportText(report({ mode, blastRadius }), plain);

  expect(text).toContain(
    `${title}\n  pacemaker resource vip__management (by crm_simulate)\n  listener keystone-1 (10.21.22.2:5000)\n`,
  );
});

test('a controller on which nothing differed is left out', () => {
  const text = reportText(report({ controllers: [{ ...controller, files: [], firewall: 'same' }] }), plain);

  expect(text).not.toContain('node-1');
});

test('findings come with their evidence and what to do; the plan in its sentences', () => {
  const finding: Finding = { name: 'RegionMissing', severity: 'error', evidence: 'no region', remedy: 'Set region.' };

  const text = reportText(report({ findings: [finding], plan: ['node-1: restart magnum-api'] }), plain);

  expect(text).toContain('Findings:\n  error RegionMissing: no region → Set region.\n');
  expect(text).toContain('Plan:\n  node-1: restart magnum-api\n');
});

test('HAProxy that had been left disabled is told, and that it was enabled', () => {
  const text = reportText(report({ leftDisabled: true }), plain);

  expect(text).toContain('HAProxy:\n  had been left disabled, and was enabled before anything else\n');
});

test('services as they were observed', () => {
  const verification = {
    healthy: false,
    waitingFor: [],
    apis: [
      { name: 'node-1', address: '10.21.22.6', answers: true },
      { name: 'VIP', address: '10.21.22.2', answers: false },
    ],
    conductors: [
      { id: 1, host: null, state: 'up', heartbeatAt: 1_893_456_000 },
      { id: 2, host: 'node-1', state: 'up', heartbeatAt: 1_893_456_001 },
    ],
  };

  const text = reportText(report({ verification }), plain);

  expect(text).toContain(
    'Services:\n' +
      '  Magnum API of node-1 (10.21.22.6): answers\n' +
      '  Magnum API of VIP (10.21.22.2): no answer\n' +
      '  magnum-conductor 1: up, last heartbeat 2030-01-01T00:00:00.000Z\n' +
      '  magnum-conductor of node-1: up, last heartbeat 2030-01-01T00:00:01.000Z\n',
  );
});

test('templates and clusters with what differs', () => {
  const differences = [{ field: 'node_count', found: 3, wanted: 5 }];

  const text = reportText(
    report({
      clusterTemplates: [{ name: 'swarm', uuid: 'u-1', action: 'unchanged', differences: [] }],
      clusters: [
        { name: 'c', uuid: 'u-2', action: 'differs', status: 'CREATE_COMPLETE', managers: 3, workers: 5, differences },
        { name: 'd', action: 'missing', managers: 1, workers: 2, differences: [] },
      ],
    }),
    plain,
  );

  expect(text).toContain('Cluster templates:\n  swarm (u-1): unchanged\n');
  expect(text).toContain('  c (u-2): differs, CREATE_COMPLETE, 3 managers + 5 workers; node_count: 3 → 5\n');
  expect(text).toContain('  d: missing, absent, 1 managers + 2 workers\n');
});

test('templates and clusters that were not compared', () => {
  const text = reportText(report({ clusterTemplates: null, clusters: null }), plain);

  expect(text).toContain('\nCluster templates and clusters were not compared: the controllers come first.\n');
});

test('colours what was added and removed, if there is colour', () => {
  const text = reportText(report({ controllers: [controller] }), (format, part) => `<${format}>${part}</${format}>`);

  expect(text).toContain('<green>+listen magnum-api</green>');
  expect(text).toContain('<red>-listen old</red>');
});
