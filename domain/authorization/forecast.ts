import type { Hindrances } from '../pacemaker/ways';
import type { Site } from '../site/document';

/** A way of updating HAProxy. */
export type Update = Site['haproxy']['update'];
export const UPDATES = ['cycle', 'rolling', 'reload'] as const satisfies readonly Update[];

/** How long an update of HAProxy was, as it was watched. */
export interface MeasuredOutage {
  /** Milliseconds from the VIP's last answer to its first after; at most so many, if not all of it was watched. */
  readonly ms: number;
  /** When it was reported, ISO 8601. */
  readonly at: string;
}

/** The last one of a site by each way; null if none is known. */
export type MeasuredOutages = Readonly<Record<Update, MeasuredOutage | null>>;

/** How long everything behind the VIPs will be down for an update of HAProxy, as far as it can be said before. */
export interface Forecast {
  readonly ms: number;
  /** What that rests on. */
  readonly basis: string;
}

/** The same of one of the ways. */
export interface UpdateForecast extends Forecast {
  readonly update: Update;
  /** Why it is not possible on this site as it is; null if it is. */
  readonly hindrance: string | null;
}

/**
 * The slowest median of the lab's three Debians, with three controllers: see docs/outage.md, "meta attributes with a rule that ends",
 * "rolling" and "reload". How long a site takes depends on its resources and its machines: twice or half of it is no surprise.
 */
const ON_THE_LAB_MS: Readonly<Record<Update, number>> = { cycle: 778, rolling: 458, reload: 0 };

/** What the site's own last outage by the same way of updating HAProxy says of the next; without one, the lab's. */
export function forecastOf(last: MeasuredOutages | null, update: Update): Forecast {
  const measured = last?.[update];
  return measured
    ? { ms: measured.ms, basis: `as measured on this site at ${measured.at}` }
    : { ms: ON_THE_LAB_MS[update], basis: 'as measured on the lab; no outage of this site is known' };
}

/** By every way. */
export function forecasts(last: MeasuredOutages | null, hindrances: Hindrances): UpdateForecast[] {
  return UPDATES.map((update) => ({ update, ...forecastOf(last, update), hindrance: hindrances[update] ?? null }));
}

/** A forecast in a few words. */
export function forecastText({ update, ms, hindrance }: UpdateForecast): string {
  if (hindrance !== null) return `${update} is not possible`;
  return `${update} ${ms === 0 ? 'not at all' : `for about ${ms} ms`}`;
}

/** The same, with what it rests on. */
export function forecastLine(forecast: UpdateForecast): string {
  return `${forecastText(forecast)} (${forecast.hindrance ?? forecast.basis})`;
}
