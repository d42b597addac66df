import type { Node } from '../commands/node';
import type { SiteConnection } from '../commands/site-connection';
import { servingHaproxyOn } from '../commands/whose-processes';
import { longestOf } from './silence';
import { type Before, type CycleStep, cycleOf, type Turn, until } from './step';
import { watchVip } from './vip-watch';

/** Which controllers have a new process since an update began, and which old ones it replaces elsewhere. */
export class Turns {
  constructor(
    /** Number of the update: when it began, in milliseconds since 1970. */
    private readonly since: number,
    private readonly turns: Map<string, Turn>,
  ) {}

  /** Whether the turn of this controller has begun. */
  hasBegun({ name }: Node): boolean {
    return this.turns.has(name);
  }

  /** Begins it, or finds that nothing is left to do. @returns whether something is */
  async begin(node: Node): Promise<boolean> {
    const { serving, age = Infinity } = (await servingHaproxyOn(node)).haproxy;
    // An age is in whole seconds, and up to one more: what started within the first second is replaced once more.
    const isNew = (age + 1) * 1000 < node.clock.now() - this.since;
    this.turns.set(node.name, { replaces: isNew ? [] : serving.map(({ pid }) => pid) });
    return !isNew;
  }

  /** Notes that HAProxy is now told to end or reload there. An attempt before may have told it already. */
  told({ name, clock }: Node): void {
    this.turns.set(name, { replaces: [], from: clock.now(), ...this.turns.get(name) });
  }

  /** Whether other processes serve there than before. */
  async isNew(node: Node): Promise<boolean> {
    const { serving } = (await servingHaproxyOn(node)).haproxy;
    const turn = this.turns.get(node.name) ?? { replaces: [] };
    const isNew = serving.length > 0 && serving.every(({ pid }) => !turn.replaces.includes(pid));
    if (isNew && turn.from !== undefined) this.turns.set(node.name, { to: node.clock.now(), ...turn });
    return isNew;
  }

  get all(): Readonly<Record<string, Turn>> {
    return Object.fromEntries(this.turns);
  }
}

/**
 * Replaces HAProxy on one controller after another, while the VIP is watched. Safe to repeat: what has started since this update
 * began has read what is in place.
 *
 * @param quietMs see `watchVip`
 * @param replace does that, as far as it comes in this step; returns what is still waited for
 */
export async function inTurn(
  { nodes }: SiteConnection,
  before: Before | null,
  quietMs: number | undefined,
  replace: (turns: Turns) => Promise<string>,
): Promise<CycleStep> {
  const [lead] = nodes;
  const cycle = cycleOf(before, lead);
  const turns = new Turns(cycle, new Map(Object.entries(before?.turns ?? {})));
  const watch = watchVip(lead, before?.answeredAt, quietMs);
  try {
    let waitingFor = await replace(turns);
    const replaced = lead.clock.now();
    // A silence is known when it has ended.
    const answers = () => (watch.lastAnswerAt ?? 0) > replaced;
    if (waitingFor === '') {
      waitingFor = await until(lead, () =>
        Promise.resolve(answers() ? '' : `an answer of the VIP ${lead.site.virtualIp}`),
      );
    }
    const longest = longestOf(before?.longest, watch.longest);
    const answeredAt = watch.lastAnswerAt ?? before?.answeredAt;
    const done = waitingFor === '';
    const at = lead.clock.now();
    return {
      ...{ done, waitingFor, cycle, turns: turns.all },
      ...(longest && { longest }),
      ...(answeredAt !== undefined && { answeredAt }),
      ...(done ? (longest ?? { lastAnswerAt: at, firstAnswerAt: at }) : { lastAnswerAt: null, firstAnswerAt: null }),
    };
  } finally {
    watch.stop();
  }
}
