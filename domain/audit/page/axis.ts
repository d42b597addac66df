/** A piece of the time of an execution, and where it is drawn. Times in milliseconds, widths in pixels. */
export interface Segment {
  readonly from: number;
  readonly to: number;
  readonly x: number;
  readonly width: number;
  /** Folded: a time in which everything waits. */
  readonly folded: boolean;
}

/** A wait from this long on is folded, to this width. */
const LONG_MS = 5_000;
const FOLDED = 46;

/**
 * Spreads an execution's time over a width. Long times in which nothing but waits happens are folded, so that the rest is
 * large enough to be seen.
 *
 * @param busy intervals in which something happens
 */
export function segments(
  busy: readonly { readonly from: number; readonly to: number }[],
  { from, to, width }: { readonly from: number; readonly to: number; readonly width: number },
): Segment[] {
  const gaps: { from: number; to: number }[] = [];
  let end = from;
  for (const one of [...busy].sort((a, b) => a.from - b.from)) {
    if (one.from - end >= LONG_MS) gaps.push({ from: end, to: one.from });
    end = Math.max(end, one.to);
  }
  if (to - end >= LONG_MS) gaps.push({ from: end, to });
  const folds = Math.min(FOLDED, width / 2 / Math.max(1, gaps.length));
  const shown = Math.max(1, to - from - gaps.reduce((sum, gap) => sum + gap.to - gap.from, 0));
  const scale = (width - folds * gaps.length) / shown;
  const result: Segment[] = [];
  let x = 0;
  let at = from;
  const add = (until: number, folded: boolean) => {
    const wide = folded ? folds : (until - at) * scale;
    if (until > at) result.push({ from: at, to: until, x, width: wide, folded });
    x += wide;
    at = until;
  };
  for (const gap of gaps) {
    add(gap.from, false);
    add(gap.to, true);
  }
  add(to, false);
  return result;
}

/** Where a time is drawn. */
export function position(all: readonly Segment[], time: number): number {
  const inside = all.find((one) => time <= one.to) ?? all.at(-1);
  if (!inside) return 0;
  const part = (time - inside.from) / Math.max(1, inside.to - inside.from);
  return inside.x + Math.min(1, Math.max(0, part)) * inside.width;
}

/** Times of labels, at least so many pixels apart, at round numbers of seconds since the start. */
export function ticks(all: readonly Segment[], start: number, apart = 90): { at: number; label: string }[] {
  const open = all.filter(({ folded }) => !folded);
  const perPixel =
    open.reduce((sum, one) => sum + one.to - one.from, 0) / open.reduce((sum, one) => sum + one.width, 1);
  const wanted = apart * perPixel;
  const unit = 10 ** Math.floor(Math.log10(Math.max(1, wanted)));
  const step = [1, 2, 5, 10].map((factor) => factor * unit).find((one) => one >= wanted) ?? 10 * unit;
  const result: { at: number; label: string }[] = [];
  let last = -apart;
  for (const { from, to } of open) {
    for (let at = start + Math.ceil((from - start) / step) * step; at <= to; at += step) {
      const x = position(all, at);
      if (x - last < apart) continue;
      last = x;
      result.push({ at, label: seconds(at - start) });
    }
  }
  return result;
}

/** A duration with a unit that fits: 45 ms, 1.2 s, 3 min 20 s. */
export function seconds(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1).replace(/\.0$/, '')} s`;
  const whole = Math.round(ms / 1000);
  return [`${Math.floor(whole / 60)} min`, whole % 60 ? `${whole % 60} s` : ''].filter(Boolean).join(' ');
}
