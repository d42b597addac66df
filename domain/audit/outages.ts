import type { CycleStep } from '../pacemaker/cycle';
import type { Step } from './trace';

/** A time in which the VIP did not answer. ISO 8601. */
export interface Outage {
  /** Null if HAProxy had been down before. */
  readonly from: string | null;
  /** Null if it was not seen to answer again. */
  readonly to: string | null;
  readonly milliseconds: number | null;
}

const BEGINS = 'Disable HAProxy';
const ENDS = /^Enable HAProxy/;

/** The outages of an execution, from what the steps of the cycle measured. */
export function outages(steps: readonly Step[]): Outage[] {
  const found: { from: number | null; to: number | null }[] = [];
  let open: { from: number | null; to: number | null } | undefined;
  for (const step of steps) {
    const output = step.output as Partial<CycleStep> | undefined;
    if (!open && (step.name === BEGINS || ENDS.test(step.name))) {
      // Without an answer of the step, as if it had disabled HAProxy at once.
      open = { from: step.name === BEGINS ? step.enteredAt : null, to: null };
      found.push(open);
    }
    if (!open) continue;
    if (typeof output?.lastAnswerAt === 'number') open.from = output.lastAnswerAt;
    if (typeof output?.firstAnswerAt !== 'number') continue;
    open.to = output.firstAnswerAt;
    open = undefined;
  }
  return found.map(({ from, to }) => ({
    from: iso(from),
    to: iso(to),
    milliseconds: from === null || to === null ? null : to - from,
  }));
}

function iso(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
