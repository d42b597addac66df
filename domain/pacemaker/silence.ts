import type { VipWatch } from './vip-watch';

/** While nothing is heard for longer, in milliseconds, the way to the controller may be what is silent. */
export const QUIET_MS = 2_000;

/** As exact, in milliseconds, as an outage is told by one number. */
const EXACT_MS = 500;

/** What is known of a time in which the VIP does not answer. Times are in milliseconds since 1970. */
export interface Silence {
  /** When the VIP last answered before; null before it is known. */
  readonly lastAnswerAt: number | null;
  /** When it first answered again, likewise. */
  readonly firstAnswerAt: number | null;
  /** It surely did not answer between these: nobody may have watched before and after. Missing if nobody has watched. */
  readonly silent?: { readonly from: number; readonly until: number };
}

/** How it stands after a watch in which the VIP is to fall silent. @param now when the watch ended */
export function silenceBegun(watch: VipWatch, now: number, before: Silence | null): Silence {
  const { startedAt, lastAnswerAt: seen, refusedAt } = watch;
  const from = seen ?? before?.silent?.from ?? startedAt;
  const until = seen === null ? (before?.silent?.until ?? from) : from;
  const watched = now - (seen ?? startedAt) <= QUIET_MS ? now : (refusedAt ?? 0);
  return {
    // Where the VIP did not answer before either, the outage counts from there at most.
    lastAnswerAt: seen ?? Math.min(before?.lastAnswerAt ?? startedAt, startedAt),
    firstAnswerAt: null,
    silent: { from, until: Math.max(until, watched) },
  };
}

/** How it stands after watches in which the VIP is to answer again. @param now when they ended */
export function silenceEnded(watches: readonly VipWatch[], now: number, before: Silence | null): Silence {
  const { lastAnswerAt = null, firstAnswerAt: known = null, silent } = before ?? {};
  const watch = watches.find((one) => one.firstAnswerAt !== null) ?? watches[0];
  const firstAnswerAt = known ?? watch?.firstAnswerAt ?? null;
  if (!watch || !silent || known !== null) return { lastAnswerAt, firstAnswerAt, ...(silent && { silent }) };
  const seenUntil = firstAnswerAt ?? now;
  const watched = seenUntil - watch.startedAt <= QUIET_MS ? seenUntil : (watch.refusedAt ?? 0);
  const until = watch.answeredAtOnce ? silent.until : Math.max(silent.until, watched);
  return { lastAnswerAt, firstAnswerAt, silent: { from: silent.from, until } };
}

/** The longer one of two silences that have ended. */
export function longestOf(one: Silence | null | undefined, other: Silence | null): Silence | undefined {
  const lasted = ({ lastAnswerAt, firstAnswerAt }: Silence) => (firstAnswerAt ?? 0) - (lastAnswerAt ?? 0);
  if (!one || !other) return one ?? other ?? undefined;
  return lasted(other) > lasted(one) ? other : one;
}

/** Milliseconds. */
export interface Bounds {
  readonly atLeast: number;
  readonly atMost: number;
}

/** How long a silence was that has ended; null if its beginning or its end is not known. */
export function boundsOf({ lastAnswerAt, firstAnswerAt, silent }: Partial<Silence>): Bounds | null {
  if (typeof lastAnswerAt !== 'number' || typeof firstAnswerAt !== 'number') return null;
  const atMost = firstAnswerAt - lastAnswerAt;
  return { atLeast: silent ? Math.max(0, Math.min(silent.until - silent.from, atMost)) : atMost, atMost };
}

/** Whether one number says it. */
export function isExact({ atLeast, atMost }: Bounds): boolean {
  return atMost - atLeast <= EXACT_MS;
}
