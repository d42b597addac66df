import type { Bounds } from '../pacemaker/silence';
import type { Audit } from './audit';

type Outcome = Audit['verdict']['outcome'];

/** An execution in one line. */
export interface ExecutionSummary extends Pick<Audit, 'site' | 'mode'> {
  readonly outcome: Outcome;
  /** In one sentence. */
  readonly words: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Of all its outages together, in milliseconds; null if one has no known beginning or end. */
  readonly outage: Bounds | null;
  readonly dollars: number;
  /** Where its record is. */
  readonly record: string;
}

/** What happened on a site. */
export interface SiteSummary {
  readonly site: string;
  readonly executions: number;
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
  /** The worst outcome of each period; null if nothing ran. */
  readonly periods: readonly (Outcome | null)[];
  /** As far as they are known, in milliseconds. */
  readonly outage: Bounds;
  readonly dollars: number;
  readonly last: Pick<ExecutionSummary, 'startedAt' | 'outcome'>;
}

/** Executions of a time, by site. */
export interface Summary {
  /** ISO 8601. */
  readonly since: string;
  readonly until: string;
  /** The days on which periods begin. */
  readonly periods: readonly string[];
  readonly daysOfPeriod: number;
  readonly sites: readonly SiteSummary[];
  /** All that found or did something, the latest first. */
  readonly executions: readonly ExecutionSummary[];
}

/** The worst first. */
const OUTCOMES: readonly Outcome[] = [
  'failed',
  'rolled-back',
  'refused',
  'drift',
  'changed',
  'waived',
  'running',
  'skipped',
  'unchanged',
];
const DAY_MS = 86_400_000;
/** A matrix has no more columns. */
const MOST_PERIODS = 31;
const NO_OUTAGE: Bounds = { atLeast: 0, atMost: 0 };

/** @param record where the record is that it was made of */
export function lineOf({ site, mode, verdict, execution, outages, cost }: Audit, record: string): ExecutionSummary {
  const { outcome, words } = verdict;
  const lengths = outages.map(({ length }) => length);
  const outage = lengths.every((one) => one !== null) ? lengths.reduce(sum, NO_OUTAGE) : null;
  return { site, mode, outcome, words, startedAt: execution.startedAt, outage, dollars: cost.dollars, record };
}

/** Puts executions together. Times in milliseconds since 1970. */
export function summaryOf(
  all: readonly ExecutionSummary[],
  { since, until }: { since: number; until: number },
): Summary {
  const first = Math.floor(since / DAY_MS);
  const days = Math.floor(until / DAY_MS) - first + 1;
  const daysOfPeriod = Math.ceil(days / MOST_PERIODS);
  const length = Math.ceil(days / daysOfPeriod);
  const periodOf = (iso: string) => Math.floor((Math.floor(Date.parse(iso) / DAY_MS) - first) / daysOfPeriod);
  const dayAt = (index: number) => new Date((first + index * daysOfPeriod) * DAY_MS).toISOString().slice(0, 10);
  const inOrder = all.toSorted((one, other) => (one.startedAt < other.startedAt ? 1 : -1));
  const names = [...new Set(all.map(({ site }) => site))].sort();
  return {
    since: new Date(since).toISOString(),
    until: new Date(until).toISOString(),
    periods: Array.from({ length }, (_, index) => dayAt(index)),
    daysOfPeriod,
    sites: names.map((site) => {
      const own = inOrder.filter((one) => one.site === site);
      return siteOf(site, own, { length, periodOf });
    }),
    executions: inOrder.filter(({ outcome }) => outcome !== 'unchanged'),
  };
}

function siteOf(
  site: string,
  own: readonly ExecutionSummary[],
  { length, periodOf }: { length: number; periodOf: (iso: string) => number },
): SiteSummary {
  const counts = OUTCOMES.map((outcome) => [outcome, own.filter((one) => one.outcome === outcome).length] as const);
  const worst = (index: number) =>
    OUTCOMES.find((outcome) => own.some((one) => one.outcome === outcome && periodOf(one.startedAt) === index)) ?? null;
  const { startedAt = '', outcome = 'unchanged' } = own[0] ?? {};
  return {
    site,
    executions: own.length,
    outcomes: Object.fromEntries(counts.filter(([, count]) => count > 0)),
    periods: Array.from({ length }, (_, index) => worst(index)),
    outage: own.map(({ outage }) => outage ?? NO_OUTAGE).reduce(sum, NO_OUTAGE),
    dollars: own.reduce((total, { dollars }) => total + dollars, 0),
    last: { startedAt, outcome },
  };
}

function sum(one: Bounds, other: Bounds): Bounds {
  return { atLeast: one.atLeast + other.atLeast, atMost: one.atMost + other.atMost };
}
