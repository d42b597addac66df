import type { Platforms } from '../commands/platform';
import type { SiteConnection } from '../commands/site-connection';
import type { OpenStackSession } from '../openstack/session';
import { checkCloud } from './cloud';
import { checkControllers } from './controllers';
import { documentFindings } from './document';
import type { Finding } from './finding';
import { checkPacemaker } from './pacemaker';
import { canBeAsked, checkPlatforms } from './platform';
import { haproxyDisabled, settle } from './settle';
import { checkSudo } from './sudo';

/** What does not answer soon is a finding, and the next execution asks again. */
export const PREFLIGHT_HTTP = {
  connectTimeoutMs: 5000,
  readTimeoutMs: 20_000,
  writeTimeoutMs: 20_000,
  retryDelaysMs: [500, 1000],
};

/**
 * Whether every controller is reachable and has programs that can be worked with, whether pacemaker and HAProxy are in a state from
 * which a cycle comes back; and what will go wrong with the installed Magnum, by the document and the controllers.
 */
export async function preflight(
  found: SiteConnection,
): Promise<{ readonly platforms: Platforms; readonly findings: readonly Finding[] }> {
  const { site } = found;
  const { platforms, findings: ofPlatforms } = await checkPlatforms(found.nodes);
  const connection = found.on(platforms);
  const { disabled, findings: ofPacemaker } = canBeAsked(ofPlatforms)
    ? await checkPacemaker(connection.nodes)
    : { disabled: false, findings: [] };
  const ofSudo = await checkSudo(connection.nodes);
  // Enabling HAProxy would not help then.
  const byOthers = ofPacemaker.some(({ name }) => name === 'HAProxyResourceDisabled');
  const { findings, installed } = await checkControllers(connection, !disabled);
  return {
    platforms,
    findings: [
      ...ofPlatforms,
      ...ofSudo,
      ...ofPacemaker,
      ...documentFindings(site, installed),
      ...findings,
      ...(disabled && !byOthers ? [haproxyDisabled(site, connection.nodes[0].platform.shell)] : []),
    ],
  };
}

/** What Magnum and the wanted clusters need in the cloud. @returns all findings, with those from before */
export async function preflightCloud(
  connection: SiteConnection,
  openstack: OpenStackSession,
  before: readonly Finding[],
): Promise<readonly Finding[]> {
  return settle([...before, ...(await checkCloud(connection, openstack))], connection.site);
}
