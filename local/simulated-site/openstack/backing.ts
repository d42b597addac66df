import { createHash } from 'node:crypto';
import type { Site } from '../../../domain/site/document';
import type { Accounts } from './accounts';
import { type CatalogueService, catalogueOf } from './catalogue';
import { type IdentityStore, identityOf } from './identity-store';

/** What Magnum needs outside of itself, as it is at the moment; tests may change it. */
export interface Backing {
  readonly database: DatabaseServer;
  readonly rabbitmq: RabbitmqBroker;
  readonly identity: IdentityStore;
  readonly catalogue: CatalogueService[];
}

/** A part of what Magnum needs, as a site document names it. */
export type BackingPart = Site['bootstrap'][number];

/** What the database cluster holds. */
export interface DatabaseServer {
  /** Databases by name, with the revision of Magnum's tables in them; null if there are none. */
  readonly databases: Map<string, string | null>;
  /** Hashes of mysql_native_password by `user@host`. */
  readonly users: Map<string, string>;
  /** `user@host database`, with all privileges. */
  readonly grants: Set<string>;
}

/** What the cluster of RabbitMQ holds. */
export interface RabbitmqBroker {
  readonly users: Map<string, { password: string; tags: readonly string[] }>;
  /** Users who may do everything on the virtual host `/`. */
  readonly permissions: Set<string>;
}

/** The newest revision of the tables of Magnum 15. */
export const NEWEST_REVISION = '7da8489d6a68';

const CONTAINER_INFRA = 'container-infra';

/** What a site document speaks of, but for the parts that nobody has made. */
export function backingOf(site: Site, accounts: Accounts, bare: readonly BackingPart[]): Backing {
  const { database, rabbit } = site.magnum;
  const made = (part: BackingPart) => !bare.includes(part);
  const hosts = made('database') ? ['%', 'localhost'] : [];
  const revision = made('schema') ? NEWEST_REVISION : null;
  const users = made('rabbitmq') ? [rabbit.user] : [];
  return {
    database: {
      databases: new Map(made('database') ? [[database.name, revision]] : []),
      users: new Map(
        hosts.map((host) => [
          `${database.user}@${host}`,
          nativeHash(driverBytes(database.driver, accounts.databasePassword)),
        ]),
      ),
      grants: new Set(hosts.map((host) => `${database.user}@${host} ${database.name}`)),
    },
    rabbitmq: {
      users: new Map(users.map((user) => [user, { password: accounts.rabbitPassword, tags: [] }])),
      permissions: new Set(users),
    },
    identity: identityOf(site, accounts, made('keystone')),
    catalogue: catalogueOf(site, operatorsProject(accounts)).filter(
      ({ type }) => made('keystone') || type !== CONTAINER_INFRA,
    ),
  };
}

function operatorsProject({ operator: { scope } }: Accounts): string {
  return 'project' in scope ? scope.project.id : '';
}

/** What the server says to somebody who logs in over the network; undefined if he is in. */
export function databaseLoginError(
  { databases, users, grants }: DatabaseServer,
  user: string,
  password: Buffer,
  database: string,
): string | undefined {
  if (users.get(`${user}@%`) !== nativeHash(password))
    return `(1045, "Access denied for user '${user}'@'%' (using password: YES)")`;
  if (!databases.has(database)) return `(1049, "Unknown database '${database}'")`;
  if (!grants.has(`${user}@% ${database}`))
    return `(1044, "Access denied for user '${user}'@'%' to database '${database}'")`;
  return undefined;
}

/** What RabbitMQ says to somebody who logs in to the virtual host `/`; undefined if he is in. */
export function rabbitmqLoginError({ users, permissions }: RabbitmqBroker, user: string, password: string) {
  if (users.get(user)?.password !== password) {
    return {
      code: 403,
      text: 'ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details see the broker logfile.',
    };
  }
  if (permissions.has(user)) return undefined;
  return { code: 530, text: `NOT_ALLOWED - access to vhost '/' refused for user '${user}'` };
}

/** The bytes that a driver makes of a password: PyMySQL takes Latin-1, MySQLdb UTF-8. */
export function driverBytes(driver: string, password: string): Buffer {
  return Buffer.from(password, driver === 'mysql+pymysql' ? 'latin1' : 'utf8');
}

/** As servers keep a password for mysql_native_password. */
function nativeHash(password: Buffer): string {
  const sha1 = (bytes: Buffer) => createHash('sha1').update(bytes).digest();
  return `*${sha1(sha1(password)).toString('hex').toUpperCase()}`;
}
