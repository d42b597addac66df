import type { Finding } from './finding';

/** Clocks that are set by NTP differ by less than a second; what a busy controller needs to answer is in it, too. In seconds. */
const TOLERATED_SECONDS = 30;

/** A controller's clock. */
export interface ClockView {
  readonly controller: string;
  /** By how many seconds it is ahead of ours, as far as that can be seen. */
  readonly ahead: number;
}

/** Whether the clocks of the controllers differ: pacemaker ends a disable of HAProxy by whichever decides at that moment. */
export function checkClocks(views: readonly ClockView[]): Finding[] {
  const sorted = [...views].sort((one, other) => one.ahead - other.ahead);
  const [slowest, fastest] = [sorted[0], sorted.at(-1)];
  if (!slowest || !fastest || fastest.ahead - slowest.ahead <= TOLERATED_SECONDS) return [];
  const seconds = Math.round(fastest.ahead - slowest.ahead);
  return [
    {
      name: 'ClocksDiffer',
      severity: 'warning',
      evidence: `The clock of ${fastest.controller} is ${seconds} s ahead of that of ${slowest.controller}`,
      remedy:
        'Let NTP set both (chronyc tracking, or ntpq -p). If another controller decides in pacemaker while HAProxy is ' +
        'disabled, the disable ends by itself earlier or later by as much.',
    },
  ];
}
