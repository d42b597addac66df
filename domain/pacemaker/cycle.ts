import type { SiteConnection } from '../commands/site-connection';
import { arm } from './arm';
import { reload } from './reload';
import { roll } from './roll';
import { start } from './start';
import type { Before, CycleStep } from './step';
import { stop } from './stop';

export type { Before, CycleStep } from './step';

/** A step of the cycle, as history names it. */
export type CycleAction = 'arm' | 'disable' | 'poll-stopped' | 'enable' | 'poll-started' | 'roll' | 'reload';

/**
 * One step of the cycle: the dead-man armed, HAProxy disabled, polled until gone, enabled, polled until it serves. Each is safe
 * to repeat. Or, instead of all these, HAProxy replaced on one controller after another, by a ban or a reload.
 *
 * An exit code of pacemaker's tools proves nothing: HAProxy can live on, or two of three run. Stopped means no haproxy process
 * on any controller and pacemaker's view without blocked or failed instances; started means running on every controller, and
 * the VIP answering.
 *
 * @param before what the step before returned; of the first one the number of the cycle
 * @throws HAProxyCycledMeanwhile, NoQuorum before HAProxy is disabled; HAProxyStopBlocked, HAProxyStopInterrupted,
 * HAProxyResourceUnmanaged; where enabling is refused everywhere, why
 */
export function cycle(connection: SiteConnection, action: CycleAction, before: Before | null): Promise<CycleStep> {
  switch (action) {
    case 'arm':
      return arm(connection, before);
    case 'disable':
    case 'poll-stopped':
      return stop(connection, action, before);
    case 'roll':
      return roll(connection, before);
    case 'reload':
      return reload(connection, before);
    case 'enable':
    case 'poll-started':
      return start(connection, action, before);
  }
}
