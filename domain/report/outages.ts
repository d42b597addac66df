import type { CycleStep } from '../pacemaker/cycle';
import { type Bounds, boundsOf, type Silence } from '../pacemaker/silence';
import type { Report } from './report';

/** The cycles' own, in order; of one that another went on with, once. */
export function outagesOf(cycles: readonly (CycleStep | null)[]): Report['outages'] {
  const iso = (time: number | null) => (time === null ? null : new Date(time).toISOString());
  const outages = new Map(
    silencesOf(cycles).flatMap((one) => {
      const from = iso(one.lastAnswerAt);
      // HAProxy was updated on one controller after another, and the VIP answered all the while.
      if (one.firstAnswerAt === one.lastAnswerAt) return [];
      return from === null ? [] : [[from, { from, to: iso(one.firstAnswerAt) }] as const];
    }),
  );
  return [...outages.values()];
}

/** Of all cycles together; of one that another went on with, once. Null without any. */
export function outageOf(cycles: readonly (CycleStep | null)[]): Bounds | null {
  const outages = new Map(
    silencesOf(cycles).flatMap((one) => {
      const bounds = boundsOf(one);
      return bounds ? [[one.lastAnswerAt, bounds] as const] : [];
    }),
  );
  if (outages.size === 0) return null;
  return [...outages.values()].reduce((sum, one) => ({
    atLeast: sum.atLeast + one.atLeast,
    atMost: sum.atMost + one.atMost,
  }));
}

/** What cycles have seen of the VIP, in order: an update on one controller after another that failed, too. */
function silencesOf(cycles: readonly (CycleStep | null)[]): Silence[] {
  return cycles.flatMap((one) => (one ? [...(one.longest ? [one.longest] : []), one] : []));
}
