import { secretNames } from '../secrets/references';
import type { Secrets } from '../secrets/secrets';
import type { Site } from '../site/document';
import type { Session } from '../ssh/session';
import { withSession } from '../ssh/with-session';
import type { HttpOptions } from './http';
import { type OpenStackSession, openStackSession } from './session';

/** What a task may need beyond OpenStack's clients as they are. */
export interface ThroughSiteOptions {
  /** Names of further secrets. */
  readonly further?: readonly string[];
  readonly http?: HttpOptions;
}

/** Gives a task OpenStack's clients, whose requests go through the first controller, and closes everything in the end. */
export function throughSite<T>(
  site: Site,
  action: (openstack: OpenStackSession, session: Session, secrets: Secrets) => Promise<T>,
  { further = [], http }: ThroughSiteOptions = {},
): Promise<T> {
  const { openstack: passwordName } = secretNames(site);
  return withSession(site, [passwordName, ...further], async (session, secrets) => {
    const connect = async (host: string, port: number) => {
      const [first] = site.controllers;
      if (!first) throw new Error(`Site ${site.name} has no controllers`);
      return (await session.controller(first)).tunnel(host, port);
    };
    const openstack = openStackSession(connect, site.openstack, secrets.reveal(passwordName), {
      ca: site.ca?.certificates,
      ...http,
    });
    try {
      return await action(openstack, session, secrets);
    } finally {
      openstack.close();
    }
  });
}
