import { BAN } from '../commands/disable';
import type { Node } from '../commands/node';
import { MagnumHaError } from '../errors';
import { isBefore } from '../site/versions';
import { disabledBy, unmanagedBy } from './causes';
import { type Cib, parseCib } from './cib';
import { isNode } from './node-names';
import { remedy } from './remedies';
import { isSupported, resourceForm } from './resource-form';
import { type ClusterStatus, PacemakerUnavailable, parseClusterStatus } from './status';

/** A partition without quorum takes `disable` as done, and stops HAProxy everywhere once it is healed. */
export class NoQuorum extends MagnumHaError {
  override readonly name = 'NoQuorum';
}

/** Pacemaker would not act on the resource: it is unmanaged, or the cluster is in maintenance mode. */
export class HAProxyResourceUnmanaged extends MagnumHaError {
  override readonly name = 'HAProxyResourceUnmanaged';
}

/** What pacemaker is asked for; undefined if it does not run. */
export async function ifRunning<T>(asking: Promise<T>): Promise<T | undefined> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof PacemakerUnavailable) return undefined;
    throw error;
  }
}

/** Pacemaker's view from one controller. @throws PacemakerUnavailable */
export async function clusterStatus(node: Node): Promise<ClusterStatus> {
  const { clusterStatus: command } = node.commands;
  const { resource } = node.site.haproxy;
  const [outcome, read] = await Promise.all([
    node.attempt(command),
    isBefore(node.platform.pacemaker, PRINTS_ALL) ? readCib(node) : undefined,
  ]);
  if (outcome.exitCode === 0) {
    const status = parseClusterStatus(outcome.stdout, resource, node.where);
    return read ? completed(status, read.cib, resource) : status;
  }
  // 102 is pacemaker's CRM_EX_DISCONNECT: not connected to the cluster. 127: there is no crm_mon.
  if (![1, 102, 127].includes(outcome.exitCode)) throw node.failure(command, outcome);
  throw new PacemakerUnavailable(`Pacemaker does not run on ${node.where}. Start corosync and pacemaker there first.`);
}

/** Since when crm_mon prints target role, blocked and maintenance mode. */
const PRINTS_ALL = '1.1.16';

/** With what an old crm_mon does not print, from the CIB. */
export function completed(status: ClusterStatus, cib: Cib, resource: string): ClusterStatus {
  const form = resourceForm(cib, resource);
  if (!isSupported(form)) return status;
  const causes = unmanagedBy(cib, form.primitive, status);
  const blockedOn = new Set(causes.flatMap((cause) => (cause.by === 'blocked' ? [cause.node] : [])));
  return {
    ...status,
    maintenance: causes.some(({ by }) => by === 'maintenance-mode'),
    disabled: disabledBy(cib, form.primitive) !== undefined,
    instances: status.instances.map((one) => ({ ...one, blocked: one.nodes.some((node) => blockedOn.has(node)) })),
  };
}

/** Pacemaker's whole CIB from one controller. @throws PacemakerUnavailable */
export async function readCib({ commands, attempt, failure, run, where }: Node): Promise<CibWithText> {
  const [outcome, date] = await Promise.all([attempt(commands.cib), run(commands.date)]);
  const { exitCode, stdout, stderr } = outcome;
  if (exitCode === 0) return { text: stdout, cib: parseCib(stdout, Number(date.stdout), where) };
  // Pacemaker says that it is not connected to its cluster: from 2.0 on with 102, before with one of many numbers.
  if (exitCode !== 102 && !/not connected/i.test(stderr)) throw failure(commands.cib, outcome);
  throw new PacemakerUnavailable(`cibadmin on ${where} gives no CIB. Check pacemaker there: crm_mon -1`);
}

/** Whether pacemaker has a ban of ours, as one controller sees it: in effect, armed, or one that is over. @throws PacemakerUnavailable */
export async function hasBan(node: Node): Promise<boolean> {
  return (await readCib(node)).cib.byId.has(BAN);
}

/** A CIB, and the text that it was read from. */
export interface CibWithText {
  readonly text: string;
  readonly cib: Cib;
}

/** Whether pacemaker acts on HAProxy. */
export function isManaged({ maintenance, instances }: ClusterStatus): boolean {
  return !maintenance && instances.every(({ managed }) => managed);
}

/** How to let pacemaker act on HAProxy again, in the words of the controller's shell; undefined if it does. */
export function howToManage(status: ClusterStatus, { site, platform }: Node): string | undefined {
  if (isManaged(status)) return undefined;
  const { resource } = site.haproxy;
  return remedy(
    status.maintenance ? { by: 'maintenance-mode' } : { by: 'is-managed', at: resource },
    resource,
    platform.shell,
  );
}

/** @throws HAProxyResourceUnmanaged */
export function refuseUnmanaged(status: ClusterStatus, node: Node): void {
  const command = howToManage(status, node);
  if (command === undefined) return;
  throw new HAProxyResourceUnmanaged(
    `${unmanaged(status, node.site.haproxy.resource)}, as ${node.where} sees it. End that first: ${command}`,
  );
}

/** What keeps pacemaker from acting on HAProxy. */
export function unmanaged({ maintenance }: ClusterStatus, resource: string): string {
  return maintenance
    ? `The pacemaker cluster is in maintenance mode: pacemaker would not act on ${resource}`
    : `Pacemaker does not manage ${resource}`;
}

/** Whether an instance is started on this controller. */
export function startedOn(status: ClusterStatus, controller: string): boolean {
  return status.instances.some(
    // `active` is also one that is starting, or stopping.
    ({ role, failed, nodes }) => role === 'Started' && !failed && nodes.some((node) => isNode(node, controller)),
  );
}
