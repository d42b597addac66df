import type { MagnumClient } from './magnum';

/** A conductor that registered at some time. */
export interface Conductor {
  /** Undefined if Magnum does not say. */
  readonly id?: number;
  /** Its `[DEFAULT] host`; null if that is not set, and then all such conductors share this row. */
  readonly host: string | null;
  /** `up` until 180 s after its last heartbeat, even if it is dead by then. */
  readonly state: string;
  /** Its last heartbeat, by its controller's clock: whole seconds since 1970; 0 if Magnum does not say. */
  readonly heartbeatAt: number;
}

/** A controller whose conductor must have sent a heartbeat later than a time. */
export interface HeartbeatNeed {
  readonly controller: string;
  /** By that controller's clock, in seconds since 1970: when its conductor was restarted, say. */
  readonly after: number;
}

/** How many conductors are known to live. */
export interface Freshness {
  readonly fresh: number;
  readonly needed: number;
  /** Whether every controller has a conductor that lives. */
  readonly complete: boolean;
  /** One line for people: what is there, what is missing, what to look at. */
  readonly message: string;
}

/** The conductors that registered; one appears with its first heartbeat and stays for ever. */
export async function conductors(client: MagnumClient): Promise<Conductor[]> {
  const services = await client.services();
  return services
    .filter(({ binary }) => binary === 'magnum-conductor')
    .map(({ id, host, state, created_at, updated_at }) => ({
      ...(id != null && { id }),
      host: host ?? null,
      state: state ?? 'unknown',
      heartbeatAt: seconds(updated_at ?? created_at ?? ''),
    }));
}

/**
 * How many controllers are known to have a living conductor.
 *
 * Each conductor has the name of its controller as `[DEFAULT] host`, by which its row is known; rows of other hosts are of
 * conductors long gone. Those without a host share one row: its heartbeat is somebody's, and all that Magnum tells. A
 * heartbeat within the very second of the restart may still be the old process's, so it does not count.
 */
export function freshConductors(found: readonly Conductor[], needs: readonly HeartbeatNeed[]): Freshness {
  const named = needs.some(({ controller }) => found.some(({ host }) => host === controller));
  const shared = !named && found.some(({ host }) => host === null);
  const unmet = needs.filter(
    ({ controller, after }) =>
      !found.some(({ host, heartbeatAt }) => host === (shared ? null : controller) && heartbeatAt > after),
  );
  const fresh = needs.length - unmet.length;
  return { fresh, needed: needs.length, complete: unmet.length === 0, message: describe(needs, unmet, shared) };
}

function describe(needs: readonly HeartbeatNeed[], unmet: readonly HeartbeatNeed[], shared: boolean): string {
  const all = needs.map(({ controller }) => controller).join(', ');
  const those = `${needs.length} conductors (${all})`;
  const share = 'which share one row of service-list, having no [DEFAULT] host';
  if (unmet.length === 0)
    return shared ? `One of ${those}, ${share}, sends heartbeats.` : `All ${those} send heartbeats.`;
  const time = ({ after }: HeartbeatNeed) => new Date(after * 1000).toISOString().replace('.000Z', 'Z');
  const missing = unmet.map((need) => `that of ${need.controller} later than ${time(need)}`).join(', ');
  return (
    `Only ${needs.length - unmet.length} of ${those}${shared ? `, ${share},` : ''} send heartbeats: missing is ${missing}. ` +
    'See `service magnum-conductor status` and magnum-conductor.log there.'
  );
}

/** Magnum gives UTC, with or without +00:00. */
function seconds(time: string): number {
  const milliseconds = Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(time) ? time : `${time}Z`);
  return Number.isNaN(milliseconds) ? 0 : Math.floor(milliseconds / 1000);
}
