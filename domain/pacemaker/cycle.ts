import { everywhere, fulfilled } from '../commands/everywhere';
import type { Node } from '../commands/node';
import { haproxyOn } from '../commands/whose-processes';
import { MagnumHaError, messageOf } from '../errors';
import type { SiteConnection } from '../commands/site-connection';
import { mapAll, type NonEmpty } from '../non-empty';
import type { Site } from '../site/document';
import { BastionUnreachable, ControllerUnreachable, SshConnectionLost } from '../ssh/errors';
import { poll } from '../world';
import { clusterStatus, howToManage, NoQuorum, refuseUnmanaged, startedOn } from './cluster';
import { isNode } from './node-names';
import { type Silence, silenceBegun, silenceEnded } from './silence';
import { watchVip } from './vip-watch';

/** How long one step looks by itself before it hands back to the workflow's wait. One look takes about 50 ms. */
const PATIENCE = { forMs: 5_000, everyMs: 50 };
/** When a stop takes longer than this, pacemaker is asked whether a controller is lost, and again and again, in milliseconds. */
const SUSPICIOUS_MS = 1_000;
/** After this many milliseconds without an answer another controller is told to enable HAProxy too. One takes less than 1,000. */
const NEXT_CONTROLLER_MS = 2_000;

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

/** A step of the cycle, as history names it. */
export type CycleAction = 'disable' | 'poll-stopped' | 'enable' | 'poll-started';

/** Where the cycle stands after a step. */
export interface CycleStep extends Silence {
  /** Whether HAProxy is gone everywhere (disable, poll-stopped), or serves everywhere (enable, poll-started). */
  readonly done: boolean;
  /** What is still to come, for whoever reads the history. */
  readonly waitingFor: string;
  /**
   * PIDs of HAProxy's processes that an earlier reload had left on each controller: they end with their last connection, and
   * nobody waits for them.
   */
  readonly leftovers?: Leftovers;
}

type Leftovers = Readonly<Record<string, readonly number[]>>;

/** What a step hands on: the times between which the VIP did not answer, and whom nobody waits for. */
export type Before = Silence & Pick<CycleStep, 'leftovers'>;

/**
 * One step of the cycle: HAProxy disabled, polled until gone, enabled, polled until it serves. Each is safe to repeat.
 *
 * An exit code of pcs proves nothing: `disable --wait` can report success while HAProxy lives, and `enable --wait` with
 * two of three running. Stopped means no haproxy process on any controller and pacemaker's view without blocked or failed
 * instances; started means running on every controller, and the VIP answering.
 *
 * @param before what the step before returned; null before the first
 * @throws NoQuorum before HAProxy is disabled; HAProxyStopBlocked, HAProxyStopInterrupted, HAProxyResourceUnmanaged;
 * where enabling is refused everywhere, why
 */
export function cycle(connection: SiteConnection, action: CycleAction, before: Before | null): Promise<CycleStep> {
  return action === 'disable' || action === 'poll-stopped'
    ? stop(connection, action, before)
    : start(connection, action, before);
}

async function stop(
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
      if (action === 'disable') await lead.run(lead.commands.disableHaproxy);
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

/** Enables from any controller that can: one that is gone must not keep HAProxy from coming back on the others. */
async function start(
  { site, nodes }: SiteConnection,
  action: 'enable' | 'poll-started',
  before: Before | null,
): Promise<CycleStep> {
  const connecting = mapAll(nodes, async (node) => {
    await node.ready();
    return node;
  });
  // Whoever is connected first: waiting for one that is gone would prolong the outage.
  const { first, others } = await firstOfAll(connecting);
  const watches = [watchVip(first)];
  const leftovers = before?.leftovers ?? {};
  const answeredAt = () =>
    before?.firstAnswerAt ?? watches.map((watch) => watch.firstAnswerAt).find((time) => time !== null) ?? null;
  try {
    // The first one's connection may lead to a controller that is gone: then another one watches too.
    if (action === 'enable') await enable(first, others, (other) => watches.push(watchVip(other)));
    const reached = await fulfilled(connecting);
    const waitingFor = await until(first, async () => {
      const notRunning = await notStarted(reached, site, leftovers);
      return notRunning === '' && answeredAt() === null ? `an answer of the VIP ${site.virtualIp}` : notRunning;
    });
    return {
      done: waitingFor === '',
      waitingFor,
      ...silenceEnded(watches, first.clock.now(), before),
      leftovers,
    };
  } finally {
    for (const watch of watches) watch.stop();
  }
}

/**
 * Tells one controller after another, each as soon as the one before has failed or does not answer, until one has done it.
 *
 * @param further is told of every controller but the first
 * @throws the first one's error where no controller took the command
 */
async function enable(first: Node, others: readonly Promise<Node>[], further: (node: Node) => void): Promise<void> {
  const command = first.commands.enableHaproxy;
  const told: Promise<unknown>[] = [first.run(command)];
  for (const other of others) {
    if (await taken(first, told)) return;
    told.push(
      other.then((node) => {
        further(node);
        return node.run(command);
      }),
    );
  }
  await Promise.any(told).catch(() => told[0]);
}

/** Whether one has taken the command, as soon as that is known, or nothing is in time. */
function taken({ clock }: Node, told: readonly Promise<unknown>[]): Promise<boolean> {
  const done = Promise.any(told).then(
    () => true,
    () => false,
  );
  return Promise.race([done, clock.sleep(NEXT_CONTROLLER_MS).then(() => false)]);
}

/** @throws the first one's error where none can be reached */
function firstOfAll(connecting: NonEmpty<Promise<Node>>): Promise<{ first: Node; others: Promise<Node>[] }> {
  const each = mapAll(connecting, async (one) => ({
    first: await one,
    others: connecting.filter((other) => other !== one),
  }));
  return Promise.any(each).catch(() => each[0]);
}

/** Looks until nothing is waited for, or patience ends. @returns what is still waited for */
async function until({ clock }: Node, look: () => Promise<string>): Promise<string> {
  const { found } = await poll(clock, PATIENCE, async () => {
    const waitingFor = await look();
    return { done: waitingFor === '', found: waitingFor };
  });
  return found;
}

/** @returns what still runs. @throws HAProxyStopBlocked, HAProxyResourceUnmanaged */
async function notStopped(nodes: readonly Node[], lead: Node, leftovers: Leftovers): Promise<string> {
  const [lists, status] = await Promise.all([Promise.all(processesOn(nodes, leftovers)), clusterStatus(lead)]);
  const alive = lists.filter(({ haproxy }) => haproxy.own.length > 0).map(({ node }) => node);
  const { site } = lead;
  const { resource } = site.haproxy;
  const stuck = status.instances.filter(({ blocked, failed }) => blocked || failed);
  if (stuck.length > 0) {
    const places = stuck.flatMap((one) => one.nodes).join(', ') || 'a controller';
    throw new HAProxyStopBlocked(
      `Pacemaker could not stop ${resource} on ${places} of site ${site.name}. HAProxy is being enabled again. Kill the ` +
        `haproxy process there, then: pcs resource cleanup ${resource}`,
    );
  }
  // It may have become unmanaged since Preflight: pacemaker would not stop it then, however long we wait.
  refuseUnmanaged(status, lead);
  if (alive.length > 0) return `haproxy to stop on ${namesOf(alive)}`;
  return status.instances.some(({ active }) => active) ? 'pacemaker to see HAProxy stopped' : '';
}

/**
 * HAProxy that is disabled all the same is enabled again: a `pcs resource disable` goes on when its connection is lost, and
 * may act after the enable; and a controller that is cut off has a view of its own, which may become everybody's.
 *
 * @returns where HAProxy does not run yet. A failed start is waited for too, because pacemaker tries again; a blocked
 * instance is not, because pacemaker does nothing more about it: Verify reports it
 */
async function notStarted(all: readonly Node[], site: Site, leftovers: Leftovers): Promise<string> {
  const { resource } = site.haproxy;
  const lists = await fulfilled(processesOn(all, leftovers));
  // HAProxy is not waited for on a controller that is lost meanwhile: Verify reports it.
  const nodes = lists.map(({ node }) => node);
  // Pacemaker is asked after the processes are listed, so that its view has the effect of every disable that has ended.
  const seen = await fulfilled(nodes.map(async (node) => ({ node, status: await clusterStatus(node) })));
  const disabled = seen.filter(({ status }) => status.disabled).map(({ node }) => node);
  await Promise.all(disabled.map((node) => node.run(node.commands.enableHaproxy)));
  if (disabled.length > 0) return `${resource} to be enabled, as ${namesOf(disabled)} sees it`;
  const disabling = lists
    .filter(({ node, list }) => {
      const wanted = node.commands.disableHaproxy.argv.slice(1).join(' ');
      return list.all.some(({ words }) => words.join(' ').endsWith(` ${wanted}`));
    })
    .map(({ node }) => node);
  if (disabling[0]) return `${disabling[0].commands.disableHaproxy.argv.join(' ')} to end on ${namesOf(disabling)}`;

  const alive = lists.filter(({ haproxy }) => haproxy.serving.length > 0).map(({ node }) => node);
  // Where the cluster is split, the partition with quorum starts HAProxy.
  const { status } = seen.find((one) => one.status.quorate) ?? seen[0];
  const blocked = status.instances.filter((one) => one.blocked).flatMap(({ nodes }) => nodes);
  const missing = nodes
    .filter((node) => !(alive.includes(node) && startedOn(status, node.name)))
    .filter(({ name }) => !blocked.some((one) => isNode(one, name)));
  if (missing.length === 0) return '';
  const remedy = howToManage(status, resource);
  const hindered = [
    ...(status.quorate ? [] : ['the cluster to have quorum again']),
    ...(remedy === undefined ? [] : [`pacemaker to manage ${resource} again (${remedy})`]),
  ];
  return [...hindered, `haproxy to start on ${namesOf(missing)}`].join(', and ');
}

/** What runs on each controller. */
function processesOn(nodes: readonly Node[], leftovers: Leftovers) {
  return nodes.map(async (node) => ({ node, ...(await haproxyOn(node, leftovers[node.name])) }));
}

/** What a reload has left on a controller, while HAProxy serves. */
async function leftoversOn(node: Node): Promise<[string, number[]]> {
  const { haproxy } = await haproxyOn(node);
  return [node.name, haproxy.leftovers.map(({ pid }) => pid)];
}

function namesOf(nodes: readonly Node[]): string {
  return nodes.map(({ name }) => name).join(', ');
}
