import { armBanCommand, banCommand } from '../commands/ban';
import { BAN } from '../commands/disable';
import { everywhere } from '../commands/everywhere';
import type { Node } from '../commands/node';
import type { SiteConnection } from '../commands/site-connection';
import { servingHaproxyOn } from '../commands/whose-processes';
import { clocksOf, endOf, startTimers } from './arm';
import type { Cib, Resource } from './cib';
import { clusterStatus, hasBan, NoQuorum, readCib, refuseUnmanaged, startedOn } from './cluster';
import { stoppedWith } from './dependencies';
import { inTurn, type Turns } from './in-turn';
import { isNode, matchNodes } from './node-names';
import { timersToEnd } from './start';
import type { ClusterStatus } from './status';
import { type Before, type CycleStep, leftoversOn, namesOf, until } from './step';
import { notStopped } from './stop';
import { all } from './xml';

/** A step hands back after the turn that it is at when it has worked for so long, in milliseconds: its function has two minutes. */
const STEP_MS = 30_000;
/** The VIP takes longer than this, in milliseconds, to move from one controller to another; an answer takes less. */
const VIP_MOVES_MS = 100;
/** So long a stop is waited for in one step, in milliseconds, before the ban is ended all the same. */
const STOP_MS = 60_000;

/**
 * Has pacemaker stop HAProxy and start it again on one controller after another, the holder of the VIP last: each by a ban that ends
 * by itself, and that is ended as soon as HAProxy is gone there and what pacemaker has moved runs again. A controller's turn comes
 * when HAProxy serves on all others. Safe to repeat.
 *
 * @throws NoQuorum, HAProxyResourceUnmanaged before HAProxy is stopped anywhere; HAProxyStopBlocked; what `run` throws
 */
export function roll(connection: SiteConnection, before: Before | null): Promise<CycleStep> {
  return inTurn(connection, before, VIP_MOVES_MS, (turns) => rolled(connection, turns));
}

async function rolled({ nodes }: SiteConnection, turns: Turns): Promise<string> {
  const [lead] = nodes;
  const end = lead.clock.now() + STEP_MS;
  // What an attempt before has left. Where HAProxy was kept off it comes back.
  await lead.run(lead.commands.endBan);
  const left = [...nodes];
  while (left.length > 0) {
    const down = await until(lead, () => notServing(nodes));
    if (down !== '') return down;
    const [node, scene] = await nextOf(left, lead);
    if (lead.clock.now() > end) return `the turn of ${namesOf(left)}`;
    const waitingFor = await replacedOn(node, nodes, turns, scene);
    if (waitingFor !== '') return waitingFor;
    left.splice(left.indexOf(node), 1);
  }
  return until(lead, async () => (await notServing(nodes)) || (await stillBanned(lead)) || (await timersToEnd(nodes)));
}

/** What pacemaker has at the moment. */
interface Scene {
  readonly status: ClusterStatus;
  readonly cib: Cib;
}

/** Whose turn is next: of controllers from which little moves with HAProxy. */
async function nextOf(left: readonly Node[], lead: Node): Promise<[Node, Scene]> {
  const [status, { cib }] = await Promise.all([clusterStatus(lead), readCib(lead)]);
  const primitive = cib.resources.get(lead.site.haproxy.resource);
  const moving = primitive ? stoppedWith(cib, primitive) : [];
  const weight = ({ name, site }: Node) =>
    moving
      .filter(({ id }) => status.runsOn.get(id)?.some((node) => isNode(node, name)))
      .reduce((sum, one) => sum + (holds(one, site.virtualIp) ? moving.length + 1 : 1), 0);
  const [first] = [...left].sort((one, other) => weight(one) - weight(other));
  return [first as Node, { status, cib }];
}

/** Whether a resource is this address. */
function holds({ elements }: Resource, address: string): boolean {
  return elements.some((element) =>
    all(element, 'instance_attributes').some((set) =>
      all(set, 'nvpair').some(({ attributes: { name, value } }) => name === 'ip' && value === address),
    ),
  );
}

/** One controller's turn. @returns what is still waited for */
async function replacedOn(node: Node, nodes: SiteConnection['nodes'], turns: Turns, scene: Scene): Promise<string> {
  if (turns.hasBegun(node) ? await turns.isNew(node) : !(await turns.begin(node))) return '';
  const [lead] = nodes;
  const { status, cib } = scene;
  if (!status.quorate) {
    throw new NoQuorum(
      `The cluster of site ${node.site.name} lost its quorum; HAProxy was not stopped. See crm_mon -1.`,
    );
  }
  refuseUnmanaged(status, lead);
  const number = await armed(node, nodes, scene);
  if (number === undefined) return 'another ban of HAProxy to end';
  // Only now: whoever had armed one before can ban no more.
  const [down, [, leftovers]] = await Promise.all([notServing(nodes.filter((one) => one !== node)), leftoversOn(node)]);
  const ran = [...status.runsOn].flatMap(([id, on]) => (on.some((one) => isNode(one, node.name)) ? [id] : []));
  if (down === '') turns.told(node);
  const waitingFor = down === '' ? await stopped(node, lead, number, { [node.name]: leftovers }) : down;
  // The VIP must be up elsewhere, or it may have to wait for HAProxy here.
  if (waitingFor === '') await until(lead, () => notRunning(ran, lead, cib));
  await lead.run(lead.commands.endBan);
  if (waitingFor !== '') return waitingFor;
  return until(node, async () => ((await turns.isNew(node)) ? '' : `haproxy to start again on ${node.name}`));
}

/** @returns the number of the ban; undefined if there is one already */
async function armed(node: Node, nodes: SiteConnection['nodes'], { status, cib }: Scene): Promise<number | undefined> {
  const [lead] = nodes;
  const { site } = lead;
  const name = matchNodes(
    cib.nodes.map((one) => one.name),
    [node.name],
  ).nodeOf.get(node.name);
  const id = cib.nodes.find((one) => one.name === name)?.attributes.get('#id') ?? '';
  const number = lead.clock.now();
  await startTimers(nodes, number);
  const until = endOf(await clocksOf(nodes), status.dc, site.haproxy.deadManSeconds);
  const { exitCode } = await lead.attempt(armBanCommand(site, number, id, until));
  return exitCode === 0 ? number : undefined;
}

/** HAProxy banned from a controller, and watched until it is gone there. @returns what is still waited for */
async function stopped(
  node: Node,
  lead: Node,
  number: number,
  leftovers: Readonly<Record<string, readonly number[]>>,
): Promise<string> {
  const { exitCode } = await lead.attempt(banCommand(number));
  if (exitCode !== 0) return 'another ban of HAProxy to end';
  const here = (name: string) => isNode(name, node.name);
  return until(lead, () => notStopped([node], lead, leftovers, (one) => one.nodes.some(here)), STOP_MS);
}

/** @returns what of these does not run anywhere */
async function notRunning(ids: readonly string[], lead: Node, { resources }: Cib): Promise<string> {
  const { runsOn } = await clusterStatus(lead);
  return ids.filter((id) => resources.has(id) && !runsOn.has(id)).join(', ');
}

/** Where HAProxy does not serve, or pacemaker does not have it started. @returns what is waited for */
async function notServing(nodes: readonly Node[]): Promise<string> {
  const [lead] = nodes;
  if (!lead) return '';
  const [status, found] = await Promise.all([clusterStatus(lead), everywhere(nodes, servingHaproxyOn)]);
  const missing = nodes.filter(({ name }, at) => found[at]?.haproxy.serving.length === 0 || !startedOn(status, name));
  return missing.length === 0 ? '' : `haproxy to serve on ${namesOf(missing)}`;
}

/** Whether our constraint is left, in effect or not. @returns what is waited for */
async function stillBanned(lead: Node): Promise<string> {
  return (await hasBan(lead)) ? `the ban ${BAN} to be taken away` : '';
}
