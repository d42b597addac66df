import type { ClusterShell } from '../commands/platform';
import type { Cause } from './causes';

/**
 * What a cause is: the rest of a sentence about HAProxy's resource, such as "because …".
 *
 * @param resource ID of the primitive
 */
export function described(cause: Cause, resource: string): string {
  const of = (at: string | undefined) => at ?? 'rsc_defaults (the defaults of all resources)';
  switch (cause.by) {
    case 'target-role':
      return `${of(cause.at)} has target-role=Stopped${cause.ruled ? ', by a rule' : ''}`;
    case 'maintenance-mode':
      return 'the cluster is in maintenance mode';
    case 'is-managed-default':
      return 'the property is-managed-default is false';
    case 'is-managed':
      return `${of(cause.at)} has is-managed=false`;
    case 'maintenance':
      return `${of(cause.at)} has maintenance=true`;
    case 'node-maintenance':
      return `${cause.node} is in maintenance`;
    case 'blocked':
      return `an earlier stop failed on ${cause.node}, and pacemaker waits for a person there`;
    case 'unexplained':
      return `pacemaker says that it does not manage ${resource}, and its configuration does not say why`;
    case 'stop-all-resources':
      return 'the property stop-all-resources is true';
    case 'no-quorum':
      return `the cluster has no quorum (no-quorum-policy=${cause.policy})`;
    case 'needs':
      return `${resource} needs ${cause.resource}, which is disabled`;
    case 'clone-max':
      return `${cause.at} has clone-max=${cause.value}, fewer instances than there are nodes`;
    case 'offline':
      return `${cause.node} is offline`;
    case 'unclean':
      return `${cause.node} is unclean: pacemaker waits until it is fenced`;
    case 'pending':
      return `${cause.node} has not yet joined the cluster`;
    case 'standby':
      return `${cause.node} is in standby`;
    case 'standby-on-fail':
      return `pacemaker has put ${cause.node} into standby after a failure`;
    case 'ban':
      return `the constraint ${cause.ban.id} keeps ${cause.ban.resource} off ${cause.node}${cause.ban.ruled ? ', by a rule' : ''}`;
    case 'opt-in':
      return `symmetric-cluster is false, and no constraint lets ${cause.resource} run on ${cause.node}`;
    case 'fail-count':
      return `${cause.resource} failed on ${cause.node} as often as its migration-threshold allows`;
    case 'health':
      return `${cause.node} calls itself unhealthy (${cause.attribute}=${cause.value})`;
  }
}

/**
 * What ends a cause: a command, or a few words, in the terms of the site's shell.
 *
 * The words of pcs are those of 0.9.149 and later, those of crmsh of 1.2.5 and later, as their own sources have them.
 */
export function remedy(cause: Cause, resource: string, shell: ClusterShell): string {
  const pcs = shell === 'pcs';
  const property = (name: string, value: string) =>
    pcs ? `pcs property set ${name}=${value}` : `crm configure property ${name}=${value}`;
  const noDefault = (name: string) => `crm_attribute --type rsc_defaults --name ${name} --delete`;
  const untilBoot = (node: string, name: string) =>
    `crm_attribute --node ${node} --name '${name}' --delete --lifetime reboot`;
  const enable = (id: string) => (pcs ? `pcs resource enable ${id}` : `crm resource start ${id}`);
  const cleanup = (id: string) => (pcs ? `pcs resource cleanup ${id}` : `crm resource cleanup ${id}`);
  switch (cause.by) {
    case 'target-role':
      if (cause.ruled) return 'wait until its rule ends, or take the rule out: cibadmin -Q shows it';
      return cause.at === undefined ? noDefault('target-role') : enable(cause.at);
    case 'maintenance-mode':
      return property('maintenance-mode', 'false');
    case 'is-managed-default':
      return property('is-managed-default', 'true');
    case 'is-managed':
      if (cause.at === undefined) return noDefault('is-managed');
      return pcs ? `pcs resource manage ${cause.at}` : `crm resource manage ${cause.at}`;
    case 'maintenance':
      if (cause.at === undefined) return noDefault('maintenance');
      return pcs ? `pcs resource meta ${cause.at} maintenance=false` : `crm resource maintenance ${cause.at} off`;
    case 'node-maintenance':
      if (cause.untilBoot) return untilBoot(cause.node, 'maintenance');
      return pcs ? `pcs node unmaintenance ${cause.node}` : `crm node ready ${cause.node}`;
    case 'blocked':
      return `stop the haproxy processes on ${cause.node}, then: ${cleanup(resource)}`;
    case 'unexplained':
      return 'look at crm_mon -1 -r';
    case 'stop-all-resources':
      return property('stop-all-resources', 'false');
    case 'no-quorum':
      return 'bring the other controllers, or the network between them, back: crm_mon -1';
    case 'needs':
      return enable(cause.resource);
    case 'clone-max':
      return pcs ? `pcs resource meta ${cause.at} clone-max=` : `crm resource meta ${cause.at} delete clone-max`;
    case 'offline':
      return `start corosync and pacemaker on ${cause.node}`;
    case 'unclean':
      return `fence ${cause.node}, or see to it that it is down and then: stonith_admin --confirm ${cause.node}`;
    case 'pending':
      return `wait until ${cause.node} is online: crm_mon -1`;
    case 'standby':
      if (cause.untilBoot) return untilBoot(cause.node, 'standby');
      return pcs
        ? `pcs node unstandby ${cause.node} (0.9.149 and older: pcs cluster unstandby ${cause.node})`
        : `crm node online ${cause.node}`;
    case 'standby-on-fail':
      return `clean up what failed there, as crm_mon -1 -r shows it: ${cleanup('RESOURCE')}`;
    case 'ban':
      if (cause.ban.cleared) {
        return pcs ? `pcs resource clear ${cause.ban.resource}` : `crm resource unmigrate ${cause.ban.resource}`;
      }
      return pcs ? `pcs constraint remove ${cause.ban.id}` : `crm configure delete ${cause.ban.id}`;
    case 'opt-in':
      return pcs
        ? `pcs constraint location ${cause.resource} prefers ${cause.node}=100`
        : `crm configure location ${cause.resource}-on-${cause.node} ${cause.resource} 100: ${cause.node}`;
    case 'fail-count':
      return cleanup(cause.resource);
    case 'health':
      return `mend what ${cause.attribute} stands for, then: ${untilBoot(cause.node, cause.attribute)}`;
  }
}
