import type { Node } from '../commands/node';
import { haproxyOn, servingHaproxyOn } from '../commands/whose-processes';
import { poll } from '../world';
import type { Silence } from './silence';

/** How long one step looks by itself before it hands back to the workflow's wait. One look takes about 50 ms. */
const PATIENCE = { forMs: 5_000, everyMs: 50 };

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
  /** Where HAProxy is updated on one controller after another: each one's turn that has begun. */
  readonly turns?: Readonly<Record<string, Turn>>;
  /** Number of the cycle: when its first state was entered, in milliseconds since 1970. */
  readonly cycle?: number;
  /** Where the VIP should answer all the while: the longest time in which it did not; missing without one. */
  readonly longest?: Silence;
  /** Likewise: when it last answered, in milliseconds since 1970. */
  readonly answeredAt?: number;
  /** When pacemaker ends the disable by itself, by the clock of its DC. */
  readonly endsAt?: string;
}

/** A controller's turn to have HAProxy replaced. Times are in milliseconds since 1970. */
export interface Turn {
  /** PIDs of the processes that are replaced; none if what runs there has started since the update began. */
  readonly replaces: readonly number[];
  /** When HAProxy was told to end or reload there; missing if it was not. */
  readonly from?: number;
  /** When other processes were seen to serve there. */
  readonly to?: number;
}

/** The times of a turn, ISO 8601. */
export interface TurnTimes {
  readonly from: string;
  /** Null if no other process was seen to serve. */
  readonly to: string | null;
}

/** @returns null if HAProxy was not told anything there */
export function turnTimes({ from, to }: Partial<Turn> = {}): TurnTimes | null {
  const iso = (time: number) => new Date(time).toISOString();
  return from === undefined ? null : { from: iso(from), to: to === undefined ? null : iso(to) };
}

export type Leftovers = Readonly<Record<string, readonly number[]>>;

/** What a step hands on: the times between which the VIP did not answer, whom nobody waits for, and the number of the cycle. */
export type Before = Silence & Pick<CycleStep, 'leftovers' | 'turns' | 'cycle' | 'longest' | 'answeredAt'>;

/** The number of the cycle. @throws Error if the step before does not say it: the state machine hands it on */
export function cycleOf(before: Before | null, { where }: Node): number {
  if (before?.cycle !== undefined) return before.cycle;
  throw new Error(`The cycle of HAProxy on ${where} has no number`);
}

/**
 * Looks until nothing is waited for, or patience ends.
 *
 * @param forMs milliseconds
 * @returns what is still waited for
 */
export async function until({ clock }: Node, look: () => Promise<string>, forMs = PATIENCE.forMs): Promise<string> {
  const { found } = await poll(clock, { ...PATIENCE, forMs }, async () => {
    const waitingFor = await look();
    return { done: waitingFor === '', found: waitingFor };
  });
  return found;
}

/** What runs on each controller. */
export function processesOn(nodes: readonly Node[], leftovers: Leftovers) {
  return nodes.map(async (node) => ({ node, ...(await haproxyOn(node, leftovers[node.name])) }));
}

/** What a reload has left on a controller, while HAProxy serves. */
export async function leftoversOn(node: Node): Promise<[string, number[]]> {
  const { haproxy } = await servingHaproxyOn(node);
  return [node.name, haproxy.leftovers.map(({ pid }) => pid)];
}

export function namesOf(nodes: readonly Node[]): string {
  return nodes.map(({ name }) => name).join(', ');
}
