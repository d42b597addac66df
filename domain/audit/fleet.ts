import { fromJson } from './history';

/** The SSM parameter in which a stack says which bucket the results of the fleet machine are in. */
export function fleetParameter(stack: string): string {
  return `/${stack}/fleet-bucket`;
}

/** What the keys of matrices begin with, and those of a Map's own results. */
export const MATRICES = 'matrices/';
export const RESULTS = 'results/';

/** The key of the matrix of a run, by the name of its execution, and that of the same as a page. */
export function matrixKeyOf(run: string, form: 'json' | 'html' = 'json'): string {
  return `${MATRICES}${run}.${form}`;
}

/**
 * What came of a look at a site. `check-started`: it is not as wanted, or could not be told, so a check looks in detail. `busy`: another execution
 * works on it. `could-not-start`: it could not be told, and no check could be started. `not-told`: the look itself ended without a word.
 */
export const LOOK_VERDICTS = ['as-wanted', 'check-started', 'busy', 'could-not-start', 'not-told'] as const;
export type LookVerdict = (typeof LOOK_VERDICTS)[number];

/** Sites with these were neither looked at nor are they checked. */
const UNCHECKED: readonly LookVerdict[] = ['could-not-start', 'not-told'];

/** A site in a run. It holds no secret. */
export interface SiteVerdict {
  readonly site: string;
  readonly verdict: LookVerdict;
  /** Why a check was to be started, in a few words. */
  readonly because?: string;
  /** ARN of the check. */
  readonly check?: string;
  /** ARN of the execution that works on it. */
  readonly heldBy?: string;
  /** What the look, or the start of a check, failed with. */
  readonly error?: string;
}

/** A run of the fleet machine. Times are in ISO 8601. */
export interface FleetRun {
  /** ARN of the execution. */
  readonly execution: string;
  readonly startedAt: string;
  readonly endedAt: string;
  /** Of which sites, as the input says; null for all. */
  readonly asked: string | null;
  readonly counts: Readonly<Record<LookVerdict, number>>;
  /** In the order of their names. */
  readonly sites: readonly SiteVerdict[];
}

/** What is known of a run besides what came of its looks. */
export type Run = Pick<FleetRun, 'execution' | 'startedAt' | 'endedAt' | 'asked'>;

/** An execution of a Map, as Step Functions writes it into the results. */
interface Child {
  readonly Status?: string;
  readonly Input?: string;
  readonly Output?: string;
  readonly Error?: string;
}

/** Puts the results of a Map together. @param children all of them, also those that failed or were not begun */
export function fleetRunOf(run: Run, children: readonly unknown[]): FleetRun {
  const sites = children
    .map((child) => verdictOf(child as Child))
    .sort((one, other) => (one.site < other.site ? -1 : 1));
  const count = (wanted: LookVerdict) => sites.filter(({ verdict }) => verdict === wanted).length;
  const counts = Object.fromEntries(LOOK_VERDICTS.map((one) => [one, count(one)])) as FleetRun['counts'];
  return { ...run, counts, sites };
}

/** How many sites were neither looked at nor are checked. */
export function uncheckedIn({ counts }: Pick<FleetRun, 'counts'>): number {
  return UNCHECKED.reduce((sum, verdict) => sum + counts[verdict], 0);
}

function verdictOf({ Status, Input, Output, Error: error = Status ?? 'PENDING' }: Child): SiteVerdict {
  if (Status === 'SUCCEEDED') return fromJson(Output) as SiteVerdict;
  const { site = '' } = (fromJson(Input) ?? {}) as { site?: string };
  return { site, verdict: 'not-told', error };
}
