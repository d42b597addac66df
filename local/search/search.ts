import type { Violation } from './invariants';
import { knownAs } from './known';
import { referenceOf, type Reference, runWith, type RunOptions, type RunResult } from './run';
import { scenarioNamed, SCENARIOS, type ScenarioName } from './scenarios';
import type { Schedule } from './schedule';
import { shrink } from './shrink';

const references = new Map<string, Promise<Reference>>();

/** How a scenario goes without faults; made once. @throws Error if there is no such scenario */
export function referenceNamed(name: string): Promise<Reference> {
  if (!isScenario(name)) throw new Error(`There is no scenario ${name}: ${SCENARIOS.join(', ')}`);
  const known = references.get(name) ?? scenarioNamed(name).then(referenceOf);
  references.set(name, known);
  return known;
}

/** Whether there is a scenario of this name. */
export function isScenario(name: string): name is ScenarioName {
  return SCENARIOS.some((one) => one === name);
}

/** Runs one schedule. */
export async function runSchedule({ scenario, faults }: Schedule, options?: RunOptions): Promise<RunResult> {
  return runWith(await referenceNamed(scenario), faults, options);
}

/** A run in which something does not hold. */
export interface Finding {
  readonly schedule: Schedule;
  readonly result: RunResult;
  /** Those of its violations that are not known. */
  readonly unknown: readonly Violation[];
}

/** What a run found; undefined if all holds. */
export function findingOf(schedule: Schedule, result: RunResult): Finding | undefined {
  if (result.violations.length === 0) return undefined;
  const unknown = result.violations.filter((one) => !knownAs(one, schedule.scenario, result.struck));
  return { schedule, result, unknown };
}

/** The smallest schedule with the same first violation. */
export async function smallest({ schedule, result }: Finding, options?: RunOptions): Promise<Schedule> {
  const [first] = result.violations;
  const faults = await shrink(schedule.faults, async (fewer) => {
    const { violations } = await runSchedule({ ...schedule, faults: fewer }, options);
    return violations.some(({ invariant, what }) => invariant === first?.invariant && what === first.what);
  });
  return { ...schedule, faults };
}
