import type { Node } from '../commands/node';
import type { SiteConnection } from '../commands/site-connection';
import type { HttpClient } from '../openstack/http';
import type { Keystone } from '../openstack/keystone';
import type { Site } from '../site/document';
import type { Mode } from '../site/load';
import { bootstrapDatabase } from './database';
import type { BootstrapItem } from './item';
import { bootstrapKeystone } from './keystone';
import { bootstrapRabbitmq } from './rabbitmq';

/** OpenStack's clients, as far as bootstrap uses them. */
export interface BootstrapClients {
  readonly http: HttpClient;
  readonly keystone: Keystone;
}

/**
 * Looks for what Magnum needs outside of itself, as far as the site document asks for it, and in mode `apply` makes what
 * is missing: nothing is ever deleted. Safe to repeat, also after one that was interrupted.
 *
 * @throws DatabaseAdminRefused, RabbitmqUnreachable, RabbitmqAdminRefused, KeystoneAdminRefused and what `Keystone` throws
 */
export async function bootstrap(
  { site, nodes, secrets }: Pick<SiteConnection, 'site' | 'nodes' | 'secrets'>,
  openstack: BootstrapClients,
  mode: Mode,
): Promise<BootstrapItem[]> {
  const { database, rabbit } = site.magnum;
  const reveal = (ssm: string) => secrets.reveal(ssm);
  const asked = (part: Site['bootstrap'][number]) => site.bootstrap.includes(part);
  const items: BootstrapItem[] = [];
  if (asked('database')) {
    items.push(...(await bootstrapDatabase(nodes[0], reveal(database.password.ssm), mode)));
  }
  if (asked('rabbitmq')) {
    const has = ({ controller }: Node) => rabbit.hosts.some((host) => host.startsWith(`${controller.address}:`));
    items.push(...(await bootstrapRabbitmq(nodes.find(has) ?? nodes[0], reveal(rabbit.password.ssm), mode)));
  }
  if (asked('keystone')) items.push(...(await bootstrapKeystone({ ...openstack, reveal }, site, mode)));
  return items;
}
