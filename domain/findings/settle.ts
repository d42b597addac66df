import type { ClusterShell } from '../commands/platform';
import { remedy } from '../pacemaker/remedies';
import type { Site } from '../site/document';
import { FINDINGS } from './catalogue';
import type { Finding } from './finding';
import { FORWARDING_FORBIDDEN } from './reachability';

export const HAPROXY_DISABLED = 'HAProxyDisabled';

/** HAProxy is as an execution that was stopped may have left it. @param shell in whose words */
export function haproxyDisabled({ haproxy: { resource } }: Pick<Site, 'haproxy'>, shell: ClusterShell): Finding {
  const command = remedy({ by: 'target-role', at: resource, ruled: false }, resource, shell);
  return {
    name: HAPROXY_DISABLED,
    severity: 'error',
    evidence: `Everything behind the VIP is down now: ${resource} is disabled in pacemaker; nothing there could be checked`,
    remedy: `Run \`${command}\` on any controller now, or start an apply, which does that before anything else.`,
  };
}

/** Whether these findings mean that the cloud cannot be asked: each question would only add a finding. */
export function hidesCloud(findings: readonly Finding[]): boolean {
  // Nothing behind the VIP answers until a cycle; or nothing can be reached through a controller.
  return findings.some(({ name }) => name === HAPROXY_DISABLED || name === FORWARDING_FORBIDDEN);
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
