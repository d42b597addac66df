import { freshness } from '../commands/process-list';
import { type DriftVerdict, timeOf } from './verdicts';

/** How a program runs, and when its configuration was modified: by the controller's clock, in seconds since 1970. */
export interface Runs {
  readonly now: number;
  /** Seconds since it started; undefined if it does not run. */
  readonly age: number | undefined;
  /** Path of what it reads. */
  readonly config: string;
  /** Undefined if there is none. */
  readonly modified: number | undefined;
  /** Seconds since the workflow last wrote it; undefined if it has not since the boot. */
  readonly written: number | undefined;
}

/** Whether it does not run, or runs with an older configuration. */
export function isStale({ now, age, modified, written }: Runs): boolean {
  // A file from the future tells nothing, and every restart would be followed by another: Preflight reports it.
  return age === undefined || freshness(age, now, modified ?? 0, written) === 'stale';
}

/** Why. */
export function staleVerdict(thing: string, { now, age, config, modified }: Runs): DriftVerdict {
  if (age === undefined) return { thing, verdict: 'service down', reason: `${thing} does not run` };
  const reason = `${config} changed at ${timeOf(modified)}, the process is older: it started at ${timeOf(now - age)}`;
  return { thing, verdict: 'older than its config', reason };
}

/** What HAProxy is called. */
export const HAPROXY = 'HAProxy';

/** On HAProxy, which is not as wanted. */
export function haproxyVerdict(state: 'stale' | 'down' | 'disabled' | 'unknown', runs: Runs): DriftVerdict {
  if (state === 'stale' || state === 'down') return staleVerdict(HAPROXY, runs);
  return state === 'disabled'
    ? { thing: HAPROXY, verdict: 'disabled', reason: 'pacemaker keeps HAProxy stopped' }
    : { thing: HAPROXY, verdict: 'unknown', reason: 'pacemaker does not run there, or nobody sees what runs' };
}
