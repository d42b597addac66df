import type { Finding } from './finding';

/** Something that could not be asked. */
export function notChecked(what: string, why: string): Finding {
  return {
    name: 'NotChecked',
    severity: 'warning',
    evidence: `It could not be found out ${what}: ${why}`,
    remedy: 'See whether that service runs; the check is repeated in every execution.',
  };
}
