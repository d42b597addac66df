import { fulfilled } from '../commands/everywhere';
import type { Node } from '../commands/node';
import type { SiteConnection } from '../commands/site-connection';
import { mapAll, type NonEmpty } from '../non-empty';
import type { Site } from '../site/document';
import { clusterStatus, howToManage, startedOn } from './cluster';
import { type Before, type CycleStep, type Leftovers, namesOf, processesOn, until } from './step';
import { enableOn } from './enable';
import { isNode } from './node-names';
import { silenceEnded } from './silence';
import { watchVip } from './vip-watch';

/** After this many milliseconds without an answer another controller is told to enable HAProxy too. One takes less than 1,000. */
const NEXT_CONTROLLER_MS = 2_000;

/** Enables from any controller that can: one that is gone must not keep HAProxy from coming back on the others. */
export async function start(
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
      // What the VIP does after its first answer tells nothing more.
      if (answeredAt() !== null) for (const watch of watches) watch.stop();
      const notRunning = await notStarted(reached, site, leftovers);
      if (notRunning !== '') return notRunning;
      return answeredAt() === null ? `an answer of the VIP ${site.virtualIp}` : timersToEnd(reached);
    });
    return {
      done: waitingFor === '',
      waitingFor,
      ...silenceEnded(watches, first.clock.now(), before),
      leftovers,
      // Of an update on one controller after another, which this ends.
      ...(before?.turns && { turns: before.turns }),
      ...(before?.longest && { longest: before.longest }),
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
  const told: Promise<unknown>[] = [enableOn(first)];
  for (const other of others) {
    if (await taken(first, told)) return;
    told.push(
      other.then((node) => {
        further(node);
        return enableOn(node);
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

/**
 * Ends the timers of the dead-man, where there are any. One on a controller that cannot be reached does nothing that matters:
 * what it takes away is gone, or another cycle's.
 *
 * @returns where one is still armed
 */
export async function timersToEnd(nodes: readonly Node[]): Promise<string> {
  const ended = nodes.map(async (node) => {
    const { timer } = node.commands;
    if (!timer) return [];
    await node.run(timer.end);
    const { exitCode } = await node.attempt(timer.look);
    return exitCode === 0 ? [node] : [];
  });
  const armed = (await fulfilled(ended)).flat();
  return armed.length === 0 ? '' : `the timer of the dead-man to end on ${namesOf(armed)}`;
}

/**
 * HAProxy that is disabled all the same is enabled again: somebody else may have done it, and a controller that is cut off has
 * a view of its own, which may become everybody's. Our own disable cannot come late, see `disableCommand`.
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
  await Promise.all(disabled.map(enableOn));
  if (disabled.length > 0) return `${resource} to be enabled, as ${namesOf(disabled)} sees it`;
  const alive = lists.filter(({ haproxy }) => haproxy.serving.length > 0).map(({ node }) => node);
  // Where the cluster is split, the partition with quorum starts HAProxy.
  const { status } = seen.find((one) => one.status.quorate) ?? seen[0];
  const blocked = status.instances.filter((one) => one.blocked).flatMap(({ nodes }) => nodes);
  const missing = nodes
    .filter((node) => !(alive.includes(node) && startedOn(status, node.name)))
    .filter(({ name }) => !blocked.some((one) => isNode(one, name)));
  if (missing.length === 0) return '';
  const command = howToManage(status, lists[0].node);
  const hindered = [
    ...(status.quorate ? [] : ['the cluster to have quorum again']),
    ...(command === undefined ? [] : [`pacemaker to manage ${resource} again (${command})`]),
  ];
  return [...hindered, `haproxy to start on ${namesOf(missing)}`].join(', and ');
}
