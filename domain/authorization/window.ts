import type { ChangeWindow } from '../site/change-section';
import { cronOf } from '../site/change-section';

/** Whether a change window is open; `opensAt` is when it opens next, in milliseconds since 1970. */
export type WindowState = { readonly open: true } | { readonly open: false; readonly opensAt: number };

/** @param now milliseconds since 1970 */
export function windowAt({ opens, timeZone, minutes }: ChangeWindow, now: number): WindowState {
  // The first opening whose window is not over yet: in the past it has begun, in the future it is the next.
  const opensAt =
    cronOf(opens, timeZone)
      .nextRun(new Date(now - minutes * 60_000))
      ?.getTime() ?? Infinity;
  return opensAt <= now ? { open: true } : { open: false, opensAt };
}

/** A moment as people of the site and those elsewhere read it: `Sat, 28 Nov 2026, 22:00 in Europe/Berlin (21:00 UTC)`. */
export function momentIn(timeZone: string, at: number): string {
  const written = (zone: string) =>
    new Intl.DateTimeFormat('en-GB', {
      ...{ weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' },
      timeZone: zone,
    }).format(at);
  return timeZone === 'UTC' ? `${written('UTC')} UTC` : `${written(timeZone)} in ${timeZone} (${written('UTC')} UTC)`;
}
