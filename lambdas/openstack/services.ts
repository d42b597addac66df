import type { MagnumClient } from './magnum';

/** A conductor that registered at some time. */
export interface Conductor {
  readonly id: number;
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
    .map(({ id, state, disabled, created_at, updated_at }) => ({
      id,
      state,
      disabled,
      heartbeatAt: seconds(updated_at ?? created_at),
    }));
}

/**
 * How many controllers are known to have a living conductor.
 *
 * Magnum does not say which row is whose. So rows and controllers are paired in the way that satisfies most: the latest
 * heartbeat with the latest time it must exceed. With as many heartbeats late enough as controllers, each has one, since a
 * conductor has but one row. A heartbeat within the very second of the restart may still be the old process's, so it does
 * not count.
 */
export function freshConductors(found: readonly Conductor[], needs: readonly HeartbeatNeed[]): Freshness {
  const heartbeats = found.map(({ heartbeatAt }) => heartbeatAt).sort((one, other) => other - one);
  const unmet: HeartbeatNeed[] = [];
  let next = 0;
  for (const need of [...needs].sort((one, other) => other.after - one.after)) {
    if ((heartbeats[next] ?? -Infinity) > need.after) next += 1;
    else unmet.push(need);
  }
  return { fresh: next, needed: needs.length, complete: unmet.length === 0, message: describe(next, needs, unmet) };
}

function describe(fresh: number, needs: readonly HeartbeatNeed[], unmet: readonly HeartbeatNeed[]): string {
  const all = needs.map(({ controller }) => controller).join(', ');
  if (unmet.length === 0) return `All ${needs.length} conductors (${all}) send heartbeats.`;
  const times = unmet.map(({ after }) => new Date(after * 1000).toISOString().replace('.000Z', 'Z')).join(', ');
  return (
    `Only ${fresh} of ${needs.length} conductors (${all}) send heartbeats: missing ${unmet.length === 1 ? 'is one' : 'are some'} ` +
    `later than ${times}. Magnum does not say whose: see \`service magnum-conductor status\` and magnum-conductor.log on each.`
  );
}

/** Magnum gives UTC, with or without +00:00. */
function seconds(time: string): number {
  return Math.floor(Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(time) ? time : `${time}Z`) / 1000);
}
