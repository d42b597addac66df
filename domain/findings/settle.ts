import type { Finding } from './finding';
import type { Site } from '../site/document';

/** HAProxy is as an execution that was stopped may have left it. */
export const HAPROXY_DISABLED: Finding = {
  name: 'HAProxyDisabled',
  severity: 'warning',
  evidence: 'HAProxy is disabled in pacemaker: nothing behind the VIP answers, and nothing there could be checked',
  remedy: 'Start an apply, which enables it first, or enable it by hand; then a check tells the rest.',
};

/** What each part of a bootstrap makes where it is missing: no reason to refuse an apply that begins with it. */
const MENDED_BY_BOOTSTRAP: Readonly<Record<Site['bootstrap'][number], readonly string[]>> = {
  database: ['DatabaseUserRefused'],
  schema: [],
  rabbitmq: ['RabbitUserRefused'],
  keystone: ['ServiceUserRefused', 'TrusteeAdminRefused', 'TrusteeAdminWithoutRole', 'MagnumEndpointMissing'],
};

/** The findings as they count for this site: what its bootstrap will mend is no error. */
export function settle(findings: readonly Finding[], { bootstrap }: Pick<Site, 'bootstrap'>): Finding[] {
  const mended = new Set(bootstrap.flatMap((part) => MENDED_BY_BOOTSTRAP[part]));
  return findings.map((finding) =>
    mended.has(finding.name)
      ? { ...finding, severity: 'warning', remedy: 'The bootstrap that the document asks for makes it, in an apply.' }
      : finding,
  );
}
