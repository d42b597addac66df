import type { PointKind } from './points';

/** One decision: at this point, this goes wrong. */
export interface Fault {
  readonly at: PointKind;
  readonly number: number;
  /** The name of a kind, see `KINDS`. */
  readonly kind: string;
}

/** What goes wrong in a run, and in which. */
export interface Schedule {
  readonly scenario: string;
  readonly faults: readonly Fault[];
}

const LETTERS = { command: 'c', call: 'a', state: 's' } as const satisfies Record<PointKind, string>;

/** The seed of a run: `cycle-only:c12=lost+s4=aborted`. The same sources do the same with it, always. */
export function seedOf({ scenario, faults }: Schedule): string {
  return `${scenario}:${faults.map(({ at, number, kind }) => `${LETTERS[at]}${number}=${kind}`).join('+')}`;
}

/** Reads a seed. @returns undefined if it is none */
export function scheduleOf(seed: string): Schedule | undefined {
  const [, scenario = '', list = ''] = /^([a-z-]+):(.*)$/.exec(seed) ?? [];
  if (scenario === '') return undefined;
  const faults = list
    .split('+')
    .filter((one) => one !== '')
    .map((one): Fault | undefined => {
      const [, letter, number, kind = ''] = /^([cas])([1-9]\d*)=([a-z0-9-]+)$/.exec(one) ?? [];
      const at = (Object.keys(LETTERS) as PointKind[]).find((name) => LETTERS[name] === letter);
      return at && { at, number: Number(number), kind };
    });
  return faults.includes(undefined) ? undefined : { scenario, faults: faults.filter((one) => one !== undefined) };
}
