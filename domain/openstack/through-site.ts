import type { Platforms } from '../commands/platform';
import { type SiteConnection, withSite } from '../commands/site-connection';
import { secretNames } from '../secrets/references';
import type { Site } from '../site/document';
import type { World } from '../world';
import type { HttpOptions } from './http';
import { type OpenStackSession, openStackSession } from './session';

/** What a task may need besides OpenStack's clients. */
export interface ThroughSiteOptions {
  /** Names of secrets besides that of OpenStack's user. */
  readonly secrets?: readonly string[];
  readonly http?: HttpOptions;
  /** What Preflight found. @default nothing */
  readonly platforms?: Platforms;
}

/** Gives a task OpenStack's clients, whose requests go through the first controller, and closes everything in the end. */
export function throughSite<T>(
  world: World,
  site: Site,
  { secrets: further = [], http, platforms = [] }: ThroughSiteOptions,
  action: (openstack: OpenStackSession, connection: SiteConnection) => Promise<T>,
): Promise<T> {
  const { openstack: passwordName } = secretNames(site);
  return withSite(world, site, { platforms, secrets: [passwordName, ...further] }, async (connection) => {
    // A login may take long, and is no part of the time that an answer has.
    await connection.nodes[0].ready();
    const openstack = openStackSession({
      connect: connection.nodes[0].tunnel,
      clock: world.clock,
      account: site.openstack,
      password: connection.secrets.reveal(passwordName),
      http: { ca: site.ca?.certificates, ...http },
    });
    try {
      return await action(openstack, connection);
    } finally {
      openstack.close();
    }
  });
}
