import type { Invariant, Violation } from './invariants';
import type { ScenarioName } from './scenarios';
import type { RunResult } from './run';

/** A violation that is known and not mended yet. */
export interface Known {
  readonly invariant: Invariant;
  /** What `Violation.what` begins with. */
  readonly what: string;
  /** @default any */
  readonly scenarios?: readonly ScenarioName[];
  /** The kinds of faults after which it comes. @default any */
  readonly kinds?: readonly string[];
  /** The points at which they strike. @default any */
  readonly at?: RegExp;
  /** Why it is so, and what will mend it. */
  readonly reason: string;
}

/** Empty when everything has been mended. What is listed and no longer happens fails the test of the fixed set. */
export const KNOWN: readonly Known[] = [];

/** The entry that a violation belongs to. */
export function knownAs(
  { invariant, what }: Violation,
  scenario: string,
  struck: RunResult['struck'],
  known: readonly Known[] = KNOWN,
): Known | undefined {
  return known.find(
    (one) =>
      one.invariant === invariant &&
      what.startsWith(one.what) &&
      (one.scenarios === undefined || one.scenarios.some((name) => name === scenario)) &&
      struck.some(
        ({ point, kind }) =>
          (one.kinds === undefined || one.kinds.includes(kind)) && (one.at === undefined || one.at.test(point.what)),
      ),
  );
}
