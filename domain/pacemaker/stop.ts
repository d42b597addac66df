import { disableCommand } from '../commands/disable';
import { everywhere } from '../commands/everywhere';
import type { Node } from '../commands/node';
import type { SiteConnection } from '../commands/site-connection';
import { MagnumHaError, messageOf } from '../errors';
import type { Site } from '../site/document';
import { BastionUnreachable, ControllerUnreachable, SshConnectionLost } from '../ssh/errors';
import { clusterStatus, NoQuorum, refuseUnmanaged } from './cluster';
import { type Before, cycleOf, type CycleStep, type Leftovers, leftoversOn, namesOf, processesOn, until } from './step';
import { isNode } from './node-names';
import { remedy } from './remedies';
import { silenceBegun } from './silence';
import type { ResourceInstance } from './status';
import { watchVip } from './vip-watch';

/** When a stop takes longer than this, pacemaker is asked whether a controller is lost, and again and again, in milliseconds. */
const SUSPICIOUS_MS = 1_000;

/** Pacemaker tried to stop HAProxy and gave up: a process lives on, and pacemaker will not start it either. */
export class HAProxyStopBlocked extends MagnumHaError {
  override readonly name = 'HAProxyStopBlocked';
}

/**
 * A controller, or the connection to it, was lost while HAProxy was stopping. Nobody waits for it to come back: HAProxy is
 * down on all the others.
 */
export class HAProxyStopInterrupted extends MagnumHaError {
  override readonly name = 'HAProxyStopInterrupted';
}

/**
 * HAProxy disabled, and watched until it is gone.
 *
 * @throws NoQuorum, HAProxyStopBlocked, HAProxyStopInterrupted, HAProxyResourceUnmanaged; CommandFailed if the dead-man is not
 * armed for this cycle: it is over, or it has not begun
 */
export async function stop(
  { site, nodes }: SiteConnection,
  action: 'disable' | 'poll-stopped',
  before: Before | null,
): Promise<CycleStep> {
  // All connections stand before HAProxy goes: no handshake falls into the outage.
  const connecting = everywhere(nodes, (node) => node.ready());
  await (action === 'disable' ? connecting : interruptible(connecting, site));
  const [lead] = nodes;
  const watch = watchVip(lead);
  let leftovers = before?.leftovers ?? {};
  try {
    if (action === 'disable') {
      const [statuses, found] = await Promise.all([everywhere(nodes, clusterStatus), everywhere(nodes, leftoversOn)]);
      leftovers = Object.fromEntries(found.filter(([, pids]) => pids.length > 0));
      if (statuses.some(({ quorate }) => !quorate)) {
        throw new NoQuorum(
          `The cluster of site ${site.name} lost its quorum; HAProxy was not disabled. See crm_mon -1.`,
        );
      }
      for (const status of statuses) refuseUnmanaged(status, lead);
    }
    const stopping = async () => {
      if (action === 'disable') await lead.run(disableCommand(cycleOf(before, lead)));
      return until(lead, () => notStopped(nodes, lead, leftovers));
    };
    const waitingFor = await interruptible(unlessLost(stopping(), nodes), site);
    return {
      done: waitingFor === '',
      waitingFor,
      ...silenceBegun(watch, lead.clock.now(), before),
      leftovers,
    };
  } finally {
    watch.stop();
  }
}

/** Turns the loss of a connection into an error after which HAProxy is enabled at once: a retry would prolong the outage. */
async function interruptible<T>(doing: Promise<T>, { bastion }: Site): Promise<T> {
  try {
    return await doing;
  } catch (error) {
    const lost = [SshConnectionLost, ControllerUnreachable, BastionUnreachable].some((kind) => error instanceof kind);
    if (!lost) throw error;
    throw new HAProxyStopInterrupted(
      `HAProxy is being enabled again, because it cannot be seen to stop through the bastion ${bastion.host}: ${messageOf(error)}`,
    );
  }
}

/**
 * Waits for something unless a controller is lost meanwhile: the others' pacemaker knows that within seconds, long before a
 * connection ends to which nobody answers any more.
 *
 * @throws HAProxyStopInterrupted
 */
async function unlessLost<T>(doing: Promise<T>, nodes: readonly Node[]): Promise<T> {
  let over = false;
  const lost = new Promise<never>((_, reject) => {
    const look = async (node: Node) => {
      await node.clock.sleep(SUSPICIOUS_MS);
      while (!over) {
        const { online } = await clusterStatus(node);
        const offline = nodes.filter(({ name }) => !online.some((one) => isNode(one, name)));
        if (offline.length > 0) {
          reject(
            new HAProxyStopInterrupted(
              `While HAProxy was stopping, ${namesOf(offline)} of site ${node.site.name} went offline, as pacemaker on ` +
                `${node.name} sees it. HAProxy is being enabled again. Bring every controller back, then start again: ` +
                `crm_mon -1`,
            ),
          );
        }
        await node.clock.sleep(SUSPICIOUS_MS / 4);
      }
    };
    // Whoever cannot be asked may be the one that is lost.
    for (const node of nodes) void look(node).catch(() => undefined);
  });
  try {
    return await Promise.race([doing, lost]);
  } finally {
    over = true;
  }
}

/**
 * @param concerns whether an instance is one that is to stop. @default all
 * @returns what still runs
 * @throws HAProxyStopBlocked, HAProxyResourceUnmanaged
 */
export async function notStopped(
  nodes: readonly Node[],
  lead: Node,
  leftovers: Leftovers,
  concerns: (instance: ResourceInstance) => boolean = () => true,
): Promise<string> {
  const [lists, status] = await Promise.all([Promise.all(processesOn(nodes, leftovers)), clusterStatus(lead)]);
  const alive = lists.filter(({ haproxy }) => haproxy.own.length > 0).map(({ node }) => node);
  const { site } = lead;
  const { resource } = site.haproxy;
  const instances = status.instances.filter(concerns);
  const stuck = instances.filter(({ blocked, failed }) => blocked || failed);
  if (stuck.length > 0) {
    const places = stuck.flatMap((one) => one.nodes).join(', ') || 'a controller';
    throw new HAProxyStopBlocked(
      `Pacemaker could not stop ${resource} on ${places} of site ${site.name}. HAProxy is being enabled again. Next: ` +
        remedy({ by: 'blocked', node: places }, resource, lead.platform.shell),
    );
  }
  // It may have become unmanaged since Preflight: pacemaker would not stop it then, however long we wait.
  refuseUnmanaged(status, lead);
  if (alive.length > 0) return `haproxy to stop on ${namesOf(alive)}`;
  return instances.some(({ active }) => active) ? 'pacemaker to see HAProxy stopped' : '';
}
