import { canonicalJson } from '../canonical';
import type { RecordStore } from './archive';
import type { FleetRun, LookVerdict } from './fleet';
import { fromJson } from './history';

/** The key under which it is kept when the fleet machine last looked at each site. */
export const LAST_CHECKS = 'last-checks.json';

/** With these a site was looked at, or is. One on which an execution works has to wait. */
const LOOKED: readonly LookVerdict[] = ['as-wanted', 'check-started'];

/** Other runs may write at the same time. */
const TRIES = 5;

const HOUR_MS = 3_600_000;

/** When each site was last looked at, ISO 8601. */
type LastChecks = Readonly<Record<string, string>>;

/**
 * Notes when the sites of a run were looked at. A site that never was counts from the first run that knew it; one that is gone is forgotten by
 * the next run over all sites.
 *
 * @returns for how many hours the one was not looked at that has waited longest; 0 without sites
 */
export async function hoursSinceCheck(run: FleetRun, results: Pick<RecordStore, 'get' | 'put'>): Promise<number> {
  let noted: LastChecks = {};
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const stored = await results.get(LAST_CHECKS);
    noted = withRun((fromJson(stored?.text) ?? {}) as LastChecks, run);
    const how = { contentType: 'application/json', over: stored ?? 'nothing' } as const;
    if (await results.put(LAST_CHECKS, canonicalJson(noted), how)) break;
  }
  const waited = run.sites.map(({ site }) => Date.parse(run.endedAt) - Date.parse(noted[site] ?? run.endedAt));
  return waited.reduce((longest, one) => Math.max(longest, one), 0) / HOUR_MS;
}

function withRun(before: LastChecks, { sites, asked, endedAt }: FleetRun): LastChecks {
  const own = sites.map(
    ({ site, verdict }) => [site, LOOKED.includes(verdict) ? endedAt : (before[site] ?? endedAt)] as const,
  );
  return { ...(asked === null ? {} : before), ...Object.fromEntries(own) };
}
