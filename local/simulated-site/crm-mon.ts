import { VIRTUAL_IP } from './cib';
import { isDisabled } from './cib-rules';
import type { ClusterNode, ClusterView, Pacemaker } from './pacemaker';

const REQUEST = 'crm_mon -1 -r --output-as=xml';
const VERSION = '2.1.5-a3f44794f94';

/** What `crm_mon -1 -r --output-as=xml` of pacemaker 2.1.5 prints where the cluster runs. */
export function crmMonXml(pacemaker: Pacemaker, view: ClusterView): string {
  return [
    `<pacemaker-result api-version="2.25" request="${REQUEST}">`,
    ...summary(pacemaker, view),
    '  <nodes>',
    ...view.nodes.map((node) => nodeElement(node, view)),
    '  </nodes>',
    '  <resources>',
    ...virtualIpElement(view),
    ...cloneElement(pacemaker, view),
    '  </resources>',
    ...failures(pacemaker, view),
    ...bans(view),
    '  <status code="0" message="OK"/>',
    '</pacemaker-result>',
    '',
  ].join('\n');
}

/** What it prints where the cluster does not run, or where the user may not ask; exit 102. */
export const NOT_CONNECTED = `<pacemaker-result api-version="2.25" request="${REQUEST}">
  <status code="102" message="Not connected">
    <errors>
      <error>error: Could not connect to launcher: Connection refused</error>
      <error>crm_mon: Connection to cluster failed: Connection refused</error>
    </errors>
  </status>
</pacemaker-result>
`;

function summary({ nodes }: Pacemaker, view: ClusterView): string[] {
  const dc = dcOf(view);
  const instances = nodes.length;
  const blocked = view.members.filter(({ state }) => state === 'stop-failed').length;
  const now = new Date(view.now).toUTCString().replace(/^(\w+), (\d+) (\w+) (\d+) ([\d:]+) GMT$/, '$1 $3 $2 $5 $4');
  return [
    '  <summary>',
    '    <stack type="corosync"/>',
    dc
      ? `    <current_dc present="true" version="${VERSION}" name="${dc.name}" id="${dc.id}" with_quorum="${view.quorum}" mixed_version="false"/>`
      : '    <current_dc present="false"/>',
    `    <last_update time="${now}"/>`,
    `    <last_change time="${now}" user="root" client="cibadmin" origin="${nodes[0]?.name ?? ''}"/>`,
    `    <nodes_configured number="${nodes.length}"/>`,
    `    <resources_configured number="${instances + 1}" disabled="${isDisabled(view.policy) ? instances : 0}" blocked="${blocked}"/>`,
    '    <cluster_options stonith-enabled="false" symmetric-cluster="true" no-quorum-policy="stop" ' +
      `maintenance-mode="${view.policy.maintenance}" stop-all-resources="false" stonith-timeout-ms="60000" priority-fencing-delay-ms="0"/>`,
    '  </summary>',
  ];
}

function nodeElement(node: ClusterNode, view: ClusterView): string {
  const online = view.members.includes(node);
  const running = (online && active(node) ? 1 : 0) + (view.virtualIp === node.name ? 1 : 0);
  return (
    `    <node name="${node.name}" id="${node.id}" online="${online}" standby="false" standby_onfail="false" ` +
    `maintenance="false" pending="false" unclean="false" health="green" ${online ? 'feature_set="3.16.2" ' : ''}` +
    `shutdown="false" expected_up="true" is_dc="${dcOf(view) === node}" resources_running="${running}" type="member"/>`
  );
}

function virtualIpElement(view: ClusterView): string[] {
  const node = view.members.find(({ name }) => name === view.virtualIp);
  return resourceElement('    ', {
    id: VIRTUAL_IP,
    agent: 'ocf:heartbeat:IPaddr2',
    role: node ? 'Started' : 'Stopped',
    blocked: false,
    managed: !view.policy.maintenance,
    failed: false,
    node,
  });
}

function cloneElement(pacemaker: Pacemaker, view: ClusterView): string[] {
  const { targetRole, cloneTargetRole, managed, maintenance } = view.policy;
  const shown = cloneTargetRole ?? targetRole;
  const target = shown === undefined ? '' : ` target_role="${shown}"`;
  const runs = (node: ClusterNode): boolean => view.members.includes(node) && active(node);
  const instances = [...view.nodes.filter(runs), ...view.nodes.filter((node) => !runs(node))];
  return [
    `    <clone id="${pacemaker.clone}" multi_state="false" unique="false" managed="${!maintenance}" ` +
      `disabled="${cloneTargetRole?.toLowerCase() === 'stopped'}" failed="false" failure_ignored="false"${target}>`,
    ...instances.flatMap((node) => {
      const here = runs(node);
      const failed = here && node.state === 'stop-failed';
      return resourceElement('      ', {
        id: pacemaker.resource,
        agent: 'lsb:haproxy',
        role: here ? ROLES[node.state] : 'Stopped',
        targetRole,
        blocked: failed,
        // Pacemaker treats a resource that it may not touch any more as one it does not manage.
        managed: managed && !maintenance && !failed,
        failed,
        node: here ? node : undefined,
      });
    }),
    '    </clone>',
  ];
}

const ROLES = {
  starting: 'Starting',
  started: 'Started',
  stopping: 'Stopping',
  'stop-failed': 'Started',
  'start-failed': 'Stopped',
  stopped: 'Stopped',
} as const;

interface Resource {
  readonly id: string;
  readonly agent: string;
  readonly role: string;
  readonly targetRole?: string | undefined;
  readonly blocked: boolean;
  readonly managed: boolean;
  readonly failed: boolean;
  readonly node: ClusterNode | undefined;
}

function resourceElement(indent: string, resource: Resource): string[] {
  const { id, agent, role, targetRole, blocked, managed, failed, node } = resource;
  const start =
    `${indent}<resource id="${id}" resource_agent="${agent}" role="${role}"` +
    `${targetRole === undefined ? '' : ` target_role="${targetRole}"`} active="${node !== undefined}" orphaned="false" ` +
    `blocked="${blocked}" managed="${managed}" failed="${failed}" failure_ignored="false" nodes_running_on="${node ? 1 : 0}"`;
  if (!node) return [`${start}/>`];
  return [`${start}>`, `${indent}  <node name="${node.name}" id="${node.id}" cached="true"/>`, `${indent}</resource>`];
}

function failures(pacemaker: Pacemaker, view: ClusterView): string[] {
  const elements = view.members.flatMap(({ name, failure }) => {
    if (!failure) return [];
    const { task, at, call } = failure;
    const time = new Date(at).toISOString().replace('T', ' ').replace(/\.\d+/, '');
    return [
      `    <failure op_key="${pacemaker.resource}_${task}_0" node="${name}" exitstatus="error" exitreason="" exitcode="1" ` +
        `call="${call}" status="${task === 'stop' ? 'Timed Out' : 'complete'}" last-rc-change="${time}" queued="0" exec="30" interval="0" task="${task}"/>`,
    ];
  });
  return elements.length > 0 ? ['  <failures>', ...elements, '  </failures>'] : [];
}

function bans({ policy, nodes }: ClusterView): string[] {
  const elements = policy.bans
    .filter(({ node }) => nodes.some(({ name }) => name === node))
    .map(
      ({ id, resource, node }) =>
        `    <ban id="${id}" resource="${resource}" node="${node}" weight="-1000000" promoted-only="false" master_only="false"/>`,
    );
  return elements.length > 0 ? ['  <bans>', ...elements, '  </bans>'] : [];
}

function active({ state }: ClusterNode): boolean {
  return state !== 'stopped' && state !== 'start-failed';
}

function dcOf({ members }: ClusterView): ClusterNode | undefined {
  return members[0];
}
