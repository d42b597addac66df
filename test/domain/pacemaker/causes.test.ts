import { type Cib } from '../../../domain/pacemaker/cib';
import { type Cause, disabledBy, hindrances, unmanagedBy } from '../../../domain/pacemaker/causes';
import { described, remedy } from '../../../domain/pacemaker/remedies';
import type { ClusterStatus } from '../../../domain/pacemaker/status';
import { cibOf, type Edits, resourceIn, statusOf } from './cibs';

/** Everything that is wrong, in the words of a message: what it is, and what ends it with pcs and with crmsh. */
function told(cib: Cib, status: ClusterStatus): string[] {
  const primitive = resourceIn(cib);
  const disabled = disabledBy(cib, primitive);
  const causes: Cause[] = [
    ...(disabled === undefined || disabled === 'unknown' ? [] : [disabled]),
    ...unmanagedBy(cib, primitive, status),
    ...(disabled === undefined ? hindrances(cib, primitive, status) : []),
  ];
  return causes.map(
    (one) =>
      `${described(one, 'p_haproxy')} | ${remedy(one, 'p_haproxy', 'pcs')} | ${remedy(one, 'p_haproxy', 'crmsh')}`,
  );
}

const CASES: Readonly<Record<string, readonly string[]>> = {
  healthy: [],
  disabled: ['p_haproxy has target-role=Stopped | pcs resource enable p_haproxy | crm resource start p_haproxy'],
  unmanaged: ['p_haproxy has is-managed=false | pcs resource manage p_haproxy | crm resource manage p_haproxy'],
  maintenance: [
    'the cluster is in maintenance mode | pcs property set maintenance-mode=false | crm configure property maintenance-mode=false',
  ],
  blocked: [
    'an earlier stop failed on node-2, and pacemaker waits for a person there | ' +
      'stop the haproxy processes on node-2, then: pcs resource cleanup p_haproxy | ' +
      'stop the haproxy processes on node-2, then: crm resource cleanup p_haproxy',
  ],
  'start-failed': [
    'p_haproxy failed on node-3 as often as its migration-threshold allows | pcs resource cleanup p_haproxy | crm resource cleanup p_haproxy',
  ],
  standby: [
    'node-2 is in standby | pcs node unstandby node-2 (0.9.149 and older: pcs cluster unstandby node-2) | crm node online node-2',
  ],
  'node-lost': ['node-3 is offline | start corosync and pacemaker on node-3 | start corosync and pacemaker on node-3'],
  'no-quorum': [
    'the cluster has no quorum (no-quorum-policy=stop) | ' +
      'bring the other controllers, or the network between them, back: crm_mon -1 | ' +
      'bring the other controllers, or the network between them, back: crm_mon -1',
    'node-2 is offline | start corosync and pacemaker on node-2 | start corosync and pacemaker on node-2',
    'node-3 is offline | start corosync and pacemaker on node-3 | start corosync and pacemaker on node-3',
  ],
};

describe.each(['1.1.12', '1.1.14', '1.1.18', '1.1.23', '2.0.1', '2.0.3', '2.0.5', '2.1.2', '2.1.5', '3.0.2'])(
  'with pacemaker %s',
  (version) => {
    test.each(Object.entries(CASES))('%s', (name, expected) => {
      // Before 1.1.17 a node has one count of failures for each resource.
      const old = ['1.1.12', '1.1.14'].includes(version) && name === 'start-failed';
      const cib = cibOf(name, ...(old ? [['fail-count-p_haproxy#start_0"', 'fail-count-p_haproxy"'] as const] : []));

      expect(told(cib, statusOf(version, name))).toEqual(expected);
    });
  },
);

describe.each(['1.1.12', '3.0.2'])('more cases, with pacemaker %s', (version) => {
  test.each<[string, string[]]>([
    [
      'disabled-clone',
      [
        'clone_p_haproxy has target-role=Stopped | pcs resource enable clone_p_haproxy | crm resource start clone_p_haproxy',
      ],
    ],
    [
      'defaults-unmanaged',
      [
        'rsc_defaults (the defaults of all resources) has is-managed=false | ' +
          'crm_attribute --type rsc_defaults --name is-managed --delete | crm_attribute --type rsc_defaults --name is-managed --delete',
      ],
    ],
    [
      'resource-maintenance',
      [
        'clone_p_haproxy has maintenance=true | pcs resource meta clone_p_haproxy maintenance=false | crm resource maintenance clone_p_haproxy off',
      ],
    ],
    ['node-maintenance', ['node-2 is in maintenance | pcs node unmaintenance node-2 | crm node ready node-2']],
    [
      'ban',
      [
        'the constraint cli-ban-clone_p_haproxy-on-node-3 keeps clone_p_haproxy off node-3 | ' +
          'pcs resource clear clone_p_haproxy | crm resource unmigrate clone_p_haproxy',
      ],
    ],
    [
      'stop-all',
      [
        'the property stop-all-resources is true | pcs property set stop-all-resources=false | crm configure property stop-all-resources=false',
      ],
    ],
    [
      'stop-failed',
      [
        'p_haproxy has target-role=Stopped | pcs resource enable p_haproxy | crm resource start p_haproxy',
        'an earlier stop failed on node-2, and pacemaker waits for a person there | ' +
          'stop the haproxy processes on node-2, then: pcs resource cleanup p_haproxy | ' +
          'stop the haproxy processes on node-2, then: crm resource cleanup p_haproxy',
      ],
    ],
    ['cloned-group', []],
    ['unique', []],
  ])('%s', (name, expected) => {
    expect(told(cibOf(name), statusOf(version, name))).toEqual(expected);
  });
});

/** A status in which HAProxy does not run on node-2, and nothing that crm_mon prints says why. */
const silent = (): ClusterStatus => {
  const status = statusOf('3.0.2', 'standby');
  return { ...status, nodes: status.nodes.map((node) => ({ ...node, standby: false })) };
};
const node2 = '<node id="2" uname="node-2"/>';
const withAttributes = (pairs: Readonly<Record<string, string>>) =>
  `<node id="2" uname="node-2"><instance_attributes id="n2">${Object.entries(pairs)
    .map(([name, value], index) => `<nvpair id="n2-${index}" name="${name}" value="${value}"/>`)
    .join('')}</instance_attributes></node>`;
const transient = (pairs: Readonly<Record<string, string>>) =>
  withAttributes(pairs)
    .replace('<node id="2" uname="node-2">', '<transient_attributes id="2">')
    .replace('</node>', '</transient_attributes>');
const state2 = '<node_state id="2" uname="node-2" in_ccm="true" crmd="online" join="member" expected="member">';
const property = (name: string, value: string) =>
  [
    '<nvpair id="cib-bootstrap-options-stonith-enabled"',
    `<nvpair id="more" name="${name}" value="${value}"/><nvpair id="cib-bootstrap-options-stonith-enabled"`,
  ] as const;
const constraint = (xml: string) => ['<constraints>', `<constraints>${xml}`] as const;

describe('what keeps HAProxy off one node', () => {
  const causesOf = (...edits: Edits) => {
    const cib = cibOf('healthy', ...edits);
    return hindrances(cib, resourceIn(cib), silent()).map((one) => described(one, 'p_haproxy'));
  };
  const location = (inside: string, attributes = 'rsc="clone_p_haproxy"') =>
    constraint(`<rsc_location id="l" ${attributes}>${inside}</rsc_location>`);
  const expression = (attribute: string, operation: string, value: string) =>
    `<expression id="e" attribute="${attribute}" operation="${operation}" value="${value}"/>`;

  test.each<[string, Edits, string[]]>([
    ['nothing that we know', [], []],
    ['standby until its next boot', [[state2, state2 + transient({ standby: 'on' })]], ['node-2 is in standby']],
    ['standby that is off', [[node2, withAttributes({ standby: 'off' })]], []],
    [
      'a constraint of the operator',
      [constraint('<rsc_location id="l" rsc="p_haproxy" node="node-2" score="-INFINITY"/>')],
      ['the constraint l keeps p_haproxy off node-2'],
    ],
    [
      'a constraint for another node',
      [constraint('<rsc_location id="l" rsc="p_haproxy" node="node-3" score="-INFINITY"/>')],
      [],
    ],
    [
      'a constraint for another resource',
      [constraint('<rsc_location id="l" rsc="vip" node="node-2" score="-INFINITY"/>')],
      [],
    ],
    [
      'one for the promoted role',
      [constraint('<rsc_location id="l" rsc="p_haproxy" role="Master" node="node-2" score="-INFINITY"/>')],
      [],
    ],
    [
      'a dislike that nothing outweighs',
      [constraint('<rsc_location id="l" rsc="p_haproxy" node="node-2" score="-5"/>')],
      ['the constraint l keeps p_haproxy off node-2'],
    ],
    [
      'not one that another outweighs',
      [
        constraint(
          '<rsc_location id="l" rsc="p_haproxy" node="node-2" score="-5"/><rsc_location id="k" rsc="clone_p_haproxy" node="node-2" score="10"/>',
        ),
      ],
      [],
    ],
    [
      'a rule on its name',
      [location(`<rule id="r" score="-INFINITY">${expression('#uname', 'eq', 'node-2')}</rule>`)],
      ['the constraint l keeps clone_p_haproxy off node-2, by a rule'],
    ],
    [
      'a rule on another name',
      [location(`<rule id="r" score="-INFINITY">${expression('#uname', 'ne', 'node-2')}</rule>`)],
      [],
    ],
    [
      'a rule on a number',
      [
        [state2, state2 + transient({ pingd: '9' })],
        location(`<rule id="r" score="-INFINITY" boolean-op="or">${expression('pingd', 'lt', '10')}</rule>`),
      ],
      ['the constraint l keeps clone_p_haproxy off node-2, by a rule'],
    ],
    [
      'a rule on an attribute that it does not have',
      [
        location(
          '<rule id="r" score="-INFINITY"><expression id="e" attribute="pingd" operation="not_defined"/></rule>',
        ),
      ],
      ['the constraint l keeps clone_p_haproxy off node-2, by a rule'],
    ],
    [
      'a ban that has ended by itself',
      [
        constraint(
          '<rsc_location id="cli-ban-clone_p_haproxy-on-node-2" rsc="clone_p_haproxy"><rule id="r" score="-INFINITY"><expression id="e" attribute="#uname" operation="eq" value="node-2" type="string"/><date_expression id="d" operation="lt" end="2023-11-14 22:14:00Z"/></rule></rsc_location>',
        ),
      ],
      [],
    ],
    [
      'a ban that will',
      [
        constraint(
          '<rsc_location id="cli-ban-clone_p_haproxy-on-node-2" rsc="clone_p_haproxy"><rule id="r" score="-INFINITY"><expression id="e" attribute="#uname" operation="eq" value="node-2" type="string"/><date_expression id="d" operation="lt" end="2023-11-14 22:16:00Z"/></rule></rsc_location>',
        ),
      ],
      ['the constraint cli-ban-clone_p_haproxy-on-node-2 keeps clone_p_haproxy off node-2, by a rule'],
    ],
    [
      'a constraint on all that is called like it',
      [constraint('<rsc_location id="l" rsc-pattern="^clone_p_.*" node="node-2" score="-INFINITY"/>')],
      ['the constraint l keeps clone_p_haproxy off node-2'],
    ],
    [
      'not a pattern that could take for ever',
      [constraint('<rsc_location id="l" rsc-pattern="^(c+)+$" node="node-2" score="-INFINITY"/>')],
      [],
    ],
    [
      'a set that has it',
      [
        location(
          '<resource_set id="s"><resource_ref id="p_haproxy"/></resource_set>',
          'node="node-2" score="-INFINITY"',
        ),
      ],
      ['the constraint l keeps p_haproxy off node-2'],
    ],
    [
      'an opt-in cluster',
      [
        ['name="symmetric-cluster" value="true"', 'name="symmetric-cluster" value="false"'],
        constraint('<rsc_location id="l" rsc="p_haproxy" node="node-1" score="100"/>'),
      ],
      ['symmetric-cluster is false, and no constraint lets clone_p_haproxy run on node-2'],
    ],
    [
      'failures beyond its threshold',
      [
        [
          state2,
          state2 + transient({ 'fail-count-p_haproxy#monitor_30000': '2', 'fail-count-p_haproxy#start_0': '1' }),
        ],
        [
          'name="interleave" value="true"/>',
          'name="interleave" value="true"/><nvpair id="mt" name="migration-threshold" value="3"/>',
        ],
      ],
      ['p_haproxy failed on node-2 as often as its migration-threshold allows'],
    ],
    [
      'fewer failures, and those of another resource',
      [
        [state2, state2 + transient({ 'fail-count-p_haproxy#start_0': '2', 'fail-count-p_haproxy_old': 'INFINITY' })],
        [
          'name="interleave" value="true"/>',
          'name="interleave" value="true"/><nvpair id="mt" name="migration-threshold" value="3"/>',
        ],
      ],
      [],
    ],
    [
      'failures that have expired, and pacemaker has not looked since',
      [
        [state2, state2 + transient({ 'fail-count-p_haproxy': 'INFINITY', 'last-failure-p_haproxy': '1700000000' })],
        [
          'name="interleave" value="true"/>',
          'name="interleave" value="true"/><nvpair id="ft" name="failure-timeout" value="1min"/>',
        ],
      ],
      ['p_haproxy failed on node-2 as often as its migration-threshold allows'],
    ],
    [
      'its health, as Fuel sees it when a disk is full',
      [[state2, state2 + transient({ '#health_disk': 'red' })], property('node-health-strategy', 'migrate-on-red')],
      ['node-2 calls itself unhealthy (#health_disk=red)'],
    ],
    ['not its health if nobody asks', [[state2, state2 + transient({ '#health_disk': 'red' })]], []],
    [
      'fewer instances than nodes',
      [
        [
          'name="interleave" value="true"/>',
          'name="interleave" value="true"/><nvpair id="cm" name="clone-max" value="2"/>',
        ],
      ],
      ['clone_p_haproxy has clone-max=2, fewer instances than there are nodes'],
    ],
    [
      'something that it needs',
      [
        constraint('<rsc_order id="o" first="vip__management" then="clone_p_haproxy"/>'),
        [
          'type="ns_IPaddr2">',
          'type="ns_IPaddr2"><meta_attributes id="vm"><nvpair id="vm-t" name="target-role" value="Stopped"/></meta_attributes>',
        ],
      ],
      ['p_haproxy needs vip__management, which is disabled'],
    ],
  ])('%s', (_, edits, expected) => {
    expect(causesOf(...edits)).toEqual(expected);
  });

  test.each([
    ['unclean', 'node-2 is unclean: pacemaker waits until it is fenced'],
    ['pending', 'node-2 has not yet joined the cluster'],
    ['standbyOnFail', 'pacemaker has put node-2 into standby after a failure'],
  ])('%s, as crm_mon says', (flag, expected) => {
    const status = silent();
    const nodes = status.nodes.map((node) => (node.name === 'node-2' ? { ...node, [flag]: true } : node));
    const cib = cibOf('healthy');

    const found = hindrances(cib, resourceIn(cib), { ...status, nodes });

    expect(found.map((one) => described(one, 'p_haproxy'))).toEqual([expected]);
  });
});

describe('unmanaged', () => {
  const causesOf = (status: ClusterStatus, ...edits: Edits) => {
    const cib = cibOf('healthy', ...edits);
    return unmanagedBy(cib, resourceIn(cib), status);
  };

  test('by the default of old releases', () => {
    const causes = causesOf(statusOf('1.1.12', 'unmanaged'), property('is-managed-default', 'false'));

    expect(causes).toEqual([{ by: 'is-managed-default' }]);
  });

  test('by an attribute of a node that its next boot ends', () => {
    const causes = causesOf(statusOf('3.0.2', 'node-maintenance'), [
      state2,
      state2 + transient({ maintenance: 'true' }),
    ]);

    expect(causes).toEqual([{ by: 'node-maintenance', node: 'node-2', untilBoot: true }]);
    expect(remedy(causes[0] ?? { by: 'unexplained' }, 'p_haproxy', 'crmsh')).toBe(
      "crm_attribute --node node-2 --name 'maintenance' --delete --lifetime reboot",
    );
  });

  test('by nothing that the CIB tells', () => {
    expect(causesOf(statusOf('3.0.2', 'unmanaged'))).toEqual([{ by: 'unexplained' }]);
    expect(causesOf(statusOf('1.1.12', 'unmanaged'))).toEqual([{ by: 'unexplained' }]);
  });

  test('before 1.1.16 one that failed and is not managed is blocked, unless its node is in maintenance', () => {
    const status = statusOf('1.1.12', 'blocked');

    expect(causesOf(status)).toEqual([{ by: 'blocked', node: 'node-2' }]);
    expect(causesOf(status, [node2, withAttributes({ maintenance: 'true' })])).toEqual([
      { by: 'node-maintenance', node: 'node-2', untilBoot: false },
    ]);
  });
});

describe('disabled', () => {
  test('by the defaults of all, which enabling it does not end', () => {
    const cib = cibOf('healthy', [
      '</configuration>',
      '<rsc_defaults><meta_attributes id="d"><nvpair id="d-t" name="target-role" value="Stopped"/></meta_attributes></rsc_defaults></configuration>',
    ]);

    const disabled = disabledBy(cib, resourceIn(cib));

    expect(disabled).toEqual({ by: 'target-role', at: undefined, ruled: false });
    expect(remedy(disabled as Cause, 'p_haproxy', 'pcs')).toBe(
      'crm_attribute --type rsc_defaults --name target-role --delete',
    );
  });

  test('by a rule, which ends by itself', () => {
    const cib = cibOf('healthy', [
      'type="ns_haproxy">',
      'type="ns_haproxy"><meta_attributes id="d"><rule id="r" score="INFINITY"><date_expression id="e" operation="lt" end="2023-11-14 22:16:00Z"/></rule><nvpair id="d-t" name="target-role" value="Stopped"/></meta_attributes>',
    ]);

    expect(disabledBy(cib, resourceIn(cib))).toEqual({ by: 'target-role', at: 'p_haproxy', ruled: true });
  });
});
