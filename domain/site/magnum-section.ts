import * as z from 'zod';
import { conventional, count, endpoint, endpointInterface, line, secret, token, url, path, port } from './fields';

const database = z
  .strictObject({
    driver: z.enum(['mysql', 'mysql+pymysql']).default('mysql+pymysql').describe('SQLAlchemy driver of the URL.'),
    host: line
      .regex(/^[^\s/@]+$/, 'must be HOST or HOST:PORT, without user name or password')
      .describe('Host, or HOST:PORT, of the database; usually the VIP.'),
    name: token.default('magnum').describe('Name of the database.'),
    user: token.default('magnum').describe('Database user.'),
    password: conventional("The database user's password.", 'database-password'),
    tls: z
      .boolean()
      .default(false)
      .describe(
        'Connect with TLS (`?ssl_ca=` in the URL); needs ca.file. The driver mysql+pymysql also checks that the certificate ' +
          'is for magnum.database.host.',
      ),
  })
  .describe('[database] connection.');

const keystone = z
  .strictObject({
    wwwAuthenticateUri: url.describe(
      '[keystone_authtoken] www_authenticate_uri (auth_uri before Queens). Magnum uses it verbatim for trusts, so it ends in /v3.',
    ),
    authUrl: url.describe('[keystone_authtoken] auth_url.'),
    username: token.default('magnum').describe("Magnum's service user."),
    password: conventional("The service user's password.", 'keystone-password'),
    projectName: token.default('services').describe('Project of the service user.'),
    userDomainId: token.default('default').describe('Domain ID of the service user.'),
    projectDomainId: token.default('default').describe('Domain ID of the project.'),
    keystoneAuth: z
      .boolean()
      .default(true)
      .describe('Write [keystone_auth] with the same credentials. Without it Magnum falls back on admin_* options.'),
  })
  .describe('How Magnum authenticates to Keystone.');

const rabbit = z
  .strictObject({
    hosts: z.array(endpoint).min(1).describe('ADDRESS:PORT of each RabbitMQ node, in the order they are tried.'),
    user: token.default('magnum').describe('RabbitMQ user.'),
    password: conventional("The RabbitMQ user's password.", 'rabbit-password'),
    virtualHost: z
      .string()
      .regex(/^[A-Za-z0-9_./-]{1,255}$/, 'must be letters, digits, and _ . / - (255 at most)')
      .default('/')
      .describe('RabbitMQ virtual host.'),
    tls: z
      .boolean()
      .default(false)
      .describe(
        'Connect with TLS ([oslo_messaging_rabbit] ssl; rabbit_use_ssl before Pike), usually on port 5671. The certificate is ' +
          'only checked if ca.file is set.',
      ),
    queues: z
      .enum(['mirrored', 'quorum'])
      .default('mirrored')
      .describe(
        'mirrored: rabbit_ha_queues; quorum: rabbit_quorum_queue (Yoga or later; RabbitMQ 4 has nothing else).',
      ),
    heartbeatTimeoutThreshold: count
      .default(60)
      .describe('Seconds without a heartbeat after which a connection is dead.'),
    heartbeatRate: count.default(2).describe('How often in that time the heartbeat is checked.'),
  })
  .describe('RabbitMQ.');

const trust = z
  .strictObject({
    domainName: token.default('magnum').describe('trustee_domain_name.'),
    domainAdminName: token.default('magnum_domain_admin').describe('trustee_domain_admin_name.'),
    domainAdminPassword: conventional('trustee_domain_admin_password.', 'trustee-password'),
    keystoneInterface: endpointInterface
      .default('public')
      .describe('trustee_keystone_interface (Pike or later): the Keystone endpoint cluster nodes can reach.'),
    keystoneRegion: token
      .optional()
      .describe('trustee_keystone_region_name (Rocky or later): the region of that endpoint, if there are several.'),
  })
  .describe('[trust]: the domain in which Magnum makes a user for each cluster.');

/** Magnum's own clients: for each a section `[NAME_client]`. */
export const CLIENTS = ['magnum', 'heat', 'glance', 'nova', 'neutron', 'cinder', 'barbican', 'octavia'] as const;

const client = z
  .strictObject({
    region: token.optional().describe('region_name; magnum.region if missing.'),
    endpointInterface: endpointInterface.optional().describe('endpoint_type; magnum.endpointInterface if missing.'),
  })
  .describe('What is different for one client.');

export const magnum = z
  .strictObject({
    configFile: path.default('/etc/magnum/magnum.conf').describe('magnum.conf on every controller; it must exist.'),
    apiPort: port.default(9511).describe('Port of the Magnum API, on every controller and on the VIP.'),
    apiService: token.default('magnum-api').describe('Service name of the API.'),
    conductorService: token.default('magnum-conductor').describe('Service name of the conductor.'),
    conductorHost: z
      .boolean()
      .default(true)
      .describe(
        "Write [DEFAULT] host, the controller's name, under which its conductor registers. Without it all conductors share one " +
          'row of service-list, and nobody can tell which of them lives.',
      ),
    certificateManager: z
      .enum(['x509keypair', 'barbican'])
      .default('x509keypair')
      .describe(
        'cert_manager_type. x509keypair if Barbican is not installed. `local` cannot be chosen: it is one node’s disk.',
      ),
    region: token.optional().describe('region_name of every [*_client] section.'),
    endpointInterface: endpointInterface
      .optional()
      .describe(
        'endpoint_type of every [*_client] section that has one (cinder: Train or later). Magnum uses public endpoints if it ' +
          'is missing. Cluster nodes use that of the client magnum: keep it public for that one, see clients.',
      ),
    clients: z
      .strictObject(
        Object.fromEntries(CLIENTS.map((name) => [name, client.optional()])) as Record<
          (typeof CLIENTS)[number],
          z.ZodOptional<typeof client>
        >,
      )
      .optional()
      .describe('Region and endpoint interface of single clients, {heat: {region: …}}. octavia: Stein or later.'),
    notificationDriver: z
      .enum(['messaging', 'messagingv2', 'log', 'noop'])
      .default('messaging')
      .describe(
        '[oslo_messaging_notifications] driver. noop turns notifications off: without a consumer they pile up in RabbitMQ.',
      ),
    memcachedServers: z.array(endpoint).min(1).describe('ADDRESS:PORT of each memcached.'),
    defaultDockerVolumeType: token.optional().describe('[cinder] default_docker_volume_type (Pike or later).'),
    database,
    keystone,
    rabbit,
    trust: trust.prefault({}),
    extraOptions: z
      .record(
        z.string().regex(/^[A-Za-z0-9_.-]+$/, 'must be a section name'),
        z.record(
          z.string().regex(/^[A-Za-z0-9_.-]+$/, 'must be an option name'),
          z.union([z.literal(''), line, secret]),
        ),
      )
      .default({})
      .describe(
        'Further options, {section: {option: value}}; a value may be a reference to a secret, {"ssm": "/STACK/SITE/options/NAME"}.',
      ),
  })
  .describe('What magnum.conf says.');
