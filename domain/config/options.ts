import { percentEncode } from '../secrets/secrets';
import type { Controller, Site } from '../site/document';
import type { SecretReference } from '../site/fields';
import { CLIENTS } from '../site/magnum-section';
import { atLeast, type Release } from '../site/releases';
import { literal, sectionKey } from './oslo';

/** Where a secret goes in a value: the name of its SSM parameter, and whether it is percent-encoded for a URL. */
export interface SecretPart extends SecretReference {
  readonly encode: 'plain' | 'url';
}

/** A value with the places of its secrets; its texts are raw, so that `$name` in an extra option is substituted. */
export type OptionValue = readonly (string | SecretPart)[];

/** An option that magnum.conf must have. */
export interface Option {
  readonly section: string;
  readonly option: string;
  readonly value: OptionValue;
}

/**
 * What magnum.conf must say on a controller, in the dialect of the site's release. Each option comes once.
 *
 * Options that `extraOptions` names too have its value. All secrets are references.
 */
export function magnumOptions(site: Site, controller: Controller): Option[] {
  const { magnum } = site;
  const options = [
    // Each conductor's own row in the database, by which Verify knows it: those without a host share one.
    ...section('DEFAULT', { host: magnum.conductorHost ? controller.name : undefined }),
    ...transport(site),
    ...section('api', { host: controller.address, port: magnum.apiPort === 9511 ? undefined : String(magnum.apiPort) }),
    ...section('certificates', { cert_manager_type: magnum.certificateManager }),
    ...section('database', { connection: connection(site) }),
    ...keystoneAuthtoken(site),
    ...(magnum.keystone.keystoneAuth ? keystoneAuth(site) : []),
    ...section('oslo_messaging_notifications', { driver: magnum.notificationDriver }),
    ...rabbit(site),
    ...trust(site),
    ...section('cinder', { default_docker_volume_type: magnum.defaultDockerVolumeType }),
    ...clients(site),
    ...drivers(site),
    ...middleware(site),
  ];
  return withExtraOptions(options, magnum.extraOptions);
}

/**
 * The raw value, for `editOslo`. A secret arrives as it is: its dollars are escaped, in a URL it is percent-encoded.
 *
 * @param reveal gives the secret of an SSM parameter
 */
export function resolve(value: OptionValue, reveal: (ssm: string) => string): string {
  return value
    .map((part) => {
      if (typeof part === 'string') return part;
      const secret = reveal(part.ssm);
      return literal(part.encode === 'url' ? percentEncode(secret) : secret);
    })
    .join('');
}

/** The value as people may read it, with `<secret /name>` for each secret. */
export function describe(value: OptionValue): string {
  return value.map((part) => (typeof part === 'string' ? part : `<secret ${part.ssm}>`)).join('');
}

/** What `extraOptions` has for an option, as people may read it. */
export function extraOption({ magnum }: Site, section: string, option: string): string | undefined {
  const sections = Object.entries(magnum.extraOptions).filter(([name]) => sectionKey(name) === section);
  const value = sections.flatMap(([, options]) => options[option] ?? []).at(-1);
  return value === undefined ? undefined : describe(extraValue(value));
}

/** Whether oslo.config reads a value as true. */
export function isTrue(value: string): boolean {
  return /^(true|1|on|yes)$/i.test(value.trim());
}

/** Region and endpoint interface of one of Magnum's own clients; undefined is Magnum's default: any region, public. */
export function clientOf({ magnum }: Site, name: (typeof CLIENTS)[number]) {
  const { region = magnum.region, endpointInterface = magnum.endpointInterface } = magnum.clients?.[name] ?? {};
  return { region, endpointInterface };
}

/** From Ocata on; oslo.messaging deprecates the options of Newton's `rabbit` in 5.10 and drops them in 9.0.0. */
function transport({ release, magnum: { rabbit } }: Site): Option[] {
  if (!atLeast(release, 'ocata')) return [];
  const user = `${percentEncode(rabbit.user)}:`;
  const hosts = rabbit.hosts.flatMap((host, index) => [
    index === 0 ? `rabbit://${user}` : `,${user}`,
    secret(rabbit.password, 'url'),
    `@${host}`,
  ]);
  // oslo.messaging decodes it once, and an empty one is `/`.
  const virtualHost = rabbit.virtualHost === '/' ? '' : percentEncode(rabbit.virtualHost);
  return section('DEFAULT', { transport_url: [...hosts, `/${virtualHost}`] });
}

/** SQLAlchemy hands ssl_ca on to MySQLdb and PyMySQL alike. */
function connection({ ca, magnum: { database } }: Site): OptionValue {
  const { driver, user, password, host, name } = database;
  const tls = database.tls ? `?ssl_ca=${ca?.file ?? ''}` : '';
  return [`${driver}://${percentEncode(user)}:`, secret(password, 'url'), `@${host}/${name}${tls}`];
}

function keystoneAuthtoken({ release, ca, magnum: { keystone, memcachedServers, region } }: Site): Option[] {
  const renamed = atLeast(release, 'queens');
  // Magnum itself reads the old name alone until 7.1 (Rocky): without it every trust fails.
  const oldName = !atLeast(release, 'stein');
  return section('keystone_authtoken', {
    www_authenticate_uri: renamed ? keystone.wwwAuthenticateUri : undefined,
    auth_uri: oldName ? keystone.wwwAuthenticateUri : undefined,
    memcached_servers: memcachedServers.join(','),
    auth_type: 'password',
    username: keystone.username,
    project_name: keystone.projectName,
    auth_url: keystone.authUrl,
    password: [secret(keystone.password, 'plain')],
    user_domain_id: keystone.userDomainId,
    project_domain_id: keystone.projectDomainId,
    // Magnum reads it here too, for the trustees' domain.
    cafile: ca?.file,
    // Some packages set another one, under which the middleware does not find Keystone: every request fails with 500.
    region_name: region,
    // Its default lets any token pass for a service's, and is deprecated; before 6.0.0 the middleware does not read it.
    service_token_roles_required: atLeast(release, 'stein') ? 'True' : undefined,
  });
}

function keystoneAuth({ ca, magnum: { keystone } }: Site): Option[] {
  return section('keystone_auth', {
    auth_type: 'password',
    auth_url: keystone.authUrl,
    username: keystone.username,
    password: [secret(keystone.password, 'plain')],
    project_name: keystone.projectName,
    user_domain_id: keystone.userDomainId,
    project_domain_id: keystone.projectDomainId,
    cafile: ca?.file,
  });
}

function rabbit({ release, ca, magnum: { rabbit } }: Site): Option[] {
  const legacy = !atLeast(release, 'ocata');
  // Renamed in oslo.messaging 5.18.0, between Ocata's 5.17 and Pike's 5.30.
  const [ssl, caFile] = atLeast(release, 'pike') ? ['ssl', 'ssl_ca_file'] : ['rabbit_use_ssl', 'kombu_ssl_ca_certs'];
  const quorum = rabbit.queues === 'quorum';
  return section('oslo_messaging_rabbit', {
    rabbit_hosts: legacy ? rabbit.hosts.join(', ') : undefined,
    // Written even if it is off: a True left in the file, together with quorum queues, stops oslo.messaging.
    rabbit_ha_queues: quorum ? 'False' : 'True',
    // From Yoga on: a True left in the file would stop it together with mirrored queues.
    rabbit_quorum_queue: atLeast(release, 'yoga') ? (quorum ? 'True' : 'False') : undefined,
    heartbeat_timeout_threshold: String(rabbit.heartbeatTimeoutThreshold),
    heartbeat_rate: String(rabbit.heartbeatRate),
    rabbit_userid: legacy ? rabbit.user : undefined,
    rabbit_password: legacy ? [secret(rabbit.password, 'plain')] : undefined,
    rabbit_virtual_host: legacy && rabbit.virtualHost !== '/' ? rabbit.virtualHost : undefined,
    [ssl]: rabbit.tls ? 'True' : undefined,
    [caFile]: rabbit.tls ? ca?.file : undefined,
  });
}

function trust({ release, magnum: { trust } }: Site): Option[] {
  return section('trust', {
    trustee_domain_name: trust.domainName,
    trustee_domain_admin_name: trust.domainAdminName,
    trustee_domain_admin_password: [secret(trust.domainAdminPassword, 'plain')],
    trustee_keystone_interface: atLeast(release, 'pike') ? trust.keystoneInterface : undefined,
    trustee_keystone_region_name: trust.keystoneRegion,
  });
}

/**
 * Since which release Magnum has each client's section (by default Newton), and in it endpoint_type (by default Newton) and
 * ca_file (by default never). Every section has region_name.
 */
const CLIENT_SECTIONS: Readonly<
  Record<(typeof CLIENTS)[number], { since?: Release; endpointType?: Release; caFile?: Release }>
> = {
  // Source: magnum/common/clients.py of 3.0.0, magnum/conf of 4.0.0 to 22.0.0.
  magnum: {},
  heat: { caFile: 'newton' },
  glance: { caFile: 'newton' },
  nova: { caFile: 'newton' },
  neutron: { caFile: 'newton' },
  cinder: { endpointType: 'train', caFile: 'train' },
  barbican: {},
  octavia: { since: 'stein', caFile: 'stein' },
};

function clients(site: Site): Option[] {
  const has = (since: Release | undefined) => since !== undefined && atLeast(site.release, since);
  return CLIENTS.flatMap((name) => {
    const { since = 'newton', endpointType = 'newton', caFile } = CLIENT_SECTIONS[name];
    if (!has(since)) return [];
    const { region, endpointInterface } = clientOf(site, name);
    return section(`${name}_client`, {
      region_name: region,
      endpoint_type: endpointInterface !== undefined && has(endpointType) ? `${endpointInterface}URL` : undefined,
      ca_file: has(caFile) ? site.ca?.file : undefined,
    });
  });
}

/** Nodes of clusters trust it. It came with 5.0.2, and an older Pike does not read it. */
function drivers({ release, ca }: Site): Option[] {
  return section('drivers', { openstack_ca_file: atLeast(release, 'pike') ? ca?.file : undefined });
}

/** Links in answers begin with https for a client that came by TLS. Newton's api-paste.ini has no such filter. */
function middleware({ release, haproxy }: Site): Option[] {
  const wanted = haproxy.publicVip !== undefined && atLeast(release, 'ocata');
  return section('oslo_middleware', { enable_proxy_headers_parsing: wanted ? 'True' : undefined });
}

function withExtraOptions(options: readonly Option[], extra: Site['magnum']['extraOptions']): Option[] {
  const all = [...options];
  for (const [name, values] of Object.entries(extra)) {
    for (const [option, written] of Object.entries(values)) {
      const value = extraValue(written);
      const inSection = (one: Option) => sectionKey(one.section) === sectionKey(name);
      const rendered = all.findIndex((one) => inSection(one) && one.option === option);
      const last = all.findLastIndex(inSection);
      if (rendered >= 0) all[rendered] = { section: name, option, value };
      else all.splice(last < 0 ? all.length : last + 1, 0, { section: name, option, value });
    }
  }
  return all;
}

function extraValue(written: string | SecretReference): OptionValue {
  return [typeof written === 'string' ? written : secret(written, 'plain')];
}

function section(name: string, options: Record<string, string | OptionValue | undefined>): Option[] {
  return Object.entries(options).flatMap(([option, value]) =>
    value === undefined ? [] : [{ section: name, option, value: typeof value === 'string' ? [value] : value }],
  );
}

function secret({ ssm }: SecretReference, encode: SecretPart['encode']): SecretPart {
  return { ssm, encode };
}
