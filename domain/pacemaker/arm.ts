import { armCommand, DISABLING_SET, ruleOf, timerCommand } from '../commands/disable';
import { everywhere } from '../commands/everywhere';
import type { Node } from '../commands/node';
import type { SiteConnection } from '../commands/site-connection';
import { haproxyOn } from '../commands/whose-processes';
import { MagnumHaError } from '../errors';
import type { Cib } from './cib';
import { clusterStatus, readCib } from './cluster';
import { isNode } from './node-names';
import { type Before, type CycleStep, cycleOf } from './step';
import { child } from './xml';

/** Since its cycle began HAProxy was started anew everywhere: somebody else cycled it, or this comes after its own cycle. */
export class HAProxyCycledMeanwhile extends MagnumHaError {
  override readonly name = 'HAProxyCycledMeanwhile';
}

/**
 * Arms the dead-man: puts into pacemaker's configuration until when the disable of this cycle holds, and with it what that
 * disable cannot do without. HAProxy runs on.
 *
 * Where pacemaker does not notice by itself that the time is over, a timer on every controller tells it.
 *
 * What is found of an earlier cycle is taken away. If this cycle is over, nothing is done: an invocation may come late.
 *
 * @throws HAProxyCycledMeanwhile, PacemakerUnavailable, and what `run` throws
 */
export async function arm({ site, nodes }: SiteConnection, before: Before | null): Promise<CycleStep> {
  const [lead] = nodes;
  const cycle = cycleOf(before, lead);
  const [{ cib }, { dc }, clocks, ages] = await Promise.all([
    readCib(lead),
    clusterStatus(lead),
    clocksOf(nodes),
    everywhere(nodes, async (node) => (await haproxyOn(node)).haproxy.age ?? Infinity),
  ]);
  const done = (endsAt: string): CycleStep => ({
    ...{ done: true, waitingFor: '', lastAnswerAt: null, firstAnswerAt: null },
    ...{ cycle, endsAt },
  });
  const found = armedIn(cib);
  if (found?.rule === ruleOf(cycle)) return done(found.endsAt);
  // An age is in whole seconds, and up to one more.
  if (ages.every((age) => (age + 1) * 1000 < lead.clock.now() - cycle)) {
    throw new HAProxyCycledMeanwhile(
      `On every controller of site ${site.name} HAProxy was started anew after its cycle had begun; nothing was changed by ` +
        `this step. If somebody else has done that, start again.`,
    );
  }
  if (found) await lead.run(lead.commands.endDisable);
  await startTimers(nodes, cycle);
  const endsAt = endOf(clocks, dc, site.haproxy.deadManSeconds);
  await lead.run(armCommand(site, cycle, endsAt));
  return done(endsAt);
}

/** What is armed already: ID of its rule, and its end. */
function armedIn({ byId }: Cib): { readonly rule: string | undefined; readonly endsAt: string } | undefined {
  const set = byId.get(DISABLING_SET);
  const rule = child(set, 'rule');
  return set && { rule: rule?.attributes['id'], endsAt: child(rule, 'date_expression')?.attributes['end'] ?? '' };
}

/** What a controller's own clock shows, in seconds since 1970. */
interface ControllerClock {
  readonly name: string;
  readonly seconds: number;
}

export function clocksOf(nodes: readonly Node[]): Promise<ControllerClock[]> {
  return everywhere(nodes, async (node) => {
    const { stdout } = await node.run(node.commands.date);
    return { name: node.name, seconds: Number(stdout) };
  });
}

/** The time in so many seconds, as pacemaker has it: it goes by the clock of its DC. */
export function endOf(clocks: readonly ControllerClock[], dc: string | undefined, seconds: number): string {
  const deciding = clocks.find(({ name }) => dc !== undefined && isNode(dc, name)) ?? clocks[0];
  return timeOf((deciding?.seconds ?? 0) + seconds);
}

/** On controllers whose pacemaker does not notice by itself that a time is over. @param number of the cycle, or the ban */
export async function startTimers(nodes: readonly Node[], number: number): Promise<void> {
  const timed = nodes.filter(({ commands }) => commands.timer);
  await everywhere(timed, (node) => node.run(timerCommand(node.site, number)));
}

/** In the form of ISO 8601 that pacemaker itself writes. */
function timeOf(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}
