/** An instance of HAProxy's clone as crm_mon prints it. */
export interface Instance {
  readonly node?: string | undefined;
  /** @default Started where it has a node, else Stopped */
  readonly role?: string;
  readonly targetRole?: string;
  readonly blocked?: boolean;
  readonly managed?: boolean;
  readonly failed?: boolean;
  /** @default p_haproxy */
  readonly id?: string;
}

/** What crm_mon says of a cluster. */
export interface Status {
  readonly instances: readonly Instance[];
  readonly quorum?: boolean;
  /** Of what says whether there is quorum: there is none where nobody has been elected. */
  readonly dc?: boolean;
  readonly maintenance?: boolean;
  /** Attributes of the clone besides the usual ones. */
  readonly clone?: string;
  readonly unique?: boolean;
}

/**
 * The output of `crm_mon -1 -r --output-as=xml` of pacemaker 2.1.5 for three controllers with a VIP and HAProxy as a clone.
 * Its elements and attributes are those of the schema crm_mon-2.25.rng and of what pacemaker's regression tests expect.
 */
export function crmMon({
  instances,
  quorum = true,
  dc = true,
  maintenance = false,
  clone = '',
  unique = false,
}: Status) {
  const managedClone = maintenance ? 'false' : 'true';
  return `<pacemaker-result api-version="2.25" request="crm_mon -1 -r --output-as=xml">
  <summary>
    <stack type="corosync"/>
    ${dc ? `<current_dc present="true" version="2.1.5-a3f44794f94" name="node-1" id="1" with_quorum="${quorum}" mixed_version="false"/>` : '<current_dc present="false"/>'}
    <last_update time="Mon Jan  7 10:11:12 2030"/>
    <last_change time="Mon Jan  7 10:00:00 2030" user="root" client="cibadmin" origin="node-1"/>
    <nodes_configured number="3"/>
    <resources_configured number="4" disabled="0" blocked="0"/>
    <cluster_options stonith-enabled="false" symmetric-cluster="true" no-quorum-policy="stop" maintenance-mode="${maintenance}" stop-all-resources="false" stonith-timeout-ms="60000" priority-fencing-delay-ms="0"/>
  </summary>
  <nodes>
${['node-1', 'node-2', 'node-3'].map((name, index) => `    <node name="${name}" id="${index + 1}" online="${name !== 'node-3' || quorum}" standby="false" standby_onfail="false" maintenance="false" pending="false" unclean="false" health="green" feature_set="3.16.2" shutdown="false" expected_up="true" is_dc="${index === 0}" resources_running="1" type="member"/>`).join('\n')}
  </nodes>
  <resources>
    <resource id="vip__management" resource_agent="ocf:heartbeat:IPaddr2" role="Started" active="true" orphaned="false" blocked="false" managed="true" failed="false" failure_ignored="false" nodes_running_on="1">
      <node name="node-1" id="1" cached="true"/>
    </resource>
    <clone id="clone_p_haproxy" multi_state="false" unique="${unique}" managed="${managedClone}" disabled="false" failed="false" failure_ignored="false"${clone}>
${instances.map(instanceElement).join('\n')}
    </clone>
  </resources>
  <status code="0" message="OK"/>
</pacemaker-result>
`;
}

/** One instance, or a primitive that is no clone. */
export function instanceElement({
  node,
  targetRole,
  blocked,
  managed,
  failed,
  id = 'p_haproxy',
  ...rest
}: Instance): string {
  const role = rest.role ?? (node === undefined ? 'Stopped' : 'Started');
  const target = targetRole === undefined ? '' : ` target_role="${targetRole}"`;
  const start = `      <resource id="${id}" resource_agent="lsb:haproxy" role="${role}"${target} active="${node !== undefined}" orphaned="false" blocked="${blocked ?? false}" managed="${managed ?? true}" failed="${failed ?? false}" failure_ignored="false" nodes_running_on="${node === undefined ? 0 : 1}"`;
  if (node === undefined) return `${start}/>`;
  return `${start}>\n        <node name="${node}" id="1" cached="true"/>\n      </resource>`;
}
