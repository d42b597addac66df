import type { Site } from '../site/document';
import { FINDINGS } from './catalogue';
import type { Finding } from './finding';
import { FORWARDING_FORBIDDEN } from './reachability';

/** HAProxy is as an execution that was stopped may have left it. */
export const HAPROXY_DISABLED: Finding = {
  name: 'HAProxyDisabled',
  severity: 'warning',
  evidence: 'HAProxy is disabled in pacemaker: nothing behind the VIP answers, and nothing there could be checked',
  remedy: 'Start an apply, which enables it first, or enable it by hand; then a check tells the rest.',
};

/** Whether, as these were found, nothing can be asked of the cloud: whatever it is asked would be a finding more. */
export function hidesCloud(findings: readonly Finding[]): boolean {
  // Nothing behind the VIP answers until a cycle; or nothing can be reached through a controller.
  return findings.some(({ name }) => name === HAPROXY_DISABLED.name || name === FORWARDING_FORBIDDEN);
}

/** The findings as they count for this site: what its bootstrap will mend is no error. */
export function settle(findings: readonly Finding[], { bootstrap }: Pick<Site, 'bootstrap'>): Finding[] {
  const mended = new Set(
    FINDINGS.flatMap(([name, entry]) => (entry.bootstrap && bootstrap.includes(entry.bootstrap) ? [name] : [])),
  );
  return findings.map((finding) =>
    mended.has(finding.name)
      ? { ...finding, severity: 'warning', remedy: 'The bootstrap that the document asks for makes it, in an apply.' }
      : finding,
  );
}
