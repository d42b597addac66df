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
    'Correct haproxy.resource: `crm_mon -1 -r` shows the names.',
  ),
  HAProxyResourceUnsupported: entry(
    ERROR,
    'HAProxy is no clone that runs on every controller, but a primitive or group of its own, or a bundle.',
    'Make a clone of it, or name the right resource, as the finding says.',
  ),
  HAProxyNotRollable: entry(
    ERROR,
    'The site document wants HAProxy to be stopped and started on one controller after another, and more than the VIPs would move, or they would not, or fewer than two controllers are online.',
    'Set haproxy.update to cycle, or to reload.',
  ),
  ControllerUnknownToPacemaker: entry(
    ERROR,
    "A controller of the document is not among pacemaker's nodes, which have other names.",
    "Write pacemaker's names in controllers[].name.",
  ),
  ControllerMissingInDocument: entry(
    'error if HAProxy runs there, warning if it could',
    'HAProxy runs, or could, on a node that the document does not name: Magnum would be gone once the VIP moves there.',
    'Add it to controllers, or keep HAProxy off it.',
  ),
  ClocksDiffer: entry(
    'warning',
    'The clocks of two controllers differ by more than 30 s: after a failure in the cycle HAProxy may come back later.',
    'Let NTP set both.',
  ),
  HAProxyResourceDisabled: entry(
    ERROR,
    'Pacemaker keeps HAProxy stopped by a target role that `enable` does not end, such as one in rsc_defaults.',
    'End it with the command that the finding names.',
  ),
  HAProxyResourceUnmanaged: entry(
    ERROR,
    'Pacemaker does not act on HAProxy: the resource, its node or the cluster is unmanaged or in maintenance.',
    'End that with the command that the finding names.',
  ),
  HAProxyResourceFailed: entry(
    'error; warning if it serves on another controller and nothing but its failures keeps pacemaker from starting it',
    'HAProxy failed on a controller, and pacemaker has given up on it.',
    'Find the cause in crm_mon -1 -r, mend it, then clean the resource up. After a warning an apply does the latter.',
  ),
  HAProxyNotRunning: entry(
    ERROR,
    'Pacemaker does not start HAProxy on a controller: standby, a ban, stop-all-resources and the like.',
    'End that with the command that the finding names.',
  ),
  ApiPortTaken: entry(
    ERROR,
    "Something listens on the API's port of every address, the VIP's among them: HAProxy could not start again.",
    'Let it listen at the address of its controller only, as the finding says.',
  ),
  FragmentAddressTaken: entry(
    'error; warning if only HAProxy knows the address',
    "Another section of HAProxy's configuration listens at the VIP and the API's port: requests would be spread over both.",
    'Take that section out, or give it another port.',
  ),
  FragmentDirectoryNotRead: entry(
    ERROR,
    "HAProxy was not started with the directory of fragments: it would not read Magnum's.",
    'Start it with that directory too, or set haproxy.fragmentDirectory to where it reads fragments.',
  ),
  FragmentModeNotHttp: entry(
    WARNING,
    'The defaults section has no `mode http`: half of the fragment has no effect.',
    'Write `mode http` in the defaults section.',
  ),
  HAProxyConfigWarning: entry(WARNING, "`haproxy -c` warns of Magnum's fragment.", 'Change what it names.'),
  HAProxyConfigInvalid: entry(
    ERROR,
    "HAProxy's configuration in place is broken: HAProxy would not start again.",
    'Mend the lines that the finding names.',
  ),
  HAProxyDisabled: entry(
    ERROR,
    'HAProxy is disabled: everything behind the VIP is down, and the cloud cannot be asked.',
    'Run the command that the finding names, or start an apply, which does that before anything else.',
  ),
} as const satisfies Record<string, FindingEntry>;
