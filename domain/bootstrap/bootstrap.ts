import type { HttpClient } from '../openstack/http';
import type { Keystone } from '../openstack/keystone';
import type { Secrets } from '../secrets/secrets';
import type { Controller, Site } from '../site/document';
import type { Mode } from '../site/load';
import type { RemoteController, Session } from '../ssh/session';
import { bootstrapDatabase } from './database';
import type { BootstrapItem } from './item';
import { bootstrapKeystone } from './keystone';
import { bootstrapRabbitmq } from './rabbitmq';

/** Ways to the site; only those of the parts that the site document asks for are used. */
export interface BootstrapWays {
  readonly session: Session;
  readonly secrets: Secrets;
  readonly openstack: { readonly http: HttpClient; readonly keystone: Keystone };
}

/**
 * Looks for what Magnum needs outside of itself, as far as the site document asks for it, and in mode `apply` makes what
 * lacks: nothing is ever deleted. Safe to repeat, also after one that was interrupted.
 *
 * @throws DatabaseAdminRefused, RabbitmqUnreachable, RabbitmqAdminRefused, KeystoneAdminRefused and what `Keystone` throws
 */
export async function bootstrap(
  { session, secrets, openstack }: BootstrapWays,
  site: Site,
  mode: Mode,
): Promise<BootstrapItem[]> {
  const { database, rabbit } = site.magnum;
  const reveal = (ssm: string) => secrets.reveal(ssm);
  const asked = (part: Site['bootstrap'][number]) => site.bootstrap.includes(part);
  const items: BootstrapItem[] = [];
  if (asked('database')) {
    const remote = await first(session, site.controllers);
    items.push(...(await bootstrapDatabase(remote, site, reveal(database.password.ssm), mode)));
  }
  if (asked('rabbitmq')) {
    const nodes = site.controllers.filter(({ address }) => rabbit.hosts.some((host) => host.startsWith(`${address}:`)));
    const remote = await first(session, [...nodes, ...site.controllers]);
    items.push(...(await bootstrapRabbitmq(remote, site, reveal(rabbit.password.ssm), mode)));
  }
  if (asked('keystone')) items.push(...(await bootstrapKeystone({ ...openstack, reveal }, site, mode)));
  return items;
}

async function first(session: Session, [controller]: readonly Controller[]): Promise<RemoteController> {
  if (!controller) throw new Error('The site has no controllers');
  return session.controller(controller);
}
