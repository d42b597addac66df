import type { CycleStep } from '../pacemaker/cycle';
import { boundsOf, type Bounds, isExact, type Silence } from '../pacemaker/silence';
import type { Step } from './trace';

/** A time in which the VIP did not answer. ISO 8601. */
export interface Outage {
  /** Null if HAProxy had been down before. */
  readonly from: string | null;
  /** Null if it was not seen to answer again. */
  readonly to: string | null;
  /** Milliseconds at least and at most: they differ where nobody watched. Null if its beginning or its end is not known. */
  readonly length: Bounds | null;
}

/** The states that do it on one controller after another. */
const IN_TURN = /^(Roll|Reload) HAProxy/;
const BEGINS = /^Disable HAProxy/;
const ENDS = /^Enable HAProxy/;

/** The outages of an execution, from what the steps of the cycle measured. */
export function outages(steps: readonly Step[]): Outage[] {
  const found = new Outages();
  for (const step of steps) found.take(step);
  return found.all;
}

/** Finds outages step by step, as an execution goes on. */
export class Outages {
  readonly #found: Open[] = [];
  #open: Open | undefined;
  #inTurn: { readonly name: string; readonly found: Open | undefined } | undefined;

  /** @param step one that was entered, or the same again when it has ended */
  take(step: Step): void {
    const output = step.output as Partial<CycleStep> | undefined;
    if (IN_TURN.test(step.name)) {
      const { lastAnswerAt: from = null, firstAnswerAt: to = null, silent } = output?.longest ?? output ?? {};
      // Each step says the longest of all those before it, too: the roll-back has others.
      const before = this.#inTurn?.name === step.name ? this.#inTurn.found : undefined;
      if (before) this.#found.splice(this.#found.indexOf(before), 1);
      // They are the same if the VIP answered all the while.
      const found = from === to ? undefined : { from, to, silent };
      if (found) this.#found.push(found);
      this.#inTurn = { name: step.name, found };
      return;
    }
    // An update on one controller after another that failed ends with Enable HAProxy, too.
    if (!this.#open && (BEGINS.test(step.name) || (ENDS.test(step.name) && !this.#inTurn))) {
      // Without an answer of the step, as if it had disabled HAProxy at once.
      this.#open = { from: BEGINS.test(step.name) ? step.enteredAt : null, to: null, silent: undefined };
      this.#found.push(this.#open);
    }
    const open = this.#open;
    if (!open) return;
    if (typeof output?.lastAnswerAt === 'number') open.from = output.lastAnswerAt;
    if (output) open.silent = output.silent;
    if (typeof output?.firstAnswerAt !== 'number') return;
    open.to = output.firstAnswerAt;
    this.#open = undefined;
  }

  /** So far. */
  get all(): Outage[] {
    return this.#found.map(({ from, to, silent }) => ({
      from: iso(from),
      to: iso(to),
      length: boundsOf({ lastAnswerAt: from, firstAnswerAt: to, ...(silent && { silent }) }),
    }));
  }

  /** Since when the VIP does not answer, in milliseconds since 1970: null if HAProxy had been down before; undefined if it answers. */
  get since(): number | null | undefined {
    return this.#open?.from;
  }
}

/** Whether HAProxy was updated on one controller after another, on all of them. */
export function isUpdatedInTurn(steps: readonly Step[]): boolean {
  return steps.some(
    ({ name, output }) => IN_TURN.test(name) && (output as { done?: boolean } | undefined)?.done === true,
  );
}

/** An outage's length in words. */
export function lengthOf({ length }: Outage): string {
  if (length === null) return 'of unknown length';
  return isExact(length) ? `${length.atMost} ms` : `between ${length.atLeast} and ${length.atMost} ms`;
}

/** An outage that is being followed. */
interface Open {
  from: number | null;
  to: number | null;
  silent: Silence['silent'];
}

function iso(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
