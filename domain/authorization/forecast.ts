import type { Site } from '../site/document';

/** How long an update of HAProxy was, as it was watched. */
export interface MeasuredOutage {
  /** Milliseconds from the VIP's last answer to its first after; at most so many, if not all of it was watched. */
  readonly ms: number;
  /** When it was reported, ISO 8601. */
  readonly at: string;
}

/** How long everything behind the VIPs will be down for a cycle, as far as it can be said before. */
export interface Forecast {
  readonly ms: number;
  /** What that rests on. */
  readonly basis: string;
}

/**
 * The slowest median of the lab's three Debians, with three controllers: see docs/outage.md, "meta attributes with a rule that ends",
 * "rolling" and "reload". How long a site takes depends on its resources and its machines: twice or half of it is no surprise.
 */
const ON_THE_LAB_MS: Readonly<Record<Site['haproxy']['update'], number>> = { cycle: 778, rolling: 458, reload: 0 };

/** What the site's own last outage by the same way of updating HAProxy says of the next; without one, the lab's. */
export function forecastOf(last: MeasuredOutage | null, update: Site['haproxy']['update']): Forecast {
  return last
    ? { ms: last.ms, basis: `as measured on this site at ${last.at}` }
    : { ms: ON_THE_LAB_MS[update], basis: 'as measured on the lab; no outage of this site is known' };
}
