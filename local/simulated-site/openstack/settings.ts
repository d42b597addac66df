import type { Site } from '../../../domain/site/document';
import { atLeast, type Release } from '../../../domain/site/releases';
import { endpointOf, keystoneEndpoints } from '../endpoints';
import type { Account, Accounts } from './accounts';
import { type Backing, databaseLoginError, driverBytes, rabbitmqLoginError } from './backing';
import { exists } from './identity-store';

/** The effective magnum.conf at the time a process starts: the value of an option, or undefined if it is not set. */
export type OsloConfig = (section: string, option: string) => string | undefined;

/** What a Magnum process makes of its configuration, with what there is outside of it at the moment. */
export interface Settings {
  /** Under which name a conductor registers, or undefined. */
  readonly host: string | undefined;
  /** Where a refused request is sent for a token. */
  readonly keystone: string;
  /** What goes wrong with every request that has a token: nothing, no auth_uri at all, or Keystone refuses Magnum. */
  readonly tokens: 'checked' | 'unconfigured' | 'refused';
  /** What the database driver says, or undefined if the connection is good. */
  readonly databaseError: string | undefined;
  /** Whether the process gets to the site's RabbitMQ. */
  readonly rabbit: boolean;
  /** What kills a conductor as soon as it runs, or undefined. */
  readonly fatal: string | undefined;
  /** Why no token of the trustees' domain can be had, which Magnum wants one of for each of its policies; or undefined. */
  readonly trustee: 'unset' | 'refused' | undefined;
  /** Whether trusts can be made: [trust], and a Keystone URL that ends in /v3. */
  readonly trust: boolean;
  /** Whether certificates can be stored. */
  readonly certificates: boolean;
  /** Whether the conductor gets an administrator's token of its own. */
  readonly admin: boolean;
  /** Whether a Docker volume gets a type. */
  readonly volumeType: boolean;
}

/** Reads a configuration as the release would that the document names. */
export function readSettings(config: OsloConfig, site: Site, accounts: Accounts, backing: Backing): Settings {
  const { release, magnum } = site;
  const uri = keystoneUri(config, release);
  const { identity } = backing;
  const configured = serviceUser(config, 'keystone_authtoken', site, accounts.service);
  // Magnum itself took up the new name in Rocky only.
  const trustUri = atLeast(release, 'rocky') ? uri : config('keystone_authtoken', 'auth_uri');
  return {
    host: config('DEFAULT', 'host'),
    keystone: uri ?? config('keystone_authtoken', 'auth_url') ?? '',
    get tokens() {
      if (uri === undefined) return 'unconfigured';
      return configured && exists(identity, accounts.service) ? 'checked' : 'refused';
    },
    get databaseError() {
      return connectToDatabase(config, site, backing) ?? missingTables(site, backing);
    },
    get rabbit() {
      return reachesRabbit(config, site, backing);
    },
    fatal: fatal(config),
    get trust() {
      return trusts(config, trustUri, site, accounts.trusteeAdmin) && exists(identity, accounts.trusteeAdmin);
    },
    trustee: trustee(config, accounts.trusteeAdmin),
    certificates: storesCertificates(config('certificates', 'cert_manager_type'), magnum.certificateManager),
    get admin() {
      return administrates(config, uri, site, accounts) && exists(identity, accounts.service);
    },
    volumeType: !atLeast(release, 'pike') || Boolean(config('cinder', 'default_docker_volume_type')),
  };
}

/** oslo.messaging reads these when the conductor connects. */
function fatal(config: OsloConfig): string | undefined {
  const option = (name: string) => config('oslo_messaging_rabbit', name);
  for (const name of ['heartbeat_rate', 'heartbeat_timeout_threshold']) {
    const value = option(name);
    if (value !== undefined && !/^[+-]?\d+$/.test(value)) {
      return `oslo_config.cfg.ConfigFileValueError: Value for option ${name} from LocationInfo is not valid: invalid literal for int() with base 10: '${value}'`;
    }
  }
  const both = ['rabbit_ha_queues', 'rabbit_quorum_queue'].every((name) =>
    /^(true|1|yes|on)$/i.test(option(name) ?? ''),
  );
  return both
    ? 'RuntimeError: Configuration Error: rabbit_quorum_queue and rabbit_ha_queues both enabled, only one can be enabled at a time'
    : undefined;
}

/** The default is barbican, which is deployed only if the document wants it. */
function storesCertificates(type = 'barbican', deployed: Site['magnum']['certificateManager']): boolean {
  return type === 'x509keypair' || type === 'local' || (type === 'barbican' && deployed === 'barbican');
}

/** `auth_uri` was renamed in Queens (keystonemiddleware 4.18) and removed in 13.0.0. */
function keystoneUri(config: OsloConfig, release: Release): string | undefined {
  const renamed = atLeast(release, 'queens') ? config('keystone_authtoken', 'www_authenticate_uri') : undefined;
  return renamed ?? (atLeast(release, '2026.1') ? undefined : config('keystone_authtoken', 'auth_uri'));
}

/** Magnum gives its own section one, the middleware has none. */
const DEFAULT_AUTH_TYPE: Readonly<Record<string, string>> = { keystone_auth: 'password' };

function serviceUser(config: OsloConfig, section: string, site: Site, service: Account): boolean {
  const option = (name: string) => config(section, name);
  const borrowed = option('auth_section');
  if (borrowed !== undefined && borrowed !== section) return serviceUser(config, borrowed, site, service);
  return (
    (option('auth_type') ?? DEFAULT_AUTH_TYPE[section]) === 'password' &&
    isKeystone(option('auth_url'), site) &&
    option('username') === service.name &&
    option('password') === service.password &&
    'project' in service.scope &&
    option('project_name') === service.scope.project.name &&
    inDomain(option, 'user_domain', service.domain) &&
    inDomain(option, 'project_domain', service.scope.project.domain)
  );
}

function inDomain(option: (name: string) => string | undefined, prefix: string, domain: { id: string; name: string }) {
  const id = option(`${prefix}_id`);
  return id === undefined ? option(`${prefix}_name`) === domain.name : id === domain.id;
}

/** Whether a URL is one of those that Keystone has. */
function isKeystone(url: string | undefined, site: Site): boolean {
  const parsed = parse(url);
  if (!parsed || !['http:', 'https:'].includes(parsed.protocol) || !/^\/(v3\/?)?$/.test(parsed.pathname)) return false;
  const { secure, host, port } = endpointOf(parsed.href);
  return keystoneEndpoints(site).some((one) => one.secure === secure && one.host === host && one.port === port);
}

/** What goes wrong when a process connects to the database, or undefined. */
export function connectToDatabase(
  config: OsloConfig,
  { release, magnum }: Site,
  { database: server }: Backing,
): string | undefined {
  const url = parse(config('database', 'connection'));
  const { database } = magnum;
  if (!url) return 'Could not parse SQLAlchemy URL from given URL string';
  // Python 3 alone has been supported since Ussuri, and no python3-mysqldb comes with Magnum.
  if (url.protocol === 'mysql:' && atLeast(release, 'ussuri')) return "No module named 'MySQLdb'";
  if (url.protocol !== 'mysql:' && url.protocol !== 'mysql+pymysql:') {
    return `Can't load plugin: sqlalchemy.dialects:${url.protocol.slice(0, -1).replace('+', '.')}`;
  }
  const [host, port = '3306'] = database.host.split(':');
  if (url.hostname !== host || (url.port || '3306') !== port) {
    return `(pymysql.err.OperationalError) (2003, "Can't connect to MySQL server on '${url.hostname}' ([Errno 113] EHOSTUNREACH)")`;
  }
  const password = driverBytes(url.protocol.slice(0, -1), decode(url.password));
  const refusal = databaseLoginError(server, decode(url.username), password, url.pathname.slice(1));
  return refusal === undefined ? undefined : `(pymysql.err.OperationalError) ${refusal}`;
}

function missingTables({ magnum: { database } }: Site, { database: { databases } }: Backing): string | undefined {
  if (databases.get(database.name) != null) return undefined;
  return `(pymysql.err.ProgrammingError) (1146, "Table '${database.name}.magnum_service' doesn't exist")`;
}

/** rabbit_* were removed in oslo.messaging 9.0.0 (Stein); a transport_url goes before them. */
function reachesRabbit(config: OsloConfig, { release, magnum }: Site, { rabbitmq }: Backing): boolean {
  const { hosts } = magnum.rabbit;
  const enters = (user: string, password: string) => rabbitmqLoginError(rabbitmq, user, password) === undefined;
  const transportUrl = config('DEFAULT', 'transport_url');
  if (transportUrl !== undefined) {
    const nodes = /^rabbit:\/\/([^/]*)\/?$/.exec(transportUrl)?.[1]?.split(',') ?? [];
    return nodes.some((node) => {
      const [, name = '', password = '', host = ''] = /^([^:@]*):([^@]*)@(.*)$/.exec(node) ?? [];
      // oslo.messaging makes a URL of it again, and leaves a slash as it is.
      return !decode(password).includes('/') && enters(decode(name), decode(password)) && hosts.includes(host);
    });
  }
  if (atLeast(release, 'stein')) return false;
  const option = (name: string) => config('oslo_messaging_rabbit', name);
  const nodes = (option('rabbit_hosts') ?? '').split(',').map((host) => host.trim());
  return (
    enters(option('rabbit_userid') ?? '', option('rabbit_password') ?? '') && nodes.some((node) => hosts.includes(node))
  );
}

function trustee(config: OsloConfig, admin: Account): Settings['trustee'] {
  const wanted = [admin.domain.name, admin.name, admin.password];
  const found = ['name', 'admin_name', 'admin_password'].map((option) => config('trust', `trustee_domain_${option}`));
  if (found.includes(undefined)) return 'unset';
  return found.every((value, index) => value === wanted[index]) ? undefined : 'refused';
}

/** Magnum takes the URL verbatim for trusts: without /v3 Keystone answers 404. */
function trusts(config: OsloConfig, uri: string | undefined, site: Site, admin: Account): boolean {
  return (
    uri !== undefined &&
    isKeystone(uri, site) &&
    /\/v3\/?$/.test(uri) &&
    config('trust', 'trustee_domain_name') === admin.domain.name &&
    config('trust', 'trustee_domain_admin_name') === admin.name &&
    config('trust', 'trustee_domain_admin_password') === admin.password
  );
}

/** Without an auth_url in [keystone_auth] Magnum falls back on admin_*, which keystonemiddleware 13 no longer knows. */
function administrates(config: OsloConfig, uri: string | undefined, site: Site, accounts: Accounts): boolean {
  if (config(config('keystone_auth', 'auth_section') ?? 'keystone_auth', 'auth_url') !== undefined) {
    return serviceUser(config, 'keystone_auth', site, accounts.service);
  }
  const option = (name: string) => config('keystone_authtoken', name);
  return (
    isKeystone(uri, site) &&
    [accounts.operator, accounts.service].some(
      ({ name, password, scope }) =>
        option('admin_user') === name &&
        option('admin_password') === password &&
        'project' in scope &&
        option('admin_tenant_name') === scope.project.name,
    )
  );
}

function parse(url: string | undefined): URL | undefined {
  return url !== undefined && URL.canParse(url) ? new URL(url) : undefined;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
