import type { Node } from '../commands/node';
import type { SiteConnection } from '../commands/site-connection';
import { servingHaproxyOn } from '../commands/whose-processes';
import { longestOf } from './silence';
import { type Before, type CycleStep, cycleOf, until } from './step';
import { watchVip } from './vip-watch';

/** Which controllers have a new process since an update began, and which old ones it replaces elsewhere. */
export class Turns {
  constructor(
    /** Number of the update: when it began, in milliseconds since 1970. */
    private readonly since: number,
    private readonly replaced: Map<string, readonly number[]>,
  ) {}

  /** Whether the turn of this controller has begun. */
  hasBegun({ name }: Node): boolean {
    return this.replaced.has(name);
  }

  /** Begins it, or finds that nothing is left to do. @returns whether something is */
  async begin(node: Node): Promise<boolean> {
    const { serving, age = Infinity } = (await servingHaproxyOn(node)).haproxy;
    // An age is in whole seconds, and up to one more: what started within the first second is replaced once more.
    const isNew = (age + 1) * 1000 < node.clock.now() - this.since;
    this.replaced.set(node.name, isNew ? [] : serving.map(({ pid }) => pid));
    return !isNew;
  }

  /** Whether other processes serve there than before. */
  async isNew(node: Node): Promise<boolean> {
    const { serving } = (await servingHaproxyOn(node)).haproxy;
    const old = this.replaced.get(node.name) ?? [];
    return serving.length > 0 && serving.every(({ pid }) => !old.includes(pid));
  }

  get all(): Readonly<Record<string, readonly number[]>> {
    return Object.fromEntries(this.replaced);
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
  const turns = new Turns(cycle, new Map(Object.entries(before?.replaced ?? {})));
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
      ...{ done, waitingFor, cycle, replaced: turns.all },
      ...(longest && { longest }),
      ...(answeredAt !== undefined && { answeredAt }),
      ...(done ? (longest ?? { lastAnswerAt: at, firstAnswerAt: at }) : { lastAnswerAt: null, firstAnswerAt: null }),
    };
  } finally {
    watch.stop();
  }
}
