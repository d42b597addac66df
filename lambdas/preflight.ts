import { checkControllers } from '../domain/findings/controllers';
import { HAPROXY_DISABLED } from '../domain/findings/settle';
import type { Finding } from '../domain/findings/finding';
import { documentFindings } from '../domain/findings/document';
import { preflight } from '../domain/pacemaker/preflight';
import type { Site } from '../domain/site/document';
import { withSession } from '../domain/ssh/with-session';

/**
 * Preflight: every controller is reachable, pacemaker and HAProxy are in a state from which a cycle comes back; and what
 * the document and the controllers tell will go wrong with the Magnum that is installed.
 */
export function handler({ site }: { site: Site }): Promise<{ findings: Finding[] }> {
  return withSession(site, [], async (session) => {
    const { disabled } = await preflight(session, site);
    const { findings, installed } = await checkControllers(session, site, !disabled);
    return { findings: [...documentFindings(site, installed), ...findings, ...(disabled ? [HAPROXY_DISABLED] : [])] };
  });
}
