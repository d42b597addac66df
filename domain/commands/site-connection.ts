import { MagnumHaError } from '../errors';
import { mapAll, type NonEmpty } from '../non-empty';
import { secretNames } from '../secrets/references';
import type { Secrets } from '../secrets/secrets';
import type { Controller, Site } from '../site/document';
import { named } from '../site/named';
import type { World } from '../world';
import { type Node, nodeOf } from './node';
import { platformFor, type Platforms } from './platform';

/** A secret holds what a password cannot mean. */
export class SecretMalformed extends MagnumHaError {
  override readonly name = 'SecretMalformed';
}

/** The nodes of a site, in the order of its document. */
export type Nodes = NonEmpty<Node>;

/** A site that a task is connected to, with the secrets it was allowed to read. */
export interface SiteConnection {
  readonly site: Site;
  readonly nodes: Nodes;
  readonly secrets: Secrets;
  /** Whether the connection to the bastion still stands. */
  readonly alive: boolean;
  /** The controller of this name. @throws Error if there is none: the workflow only names those of the document */
  readonly node: (name: string) => Node;
  /** The same connection, with these platforms, for whoever's world it is now: what is run is logged there. */
  readonly on: (platforms: Platforms, world?: World) => SiteConnection;
  close(): void;
}

/** What a task needs of a site. */
export interface SiteNeeds {
  /** Names of the secrets besides the SSH key. @default none */
  readonly secrets?: readonly string[];
  /** Names of those that are read if they exist. @default none */
  readonly further?: readonly string[];
  /** Controllers that will surely be used. @default all */
  readonly expected?: readonly Controller[];
  /** What Preflight found. @default nothing */
  readonly platforms?: Platforms;
}

/** Connects to a site for one task, and closes the connection in the end. @throws what `connectSite` throws */
export async function withSite<T>(
  world: World,
  site: Site,
  needs: SiteNeeds,
  action: (connection: SiteConnection) => Promise<T>,
): Promise<T> {
  const connection = await connectSite(world, site, needs);
  try {
    return await action(connection);
  } finally {
    connection.close();
  }
}

/** Connects to a site. @throws SecretMissing, SecretMalformed, and the errors of SSH */
export async function connectSite(
  world: World,
  site: Site,
  { secrets: needed = [], further = [], expected = site.controllers, platforms: known = [] }: SiteNeeds,
): Promise<SiteConnection> {
  const { ssh } = secretNames(site);
  const secrets = await world.secrets.read([ssh, ...needed], further);
  refuseStrayNewlines(secrets, needed);
  const transport = await world.connect({ site, privateKey: secrets.reveal(ssh), expected });
  const on = (platforms: Platforms, current = world): SiteConnection => {
    const nodes = mapAll(site.controllers, (controller) => {
      const platform = platformFor(site, platforms, controller.name);
      return nodeOf({ site, controller, platform, link: () => transport.controller(controller), world: current });
    });
    return {
      site,
      nodes,
      secrets,
      get alive() {
        return transport.alive;
      },
      node: (name) => named(nodes, name, `controller of site ${site.name}`),
      on: (others, next = current) => on(others, next),
      close: () => {
        transport.close();
      },
    };
  };
  return on(known);
}

/** A file's last newline easily becomes a part of a password: in a URL it would silently be a wrong one. */
function refuseStrayNewlines(secrets: Secrets, names: readonly string[]): void {
  const stray = names.filter((name) => /[\r\n]$/.test(secrets.reveal(name)));
  if (stray.length === 0) return;
  throw new SecretMalformed(
    `The SSM parameter ${stray.join(', ')} ends in a newline. Put the value again without it: printf %s "$VALUE" > FILE`,
  );
}
