import { checkResource } from '../../../domain/findings/haproxy-resource';
import type { Cib } from '../../../domain/pacemaker/cib';
import { parseClusterStatus } from '../../../domain/pacemaker/status';
import type { Site } from '../../../domain/site/document';
import { cibOf, cibText, cibWith, type Edits, statusOf } from '../pacemaker/cibs';
import { crmMon } from '../pacemaker/crm-mon';
import { site } from '../sites';

const golden = site('golden');
const HEALTHY = statusOf('3.0.2', 'healthy');

/** Everything that is found, as name, evidence and remedy. */
function told(cib: Cib, status = HEALTHY, document: Site = golden, shell: 'pcs' | 'crmsh' = 'pcs'): string[] {
  return checkResource(cib, status, document, shell).findings.map(
    ({ name, severity, evidence, remedy }) => `${severity} ${name}: ${evidence}. ${remedy}`,
  );
}

const resource = (id: string) => site('golden', ({ haproxy }) => (haproxy.resource = id));
const named = (...names: string[]) =>
  site('golden', (document) => {
    names.forEach((name, index) => Object.assign(document.controllers[index] ?? {}, { name }));
  });

describe('what keeps HAProxy from running is told with what ends it', () => {
  // What pacemaker 1.1.12 and 3.0.2 say of the same clusters: test/domain/pacemaker/crm_mon/README.md.
  test.each<[string, string[]]>([
    ['healthy', []],
    ['cloned-group', []],
    ['disabled', []],
    ['disabled-clone', []],
    ['cloned-group-disabled', []],
    [
      'standby',
      [
        'error HAProxyNotRunning: Pacemaker does not start p_haproxy on node-2: node-2 is in standby. End that first: ' +
          'pcs node unstandby node-2 (0.9.149 and older: pcs cluster unstandby node-2)',
      ],
    ],
    [
      'ban',
      [
        'error HAProxyNotRunning: Pacemaker does not start p_haproxy on node-3: the constraint ' +
          'cli-ban-clone_p_haproxy-on-node-3 keeps clone_p_haproxy off node-3. End that first: pcs resource clear clone_p_haproxy',
      ],
    ],
    [
      'stop-all',
      [
        'error HAProxyNotRunning: Pacemaker does not start p_haproxy: the property stop-all-resources is true. End that first: ' +
          'pcs property set stop-all-resources=false',
      ],
    ],
    [
      'node-lost',
      [
        'error HAProxyNotRunning: Pacemaker does not start p_haproxy on node-3: node-3 is offline. End that first: ' +
          'start corosync and pacemaker on node-3',
      ],
    ],
    [
      'blocked',
      [
        'error HAProxyResourceFailed: Pacemaker does not act on p_haproxy: an earlier stop failed on node-2, and pacemaker ' +
          'waits for a person there. End that first: stop the haproxy processes on node-2, then: pcs resource cleanup p_haproxy',
      ],
    ],
    [
      'unmanaged',
      [
        'error HAProxyResourceUnmanaged: Pacemaker does not act on p_haproxy: p_haproxy has is-managed=false. End that first: ' +
          'pcs resource manage p_haproxy',
      ],
    ],
    [
      'maintenance',
      [
        'error HAProxyResourceUnmanaged: Pacemaker does not act on p_haproxy: the cluster is in maintenance mode. End that ' +
          'first: pcs property set maintenance-mode=false',
      ],
    ],
    [
      'node-maintenance',
      [
        'error HAProxyResourceUnmanaged: Pacemaker does not act on p_haproxy: node-2 is in maintenance. End that first: ' +
          'pcs node unmaintenance node-2',
      ],
    ],
    [
      'resource-maintenance',
      [
        'error HAProxyResourceUnmanaged: Pacemaker does not act on p_haproxy: clone_p_haproxy has maintenance=true. End that ' +
          'first: pcs resource meta clone_p_haproxy maintenance=false',
      ],
    ],
    [
      'defaults-unmanaged',
      [
        'error HAProxyResourceUnmanaged: Pacemaker does not act on p_haproxy: rsc_defaults (the defaults of all resources) has ' +
          'is-managed=false. End that first: crm_attribute --type rsc_defaults --name is-managed --delete',
      ],
    ],
    [
      'group',
      [
        'error HAProxyResourceUnsupported: p_haproxy is a member of the group g_lb, so HAProxy runs on one controller at a ' +
          'time. It must run on every controller: make a clone of the group, or of p_haproxy alone.',
      ],
    ],
  ])('%s', (name, expected) => {
    const [old, current] = ['1.1.12', '3.0.2'].map((version) => told(cibOf(name), statusOf(version, name)));

    expect(old).toEqual(expected);
    expect(current).toEqual(expected);
  });

  test('a failed start, in the words of crmsh', () => {
    expect(told(cibOf('start-failed'), statusOf('2.1.5', 'start-failed'), golden, 'crmsh')).toEqual([
      'warning HAProxyResourceFailed: Pacemaker does not start p_haproxy on node-3: p_haproxy failed on node-3 as often as its ' +
        'migration-threshold allows. An apply makes pacemaker try again there, without an outage. If it fails again, look at ' +
        "crm_mon -1 -r and HAProxy's log on node-3.",
    ]);
  });

  test('a failed start is an error where HAProxy serves nowhere else', () => {
    const nowhere = statusOf('2.1.5', 'start-failed');
    const status = { ...nowhere, instances: nowhere.instances.map((one) => ({ ...one, role: 'Stopped', nodes: [] })) };

    expect(told(cibOf('start-failed'), status)[0]).toMatch(
      /^error HAProxyResourceFailed: .* End that first: pcs resource cleanup p_haproxy$/,
    );
  });

  const seen = (status: Parameters<typeof crmMon>[0]) => parseClusterStatus(crmMon(status), 'p_haproxy', 'node-1');

  test.each([
    ['does not run', { node: undefined }, 'HAProxyNotRunning: p_haproxy does not run on node-2'],
    ['failed', { node: 'node-2', failed: true }, 'HAProxyResourceFailed: p_haproxy failed on node-2'],
    ['stops', { node: 'node-2', role: 'Stopping' }, 'HAProxyNotRunning: p_haproxy does not run on node-2'],
  ])('one that %s, and nothing says why', (_, instance, expected) => {
    const status = seen({ instances: [{ node: 'node-1' }, instance, { node: 'node-3' }] });

    expect(told(cibOf('healthy'), status)).toEqual([
      `error ${expected}. Look at crm_mon -1 -r, mend the cause, then: pcs resource cleanup p_haproxy`,
    ]);
  });

  test('while it is disabled, what would keep it from starting', () => {
    const standby: Edits = [
      [
        '<node id="2" uname="node-2"/>',
        '<node id="2" uname="node-2"><instance_attributes id="n"><nvpair id="p" name="standby" value="on"/></instance_attributes></node>',
      ],
    ];

    expect(told(cibOf('disabled', ...standby), statusOf('3.0.2', 'disabled'))).toEqual([
      expect.stringMatching(/^error HAProxyNotRunning: .*node-2 is in standby/),
    ]);
  });
});

describe('HAProxy that is to be stopped on one controller after another', () => {
  const rolling = site('golden', ({ haproxy }) => (haproxy.update = 'rolling'));
  const colocation =
    /<rsc_colocation[^>]*vip__management[^>]*>/.exec(cibText('healthy'))?.[0] ?? 'no colocation of the VIP';
  const dns: Edits = [
    ['<resources>', '<resources><primitive id="p_dns" class="ocf" provider="heartbeat" type="Dummy"/>'],
    [colocation, `<rsc_colocation id="x" rsc="p_dns" with-rsc="clone_p_haproxy" score="INFINITY"/>${colocation}`],
  ];
  const status = { ...HEALTHY, running: new Set([...HEALTHY.running, 'p_dns']) };
  const remedy = 'Set haproxy.update to cycle, or to reload.';

  test.each<[string, Cib, string[]]>([
    ['and only the VIP moves', cibOf('healthy'), []],
    ['while it is disabled', cibOf('disabled'), []],
    [
      'and something else would stop',
      cibOf('healthy', ...dns),
      [`error HAProxyNotRollable: Where pacemaker stops p_haproxy it also stops p_dns. ${remedy}`],
    ],
    [
      'and the VIP would stay',
      cibOf('healthy', [colocation, '']),
      [
        'error HAProxyNotRollable: No address depends on p_haproxy: the VIP would stay on a controller on which it is ' +
          `stopped. ${remedy}`,
      ],
    ],
  ])('%s', (_, cib, expected) => {
    expect(told(cib, status, rolling)).toEqual(expected);
    expect(told(cib, status).filter((one) => one.includes('NotRollable'))).toEqual([]);
  });

  test('and is in a group with others', () => {
    expect(told(cibOf('cloned-group'), statusOf('3.0.2', 'cloned-group'), rolling)).toEqual([
      expect.stringMatching(/^error HAProxyNotRollable: Where pacemaker stops p_haproxy it also stops p_/),
    ]);
  });

  test('and one controller alone is online', () => {
    const alone = { ...HEALTHY, online: HEALTHY.online.slice(0, 1) };

    expect(told(cibOf('healthy'), alone, rolling)).toContain(
      `error HAProxyNotRollable: Fewer than two controllers are online: it would be down everywhere. ${remedy}`,
    );
  });
});

describe('disabled', () => {
  test.each(['1.1.12', '3.0.2'])('is known also where crm_mon %s does not say so', (version) => {
    expect(checkResource(cibOf('disabled'), statusOf(version, 'disabled'), golden, 'pcs').disabled).toBe(true);
    expect(checkResource(cibOf('healthy'), statusOf(version, 'healthy'), golden, 'pcs').disabled).toBe(false);
  });

  test('by the defaults of all resources, which enabling HAProxy does not end', () => {
    const cib = cibOf('healthy', [
      '</configuration>',
      '<rsc_defaults><meta_attributes id="d"><nvpair id="dt" name="target-role" value="Stopped"/></meta_attributes></rsc_defaults></configuration>',
    ]);

    expect(told(cib, statusOf('3.0.2', 'disabled'))).toEqual([
      'error HAProxyResourceDisabled: Pacemaker keeps p_haproxy stopped everywhere: rsc_defaults (the defaults of all ' +
        'resources) has target-role=Stopped. End that first: crm_attribute --type rsc_defaults --name target-role --delete',
    ]);
  });
});

describe('a resource that the workflow cannot cycle is refused by name', () => {
  test.each<[string, Cib, string, string]>([
    ['unknown', cibOf('healthy'), 'haproxy', 'HAProxyResourceUnknown: Pacemaker has no resource haproxy'],
    ['a group', cibOf('group'), 'g_lb', 'HAProxyResourceUnsupported: g_lb is a group, or a clone of one'],
    [
      'a bundle',
      cibWith({
        resources:
          '<bundle id="lb"><docker image="lb"/><primitive id="p_haproxy" class="ocf" provider="x" type="y"/></bundle>',
      }),
      'p_haproxy',
      'HAProxyResourceUnsupported: p_haproxy belongs to the bundle lb',
    ],
  ])('%s', (_, cib, id, expected) => {
    expect(told(cib, HEALTHY, resource(id))).toEqual([expect.stringContaining(`error ${expected}`)]);
  });
});

describe('controllers and nodes', () => {
  test('that are called otherwise in the document: what they are called', () => {
    expect(told(cibOf('healthy'), HEALTHY, named('ctl1', 'ctl2', 'ctl3'))).toEqual([
      'error ControllerUnknownToPacemaker: Pacemaker has no node called ctl1 or ctl2 or ctl3; its nodes node-1, node-2, node-3 ' +
        "are not in the document. Write pacemaker's names in controllers[].name, as crm_node -l prints them.",
    ]);
  });

  test('that are called by their full names are the same', () => {
    expect(told(cibOf('healthy'), HEALTHY, named('node-1.example.com', 'NODE-2', 'node-3'))).toEqual([]);
  });

  const two = site('golden', (document) => document.controllers.pop());

  test('one that runs HAProxy and is not in the document', () => {
    expect(told(cibOf('healthy'), HEALTHY, two)).toEqual([
      'error ControllerMissingInDocument: HAProxy runs on node-3, which the document does not name. Add it to controllers: ' +
        'Magnum would be gone as soon as the VIP moves there.',
    ]);
  });

  test('one that could run it is a warning, one from which it is kept is none', () => {
    expect(told(cibOf('node-lost'), statusOf('3.0.2', 'node-lost'), two)).toEqual([
      expect.stringContaining('warning ControllerMissingInDocument: Pacemaker may start HAProxy on node-3'),
    ]);
    expect(told(cibOf('ban'), statusOf('3.0.2', 'ban'), two)).toEqual([]);
  });
});
