import { isIPv4 } from 'node:net';
import * as z from 'zod';
import { certificateProblem } from './certificates';
import { LIMITS } from './limits';
import { releaseMeant, RELEASES } from './releases';

/**
 * The names of what can be wrong in a site document. If all problems of a document have the same name, loading fails with
 * an error of that name; with several names it fails with `SiteDocumentInvalid`. The message lists every problem.
 */
export const PROBLEM_NAMES = [
  'UnknownField',
  'MissingField',
  'BadValue',
  'BadAddress',
  'BadPort',
  'BadHostKey',
  'SecretInClear',
  'DuplicateName',
  'DuplicateAddress',
  'AddressOutsideManagementNetwork',
  'UnknownClusterTemplate',
  'ManagersWithoutLoadBalancer',
  'NotInRelease',
] as const;
export type ProblemName = (typeof PROBLEM_NAMES)[number];

/** A mistake in a site document: where, of which kind, and what would be right. */
export interface Problem {
  readonly path: string;
  /** The line in a text of several lines, from 1. */
  readonly line?: number | undefined;
  /** A better name than the path, if there is one. */
  readonly label?: string | undefined;
  readonly name: ProblemName;
  readonly message: string;
}

/** An issue option that carries the problem's name through zod. */
const named = (name: ProblemName, error: string) => ({ error, params: { name } });

const line = z
  .string()
  .min(1)
  // A control character in a value would write lines of its own into a configuration file.
  // eslint-disable-next-line no-control-regex
  .regex(/^[^\u0000-\u001f\u007f]*$/, 'must not hold control characters');
const token = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.:-]*$/, 'must be letters, digits, and _ . : - with no - or . in front');
const path = z
  .string()
  .regex(/^(\/[A-Za-z0-9_][A-Za-z0-9_.-]*)+$/, 'must be an absolute path of plain names (no spaces, no ..)');
const address = z.string().refine(isIPv4, named('BadAddress', 'must be an IPv4 address such as 10.21.22.4'));
const addresses = z
  .string()
  .refine(
    (value) => value.split(',').every((one) => isIPv4(one.trim())),
    named('BadAddress', 'must be an IPv4 address such as 10.21.22.4, or several with commas between'),
  );
const port = z
  .unknown()
  .refine(isPort, {
    error: ({ input }) =>
      typeof input === 'string' && /^\d+$/.test(input) && isPort(Number(input))
        ? `write ${input} without quotes`
        : 'must be a port number from 1 to 65535',
    params: { name: 'BadPort' },
  })
  .meta({ type: 'integer', minimum: 1, maximum: 65535 }) as z.ZodType<number>;
const count = z.int().min(1, 'must be at least 1');
const url = line.regex(/^https?:\/\/[^\s/@]+(\/\S*)?$/, 'must be an http or https URL without user name or password');

const network = z
  .string()
  .refine(isNetwork, named('BadAddress', 'must be an IPv4 network in CIDR form such as 10.21.22.0/24'));

const endpoint = z.string().refine(
  (value) => {
    const [host, number, ...rest] = value.split(':');
    return rest.length === 0 && isIPv4(host ?? '') && isPort(Number(number));
  },
  named('BadAddress', 'must be ADDRESS:PORT with an IPv4 address, such as 10.21.22.4:11211'),
);

const hostKey = z
  .string()
  .regex(
    /^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)|ssh-rsa) [A-Za-z0-9+/]{40,}={0,3}$/,
    'must be a public host key as ssh-keyscan prints it after the host name: "ssh-ed25519 AAAA…"',
  );

const endpointInterface = z.enum(['public', 'internal', 'admin']);

const secret = z.strictObject(
  {
    ssm: z
      .string()
      .regex(/^\/[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*$/, 'must be an SSM parameter name that starts with /')
      .describe('Name of an SSM parameter of type SecureString.'),
  },
  {
    error: (issue) =>
      issue.code === 'invalid_type'
        ? 'must be a reference {"ssm": "/name"} to an SSM parameter, never the secret itself'
        : undefined,
  },
);

/** A reference to a secret: the name of its SSM SecureString parameter. The value is never in a site document. */
export type SecretReference = z.infer<typeof secret>;

const bastion = z
  .strictObject({
    host: line.describe('Name or address the workflow connects to.'),
    port: port.default(22).describe('SSH port.'),
    user: token.describe('User on the bastion; needs no shell, only TCP forwarding.'),
    hostKey: hostKey.describe('Pinned public host key of the bastion.'),
  })
  .describe('The SSH bastion: the only way to the controllers.');

const controller = z
  .strictObject({
    name: token.describe("The controller's name as pacemaker and HAProxy use it."),
    address: address.describe("The controller's own address on the management network."),
    port: port.default(22).describe('SSH port.'),
    hostKey: hostKey.describe('Pinned public host key of the controller.'),
  })
  .describe('One OpenStack controller.');

const publicVip = z
  .strictObject({
    address: address.describe('Public virtual IP. It may be the management VIP with another port.'),
    port: port.optional().describe('Port there; magnum.apiPort if missing.'),
    certificate: path.describe(
      'PEM file on every controller with certificate, chain and private key, for `bind … ssl crt`. You put it there.',
    ),
  })
  .describe(
    'A second address on which HAProxy serves the Magnum API, with TLS. The firewall must let clients in there: the rule ' +
      'of the workflow is for the management network.',
  );

const haproxy = z
  .strictObject({
    resource: token
      .default('p_haproxy')
      .describe('The pacemaker resource: the primitive, not its clone. Fuel: p_haproxy; elsewhere haproxy.'),
    configFile: path.default('/etc/haproxy/haproxy.cfg').describe("HAProxy's main configuration file."),
    fragmentDirectory: path.default('/etc/haproxy/conf.d').describe('Directory of the fragments.'),
    fragment: z
      .string()
      .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*\.cfg$/, 'must be a file name that ends in .cfg')
      .default('180-magnum.cfg')
      .describe("File name of Magnum's fragment. HAProxy reads fragments in the order of their names."),
    include: z
      .enum(['directory', 'statement'])
      .default('directory')
      .describe(
        'How fragments are read: "directory" if HAProxy is started with -f on the directory too (stock HAProxy), ' +
          '"statement" if haproxy.cfg ends in `include conf.d/*.cfg` (Fuel).',
      ),
    publicVip: publicVip.optional(),
    healthCheckPath: z
      .string()
      .regex(/^\/[A-Za-z0-9_./-]*$/, 'must be a path such as /healthcheck')
      .optional()
      .describe(
        'What HAProxy asks each API for (`option httpchk GET …`). /healthcheck is in the api-paste.ini of every Magnum since ' +
          'Newton, and answers 503 while /etc/magnum/healthcheck_disable exists. Without this field: OPTIONS /.',
      ),
    stopTimeoutSeconds: count
      .max(LIMITS.haproxySeconds)
      .default(120)
      .describe('How long HAProxy may take to stop everywhere.'),
    startTimeoutSeconds: count
      .max(LIMITS.haproxySeconds)
      .default(180)
      .describe('How long HAProxy may take to serve again.'),
  })
  .describe('HAProxy under pacemaker.');

const database = z
  .strictObject({
    driver: z.enum(['mysql', 'mysql+pymysql']).default('mysql+pymysql').describe('SQLAlchemy driver of the URL.'),
    host: line
      .regex(/^[^\s/@]+$/, 'must be HOST or HOST:PORT, without user name or password')
      .describe('Host, or HOST:PORT, of the database; usually the VIP.'),
    name: token.default('magnum').describe('Name of the database.'),
    user: token.default('magnum').describe('Database user.'),
    password: secret.describe("The database user's password."),
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
    password: secret.describe("The service user's password."),
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
    password: secret.describe("The RabbitMQ user's password."),
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
    domainAdminPassword: secret.describe('trustee_domain_admin_password.'),
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

const magnum = z
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
    trust,
    extraOptions: z
      .record(
        z.string().regex(/^[A-Za-z0-9_.-]+$/, 'must be a section name'),
        z.record(
          z.string().regex(/^[A-Za-z0-9_.-]+$/, 'must be an option name'),
          z.union([z.literal(''), line, secret]),
        ),
      )
      .default({})
      .describe('Further options, {section: {option: value}}; a value may be a secret reference.'),
  })
  .describe('What magnum.conf says.');

const bootstrap = z
  .array(
    z.enum(['database', 'schema', 'rabbitmq', 'keystone']).meta({
      description:
        'database: database, user and grants, as root of the first controller through `mysql`. schema: its tables, by ' +
        'magnum-db-manage. rabbitmq: user and permissions, as root of a controller through `rabbitmqctl`. keystone: user, ' +
        'role, service, endpoints on the VIP, trustee domain and its admin, as the user of `openstack`.',
    }),
  )
  .default([])
  .describe('What Magnum needs and nobody has made yet: an apply makes what is missing of it, and deletes nothing.');

const onFailure = z
  .enum(['roll-back', 'keep'])
  .default('roll-back')
  .describe(
    'After a failure once files were put in place: roll-back returns every controller to its state before; keep leaves what is ' +
      'there, but for a fragment with which HAProxy does not start.',
  );

const openstack = z
  .strictObject({
    authUrl: url.describe('Keystone v3 URL the workflow itself authenticates at, as OS_AUTH_URL in openrc.'),
    username: token.default('admin').describe('OS_USERNAME: the user who owns templates and clusters.'),
    password: secret.describe('OS_PASSWORD.'),
    projectName: token.default('admin').describe('OS_PROJECT_NAME.'),
    userDomainId: token.default('default').describe('OS_USER_DOMAIN_ID.'),
    projectDomainId: token.default('default').describe('OS_PROJECT_DOMAIN_ID.'),
    region: token.default('RegionOne').describe('OS_REGION_NAME: the region of the Magnum endpoint.'),
    interface: endpointInterface.default('internal').describe('OS_INTERFACE of the endpoint.'),
  })
  .describe('How the workflow authenticates to create templates and clusters (password authentication).');

const clusterTemplate = z
  .strictObject({
    name: token.describe('Name; looked up before anything is created.'),
    coe: z.enum(['swarm-mode', 'swarm', 'kubernetes', 'mesos', 'dcos']).describe('Container orchestration engine.'),
    imageId: line.describe('Name or ID of the Glance image.'),
    keypairId: line.optional().describe('Name of the Nova keypair.'),
    externalNetworkId: line.describe('Name or ID of the external network.'),
    fixedNetwork: line.optional().describe('Name or ID of the fixed network.'),
    fixedSubnet: line.optional().describe('Name or ID of the fixed subnet; needed with fixedNetwork.'),
    dnsNameserver: addresses.optional().describe('DNS server of the nodes, or several with commas between.'),
    flavorId: line.optional().describe('Flavor of the workers.'),
    masterFlavorId: line.optional().describe('Flavor of the managers.'),
    dockerVolumeSize: count.optional().describe('Size of the Docker volume, in GB (Cinder).'),
    dockerStorageDriver: token.optional().describe('Docker storage driver.'),
    networkDriver: token
      .optional()
      .describe('Container network driver: flannel, calico (kubernetes) or docker (swarm).'),
    volumeDriver: token.optional().describe('Container volume driver: cinder (kubernetes) or rexray (swarm).'),
    masterLbEnabled: z.boolean().optional().describe('Load balancer before the managers; needed for several.'),
    floatingIpEnabled: z.boolean().optional().describe('Whether every node gets a floating IP.'),
    tlsDisabled: z.boolean().optional().describe('Serve the COE API without TLS.'),
    registryEnabled: z.boolean().optional().describe('Whether each cluster gets a registry of its own (Swift).'),
    insecureRegistry: line.optional().describe('HOST:PORT of a registry without TLS.'),
    httpProxy: url.optional().describe('Proxy of the nodes for http.'),
    httpsProxy: url.optional().describe('Proxy of the nodes for https.'),
    noProxy: line.optional().describe('Names and addresses that the nodes reach without a proxy, with commas between.'),
    labels: z.record(token, line).optional().describe('Labels: what a driver can be told, such as kube_tag.'),
  })
  .describe("A Magnum cluster template; the fields are Magnum's attributes (image_id is imageId and so on).");

const cluster = z
  .strictObject({
    name: token.describe('Name; looked up before anything is created.'),
    clusterTemplate: token.describe('Name of a template of clusterTemplates.'),
    managers: z
      .int()
      .min(1, 'at least 1 manager')
      .describe("Number of managers: Magnum's master_count. Cannot be changed later."),
    workers: z
      .int()
      .min(0, 'at least 0 workers')
      .describe("Number of workers: Magnum's node_count, which never includes the managers."),
    createTimeoutMinutes: count.default(60).describe("Magnum's own create_timeout."),
    deadlineMinutes: count
      .max(LIMITS.deadlineMinutes)
      .default(75)
      .describe('How long the workflow waits; CREATE_IN_PROGRESS can outlive create_timeout.'),
  })
  .describe('A Magnum cluster: managers + workers servers in all.');

const ssh = z
  .strictObject({
    user: token.default('root').describe('User on the controllers.'),
    sudo: z.boolean().default(false).describe('Run commands through `sudo -n`; set it if user is not root.'),
    privateKey: secret.describe('Private key for bastion and controllers, in OpenSSH or PEM form, without passphrase.'),
  })
  .describe('SSH to the controllers.');

const ca = z
  .strictObject({
    certificates: z
      .string()
      .superRefine((pem, context) => {
        const secret = /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem);
        const message = secret ? 'must hold certificates only, never a private key' : certificateProblem(pem);
        if (message === undefined) return;
        context.addIssue({ code: 'custom', message, params: { name: secret ? 'SecretInClear' : 'BadValue' } });
      })
      .describe(
        "The CA's certificates in PEM form, with \\n for line breaks in JSON. The workflow trusts them for https, RabbitMQ and " +
          'the database, in addition to the well-known ones.',
      ),
    file: path
      .optional()
      .describe(
        'Where every controller has them, readable by Magnum; you put the file there. It goes into magnum.conf: cafile of ' +
          '[keystone_authtoken] and [keystone_auth], ca_file of the clients, ssl_ca_file of RabbitMQ, ssl_ca of the database, and ' +
          'from Pike on [drivers] openstack_ca_file, which is copied to cluster nodes: so not the whole bundle of the system.',
      ),
  })
  .describe('A private CA that signs the certificates of this cloud.');

/** What the name of a site may be. */
export const SITE_NAME = /^[a-z0-9][a-z0-9-]{0,39}$/;

/** The schema of a site document: `sites/*.json`. */
export const siteSchema = z.strictObject({
  $schema: z.string().optional().describe('Where an editor finds this schema.'),
  name: z
    .string()
    .regex(SITE_NAME, 'must be lower-case letters, digits and -, 40 at most')
    .describe('Name of the site: what an execution is started with.'),
  release: z
    .enum(RELEASES, { error: ({ input }) => releaseProblem(input) })
    .describe('OpenStack release installed on the controllers.'),
  virtualIp: address.describe('Management virtual IP (VIP).'),
  managementNetwork: network.describe('Management network in CIDR form.'),
  bastion,
  ssh,
  controllers: z
    .array(controller)
    .min(1)
    .max(LIMITS.controllers)
    .describe('Every controller, in the order HAProxy lists them.')
    // At least one, as the types know from here on.
    .transform((all) => all as [(typeof all)[number], ...typeof all]),
  haproxy: haproxy.prefault({}),
  persistentRules: path
    .default('/etc/iptables/rules.v4')
    .describe('File from which the IPv4 rules are restored at boot (iptables-persistent).'),
  ca: ca.optional(),
  magnum,
  bootstrap,
  onFailure,
  openstack,
  clusterTemplates: z
    .array(clusterTemplate)
    .max(LIMITS.clusterTemplates)
    .default([])
    .describe('Templates to create or update.'),
  clusters: z.array(cluster).max(LIMITS.clusters).default([]).describe('Clusters to create or resize.'),
});

/** A site document, checked and with its defaults filled in. It holds no secret, only references. */
export type Site = z.infer<typeof siteSchema>;
/** One controller of a site. */
export type Controller = Site['controllers'][number];
/** A wanted cluster template. */
export type ClusterTemplate = Site['clusterTemplates'][number];
/** A wanted cluster. */
export type Cluster = Site['clusters'][number];

/** It quotes only names of releases: anything else may be a secret that was put there by mistake. */
function releaseProblem(input: unknown): string {
  const meant = releaseMeant(input);
  if (meant)
    return `unknown release ${JSON.stringify(input)}: write ${typeof input === 'number' ? `"${meant}"` : meant}`;
  return `unknown release: write one of ${RELEASES.join(', ')}`;
}

function isPort(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65535;
}

/** Whether this is an IPv4 network in CIDR form. */
export function isNetwork(value: string): boolean {
  const [base, prefix, ...rest] = value.split('/');
  return rest.length === 0 && isIPv4(base ?? '') && /^([0-9]|[12][0-9]|3[0-2])$/.test(prefix ?? '');
}
