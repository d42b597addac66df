import { everywhere } from '../commands/everywhere';
import type { Node } from '../commands/node';
import type { Nodes } from '../commands/site-connection';
import { clusterStatus, howToManage, startedOn, unmanaged } from '../pacemaker/cluster';
import { type ClusterStatus, PacemakerUnavailable } from '../pacemaker/status';
import type { Outcome } from '../ssh/command';
import type { FindingName } from './catalogue';
import type { Finding } from './finding';

/** After these a check cannot verify what HAProxy serves. */
export const PACEMAKER_FINDINGS = [
  'PacemakerUnavailable',
  'NoQuorum',
  'HAProxyResourceUnknown',
  'HAProxyResourceUnmanaged',
  'HAProxyResourceFailed',
  'HAProxyConfigInvalid',
] as const satisfies readonly FindingName[];

/** What pacemaker and HAProxy tell of themselves. */
export interface PacemakerChecks {
  readonly findings: readonly Finding[];
  /** Whether HAProxy is disabled, as an execution that was stopped may have left it: nothing behind the VIP answers. */
  readonly disabled: boolean;
}

/** One controller's view. */
interface View {
  readonly node: Node;
  /** Undefined if pacemaker does not run there. */
  readonly status: ClusterStatus | undefined;
  readonly check: Outcome;
}

/**
 * Looks for whatever a cycle of HAProxy would not come back from, before anything is touched. Every controller is asked: a
 * cut-off one has a view of its own.
 *
 * @throws the errors of SSH
 */
export async function checkPacemaker(nodes: Nodes): Promise<PacemakerChecks> {
  const views = await everywhere(nodes, async (node): Promise<View> => {
    const [status, check] = await Promise.all([
      clusterStatus(node).catch((error: unknown) => {
        if (error instanceof PacemakerUnavailable) return undefined;
        throw error;
      }),
      node.attempt(node.commands.validateHaproxy),
    ]);
    return { node, status, check };
  });
  const known = views.flatMap(({ node, status }) => (status ? [{ node, status }] : []));
  // If one controller is cut off, what the others miss on it is a consequence.
  const quorum = noQuorum(known);
  return {
    findings: [
      ...notRunning(views),
      ...quorum,
      ...(quorum.length > 0 ? [] : known.flatMap(({ node, status }) => resource(status, node))),
      ...views.flatMap(configuration),
    ].filter(({ name, evidence }, index, all) => {
      // What all controllers see alike is told once.
      return all.findIndex((one) => one.name === name && one.evidence === evidence) === index;
    }),
    disabled: known.some(({ status }) => status.disabled),
  };
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

function resource(status: ClusterStatus, { site }: Node): Finding[] {
  const { resource: name } = site.haproxy;
  if (status.instances.length === 0) {
    return [
      {
        name: 'HAProxyResourceUnknown',
        severity: 'error',
        evidence: `Pacemaker has no resource ${name}`,
        remedy: 'Correct haproxy.resource: `pcs resource` lists the names.',
      },
    ];
  }
  const manage = howToManage(status, name);
  if (manage !== undefined) {
    return [
      {
        name: 'HAProxyResourceUnmanaged',
        severity: 'error',
        evidence: unmanaged(status, name),
        remedy: `End that first: ${manage}`,
      },
    ];
  }
  const failed = (evidence: string): Finding => ({
    name: 'HAProxyResourceFailed',
    severity: 'error',
    evidence,
    remedy: `Look at crm_mon -1 -r, mend the cause, then: pcs resource cleanup ${name}`,
  });
  const missing = status.disabled ? [] : site.controllers.filter((one) => !startedOn(status, one.name));
  if (missing.length > 0) return [failed(`${name} does not run on ${missing.map((one) => one.name).join(', ')}`)];
  if (status.instances.some((one) => one.failed || one.blocked)) return [failed(`${name} failed or is blocked`)];
  return [];
}

function configuration({ node, check }: View): Finding[] {
  if (check.exitCode === 0) return [];
  const command = node.commands.validateHaproxy;
  if (check.exitCode !== 1) throw node.failure(command, check);
  return [
    {
      name: 'HAProxyConfigInvalid',
      severity: 'error',
      evidence: `HAProxy's configuration on ${node.name} is broken: HAProxy would not come back from a cycle`,
      remedy: `Mend what \`${command.argv.join(' ')}\` names there${places(check.stderr)}`,
    },
  ];
}

/** The places HAProxy complains about, without its words: they may quote a line, and a line may hold a password. */
function places(stderr: string): string {
  const found = new Set([...stderr.matchAll(/\[([^\]\s]+:\d+)\]/g)].map(([, place]) => place));
  return found.size > 0 ? `: ${[...found].slice(0, 5).join(', ')}` : '';
}
