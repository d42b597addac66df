import { seededRandom } from '../random';
import { KINDS, kindsAt } from './kinds';
import type { Point } from './points';
import type { Reference } from './run';
import type { ScenarioName } from './scenarios';
import type { Fault, Schedule } from './schedule';

/** What to try. */
export interface Choice {
  /** Also the kinds that no real program is known for. */
  readonly pessimistic: boolean;
}

/** Every single fault of a scenario. */
export function singles({ scenario, points }: Reference, choice: Choice): Schedule[] {
  return points.flatMap((point) =>
    kindsAt(point, choice).map((kind) => ({ scenario: scenario.name, faults: [faultAt(point, kind)] })),
  );
}

/** As many schedules of so many faults, over all scenarios in turn: always the same ones. */
export function several(faults: 2 | 3, references: readonly Reference[], count: number, choice: Choice): Schedule[] {
  return Array.from({ length: count }, (_, index) => {
    const { scenario, points } = references[index % references.length] as Reference;
    // Pairs and triples are others.
    const random = seededRandom(index + (faults - 2) * 1_000_000);
    const pick = <T>(items: readonly T[]) => items[Math.floor(random.number() * items.length)] as T;
    const fault = () => {
      const point = pick(points);
      return faultAt(point, pick(kindsAt(point, choice)));
    };
    return { scenario: scenario.name, faults: Array.from({ length: faults }, fault) };
  });
}

/** The command that disables HAProxy. */
const DISABLE = /cibadmin -M .*"Stopped"/;

/** Those that arm a ban, ban, and end it. */
const ARM_BAN = /cibadmin -C -o constraints/;
const BAN = /cibadmin -M -o constraints/;
const END_BAN = /cibadmin -D -o constraints/;

/** That reloads it. */
const RELOAD = /haproxy reload$/;

/** Where much hangs on it: a kind of fault at the first point whose name is like this. */
const CRUCIAL: readonly (readonly [scenario: ScenarioName, kind: string, point: RegExp])[] = [
  ['cycle-only', 'lost', DISABLE],
  ['cycle-only', 'cut-before', DISABLE],
  ['cycle-only', 'late-answer', DISABLE],
  ['cycle-only', 'hangs-after', DISABLE],
  ['cycle-only', 'function-killed', DISABLE],
  ['cycle-only', 'controller-off', DISABLE],
  ['cycle-only', 'bastion-gone', /cibadmin -D/],
  ['cycle-only', 'invoked-again-late', /lambda:invoke Arm dead-man/],
  ['cycle-only', 'begins-late', /lambda:invoke Arm dead-man/],
  ['cycle-only', 'invoked-twice', /lambda:invoke Disable HAProxy/],
  ['cycle-only', 'invoked-again-late', /lambda:invoke Disable HAProxy/],
  ['cycle-only', 'begins-late', /lambda:invoke Disable HAProxy/],
  ['cycle-only', 'lambda-errors', /lambda:invoke Enable HAProxy/],
  ['cycle-only', 'aborted', /^Disable HAProxy$/],
  ['cycle-only', 'aborted', /^HAProxy stopped\?$/],
  ['cycle-only', 'aborted-again', /^HAProxy stopped\?$/],
  ['cycle-only', 'second-apply', /^Disable HAProxy$/],
  ['rolling-only', 'exit', ARM_BAN],
  ['rolling-only', 'exit', BAN],
  ['rolling-only', 'lost', BAN],
  ['rolling-only', 'cut-before', BAN],
  ['rolling-only', 'function-killed', BAN],
  ['rolling-only', 'function-hangs', BAN],
  ['rolling-only', 'controller-off', BAN],
  ['rolling-only', 'late-effect', BAN],
  ['rolling-only', 'late-effect', ARM_BAN],
  ['rolling-only', 'haproxy-stays', BAN],
  ['rolling-only', 'bastion-gone', BAN],
  ['rolling-only', 'does-nothing', END_BAN],
  ['rolling-only', 'invoked-twice', /lambda:invoke Roll HAProxy/],
  ['rolling-only', 'invoked-again-late', /lambda:invoke Roll HAProxy/],
  ['rolling-only', 'begins-late', /lambda:invoke Roll HAProxy/],
  ['rolling-only', 'aborted', /^HAProxy rolled\?$/],
  ['rolling-only', 'aborted-again', /^Roll HAProxy$/],
  ['reload-only', 'exit', RELOAD],
  ['reload-only', 'lost', RELOAD],
  ['reload-only', 'function-killed', RELOAD],
  ['reload-only', 'controller-off', RELOAD],
  ['reload-only', 'invoked-twice', /lambda:invoke Reload HAProxy/],
  ['reload-only', 'aborted', /^Reload HAProxy$/],
  ['left-disabled', 'controller-off', /crm_mon/],
  ['left-disabled', 'exit', /haproxy -c/],
  ['left-disabled', 'answer-late', /lambda:invoke Load site/],
  ['fresh-apply', 'half-input', /dd of=.*magnum.conf/],
  ['fresh-apply', 'quotes-input', /dd of=.*magnum.conf/],
  ['fresh-apply', 'spills', /mv -fT .*magnum.conf/],
  ['fresh-apply', 'disk-full-once', /dd of=.*rules/],
  ['fresh-apply', 'lost', /mv -fT .*magnum.conf/],
  ['fresh-apply', 'function-killed', /service magnum-api restart/],
  ['fresh-apply', 'late-effect', /dd of=.*magnum.conf/],
  ['fresh-apply', 'exit', /chmod .*magnum.conf/],
  ['fresh-apply', 'dynamodb-lost', /Take site lock/],
  ['resize', 'answer-lost', /Ensure cluster$/],
  ['bootstrap', 'lost', /rabbitmqctl -q import/],
];

/** What only two faults together have shown: each a kind at the first point whose name is like this. */
const FOUND_PAIRS: readonly (readonly [
  scenario: ScenarioName,
  ...faults: (readonly [kind: string, point: RegExp])[],
])[] = [
  // The clock is set right again after magnum.conf was written, and nothing was restarted: its time is one of the future.
  ['fresh-apply', ['clock-ahead', /dd of=.*staged.magnum.conf/], ['ssm-errors', /^ssm:GetParameters .*Restart/]],
];

/**
 * A small set that stays the same while the procedure does: single faults on which much hangs, of each kind one by chance, the
 * scenarios in turn, and the pairs that have shown what no single fault had.
 */
export function fixedSet(references: readonly Reference[]): Schedule[] {
  const schedule = ({ scenario }: Reference, point: Point, kind: string): Schedule => ({
    scenario: scenario.name,
    faults: [faultAt(point, kind)],
  });
  const crucial = [...CRUCIAL.map(([name, kind, what]) => [name, [kind, what]] as const), ...FOUND_PAIRS].flatMap(
    ([name, ...faults]) =>
      references
        .filter(({ scenario }) => scenario.name === name)
        .map(({ points }): Schedule => ({
          scenario: name,
          faults: faults.map(([kind, what]) => {
            const point = points.find((one) => what.test(one.what) && kindsAt(one, ALL).includes(kind));
            if (!point) throw new Error(`No point of ${name} that ${kind} can strike is like ${what.source}`);
            return faultAt(point, kind);
          }),
        })),
  );
  const others = [...KINDS.keys()].flatMap((kind, index) => {
    const random = seededRandom(index);
    const inTurn = [...references.slice(index % references.length), ...references];
    return inTurn
      .map((reference) => {
        const fitting = reference.points.filter((point) => kindsAt(point, ALL).includes(kind));
        const point = fitting[Math.floor(random.number() * fitting.length)];
        return point && schedule(reference, point, kind);
      })
      .filter((one) => one !== undefined)
      .slice(0, 1);
  });
  return [...crucial, ...others];
}

const ALL: Choice = { pessimistic: true };

function faultAt({ at, number }: Point, kind: string): Fault {
  return { at, number, kind };
}
