import { entry, ERROR, type FindingEntry, WARNING } from './entry';

/** Found in what pacemaker and HAProxy tell of themselves: a cycle of HAProxy would not come back from an error. */
export const PACEMAKER_CATALOGUE = {
  PacemakerUnavailable: entry(
    ERROR,
    'Pacemaker does not run on a controller.',
    'Start corosync and pacemaker there, until crm_mon -1 shows the controllers online.',
  ),
  NoQuorum: entry(
    ERROR,
    'The pacemaker cluster has no quorum.',
    'Bring the other controllers, or the network between them, back first.',
  ),
  HAProxyResourceUnknown: entry(
    ERROR,
    'Pacemaker has no resource of that name.',
    'Correct haproxy.resource: `pcs resource` lists the names.',
  ),
  HAProxyResourceUnmanaged: entry(
    ERROR,
    'Pacemaker does not manage HAProxy: the resource is unmanaged, or in maintenance mode.',
    'End that first, as the finding says.',
  ),
  HAProxyResourceFailed: entry(
    ERROR,
    'HAProxy does not run on a controller, or pacemaker has given up on it.',
    'Find the cause in crm_mon -1 -r, mend it, then clean the resource up.',
  ),
  HAProxyConfigInvalid: entry(
    ERROR,
    "HAProxy's configuration in place is broken: HAProxy would not start again.",
    'Mend the lines that the finding names.',
  ),
  HAProxyDisabled: entry(
    WARNING,
    'HAProxy is disabled: nothing behind the VIP answers, and the cloud cannot be asked.',
    'Start an apply, which enables it first, or enable it by hand.',
  ),
} as const satisfies Record<string, FindingEntry>;
