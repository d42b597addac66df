import { everywhere } from '../commands/everywhere';
import { haproxyProcesses } from '../commands/haproxy-processes';
import { parseListening } from '../commands/listening';
import type { Node } from '../commands/node';
import { parseProcesses, ProcessesHidden } from '../commands/process-list';
import type { Nodes } from '../commands/site-connection';
import { haproxySections } from '../pacemaker/blast-radius';
import { clusterStatus, ifRunning, readCib } from '../pacemaker/cluster';
import type { ClusterStatus } from '../pacemaker/status';
import type { FindingName } from './catalogue';
import { checkClocks } from './clocks';
import type { Finding } from './finding';
import { checkConfiguration, type HaproxyView } from './haproxy-config';
import { checkResource, type ResourceChecks } from './haproxy-resource';

/** After these a check cannot verify what HAProxy serves. */
export const PACEMAKER_FINDINGS = [
  'PacemakerUnavailable',
  'NoQuorum',
  'ControllerUnknownToPacemaker',
  'HAProxyResourceUnknown',
  'HAProxyResourceUnsupported',
  'HAProxyResourceDisabled',
  'HAProxyResourceUnmanaged',
  'HAProxyResourceFailed',
  'HAProxyNotRunning',
  'HAProxyConfigInvalid',
] as const satisfies readonly FindingName[];

/** What pacemaker and HAProxy tell of themselves. */
export interface PacemakerChecks {
  readonly findings: readonly Finding[];
  /** Whether HAProxy is disabled, as an execution that was stopped may have left it: nothing behind the VIP answers. */
  readonly disabled: boolean;
}

/** One controller's view. */
interface View extends HaproxyView {
  readonly node: Node;
  /** Undefined if pacemaker does not run there. */
  readonly status: ClusterStatus | undefined;
  /** By how many seconds its clock is ahead of ours. */
  readonly ahead: number;
}

/**
 * Looks for anything that would keep HAProxy from coming back from a cycle, before anything is touched. Every controller is
 * asked: one that is cut off has a view of its own.
 *
 * @throws the errors of SSH
 */
export async function checkPacemaker(nodes: Nodes): Promise<PacemakerChecks> {
  const views = await everywhere(nodes, async (node): Promise<View> => {
    const [status, check, sections, ps, sockets, ahead] = await Promise.all([
      ifRunning(clusterStatus(node)),
      node.attempt(node.commands.validateHaproxy),
      haproxySections(node),
      node.run(node.commands.processes),
      node.run(node.commands.sockets),
      node.run(node.commands.date).then(({ stdout }) => Number(stdout) - node.clock.now() / 1000),
    ]);
    const startedWith = filesOf(node, ps.stdout);
    return { node, status, check, sections, startedWith, listening: parseListening(sockets.stdout), ahead };
  });
  const seen = views.flatMap(({ node, status }) => (status ? [{ node, status }] : []));
  const quorum = noQuorum(seen);
  const [first] = seen;
  // If one controller is cut off, what the others miss on it is a consequence.
  const resource = first && quorum.length === 0 ? await checkedBy(first) : undefined;
  return {
    findings: [
      ...notRunning(views),
      ...quorum,
      ...(resource?.findings ?? []),
      ...checkConfiguration(views, nodes[0].site),
      ...checkClocks(views.map(({ node, ahead }) => ({ controller: node.name, ahead }))),
    ],
    disabled: resource?.disabled ?? seen.some(({ status }) => status.disabled),
  };
}

async function checkedBy({ node, status }: { node: Node; status: ClusterStatus }): Promise<ResourceChecks | undefined> {
  const read = await ifRunning(readCib(node));
  return read && checkResource(read.cib, status, node.site, node.platform.shell);
}

/** What HAProxy was started with on a controller. */
function filesOf({ site, where }: Node, ps: string): readonly string[] {
  try {
    return haproxyProcesses(parseProcesses(ps, where), { configFile: site.haproxy.configFile }).files;
  } catch (error) {
    if (error instanceof ProcessesHidden) return [];
    throw error;
  }
}

function notRunning(views: readonly View[]): Finding[] {
  const without = views.filter(({ status }) => status === undefined).map(({ node }) => node.name);
  if (without.length === 0) return [];
  return [
    {
      name: 'PacemakerUnavailable',
      severity: 'error',
      evidence: `Pacemaker does not run on ${without.join(', ')}`,
      remedy: 'Start corosync and pacemaker there, until crm_mon -1 shows the controllers online.',
    },
  ];
}

function noQuorum(views: readonly { node: Node; status: ClusterStatus }[]): Finding[] {
  const without = views.filter(({ status }) => !status.quorate).map(({ node }) => node.name);
  if (without.length === 0) return [];
  return [
    {
      name: 'NoQuorum',
      severity: 'error',
      evidence: `The pacemaker cluster has no quorum, as ${without.join(', ')} sees it`,
      remedy:
        'Bring the other controllers, or the network between them, back first: crm_mon -1. Without quorum a disable is taken ' +
        'as done, and stops HAProxy everywhere later.',
    },
  ];
}
