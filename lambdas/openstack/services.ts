import type { MagnumClient } from './magnum';

/** A conductor that registered at some time. */
export interface Conductor {
  readonly id: number;
  /** Its `[DEFAULT] host`; null where that is not set, and then all such conductors share this row. */
  readonly host: string | null;
  /** `up` until 180 s after its last heartbeat, also when it is dead: proves nothing. */
  readonly state: string;
  readonly disabled: boolean;
  /** Its last heartbeat, by its controller's clock: whole seconds since 1970. */
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
    .map(({ id, host, state, disabled, created_at, updated_at }) => ({
      id,
      host,
      state,
      disabled,
      heartbeatAt: seconds(updated_at ?? created_at),
    }));
}

/**
 * How many controllers are known to have a living conductor.
 *
 * Each conductor has the name of its controller as `[DEFAULT] host`, by which its row is known. Where there are only
 * rows without a host, Magnum does not say which is whose: then rows and controllers are paired in the way that satisfies
 * most, the latest heartbeat with the latest time it must exceed. Rows of other hosts are of conductors long gone. A
 * heartbeat within the very second of the restart may still be the old process's, so it does not count.
 */
export function freshConductors(found: readonly Conductor[], needs: readonly HeartbeatNeed[]): Freshness {
  const hosts = found.map(({ host }) => host);
  const named = !hosts.includes(null) || needs.some(({ controller }) => hosts.includes(controller));
  const unmet = named ? needs.filter((need) => !found.some((one) => meets(one, need))) : unpaired(found, needs);
  const fresh = needs.length - unmet.length;
  return { fresh, needed: needs.length, complete: unmet.length === 0, message: describe(needs, unmet, named) };
}

function meets({ host, heartbeatAt }: Conductor, { controller, after }: HeartbeatNeed): boolean {
  return host === controller && heartbeatAt > after;
}

/** The needs that are left when as many as possible have a row without a host to themselves. */
function unpaired(found: readonly Conductor[], needs: readonly HeartbeatNeed[]): HeartbeatNeed[] {
  const heartbeats = found
    .filter(({ host }) => host === null)
    .map(({ heartbeatAt }) => heartbeatAt)
    .sort((one, other) => other - one);
  let next = 0;
  return [...needs]
    .sort((one, other) => other.after - one.after)
    .filter(({ after }) => {
      const met = (heartbeats[next] ?? -Infinity) > after;
      if (met) next += 1;
      return !met;
    });
}

function describe(needs: readonly HeartbeatNeed[], unmet: readonly HeartbeatNeed[], named: boolean): string {
  const all = needs.map(({ controller }) => controller).join(', ');
  if (unmet.length === 0) return `All ${needs.length} conductors (${all}) send heartbeats.`;
  const time = ({ after }: HeartbeatNeed) => new Date(after * 1000).toISOString().replace('.000Z', 'Z');
  const missing = named
    ? `missing is ${unmet.map((need) => `that of ${need.controller} later than ${time(need)}`).join(', ')}. See`
    : `missing ${unmet.length === 1 ? 'is one' : 'are some'} later than ${unmet.map(time).join(', ')}. Magnum does not say whose: see`;
  return (
    `Only ${needs.length - unmet.length} of ${needs.length} conductors (${all}) send heartbeats: ${missing} ` +
    `\`service magnum-conductor status\` and magnum-conductor.log ${named ? 'there' : 'on each'}.`
  );
}

/** Magnum gives UTC, with or without +00:00. */
function seconds(time: string): number {
  return Math.floor(Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(time) ? time : `${time}Z`) / 1000);
}
