import * as z from 'zod';
import { certificateProblem } from './certificates';
import { approval, approvalMinutes, changeWindow, starterMayApprove } from './change-section';
import { cluster, clusterTemplate } from './cluster-sections';
import { onDrift, waivers } from './drift-section';
import {
  address,
  conventional,
  count,
  endpointInterface,
  hostKey,
  line,
  network,
  path,
  port,
  token,
  url,
} from './fields';
import { LIMITS } from './limits';
import { magnum } from './magnum-section';
import { releaseMeant, RELEASES } from './releases';

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
    'A second address on which HAProxy serves the Magnum API, with TLS. You let clients in there: the rule of the workflow is ' +
      'for the management network. A check says if the firewall lets no client in; Verify asks the API there, too, if the ' +
      'controllers reach it.',
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
    update: z
      .enum(['cycle', 'rolling', 'reload'])
      .default('cycle')
      .describe(
        'How HAProxy is made to read its fragment. cycle: pacemaker stops it on all controllers and starts it again; everything behind ' +
          'the VIPs is down meanwhile. rolling: pacemaker stops and starts it on one controller after another, on that of the VIP last; ' +
          'it is never down everywhere, and the VIP does not answer while it moves. reload: one controller after another a new ' +
          'process takes over and the old one serves its sessions on, by the resource agent (ocf:fuel:ns_haproxy, lsb:haproxy or systemd:haproxy); nothing is down.',
      ),
    stopTimeoutSeconds: count
      .max(LIMITS.haproxySeconds)
      .default(120)
      .describe('How long HAProxy may take to stop everywhere.'),
    startTimeoutSeconds: count
      .max(LIMITS.haproxySeconds)
      .default(180)
      .describe('How long HAProxy may take to serve again.'),
    deadManSeconds: count
      .max(LIMITS.deadManSeconds)
      .default(180)
      .describe(
        'So long HAProxy is disabled at most: then pacemaker starts it again by itself, whatever has become of the workflow. ' +
          'More than stopTimeoutSeconds.',
      ),
    outageBudgetMs: count
      .optional()
      .describe(
        'How long everything behind the VIPs may be down for a cycle, in milliseconds. An apply whose forecast is longer is refused ' +
          'before any outage; a cycle that took longer is told.',
      ),
  })
  .describe('HAProxy under pacemaker.');

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
  .describe('What Magnum needs and nobody has made yet: an apply creates what is missing, and deletes nothing.');

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
    password: conventional('OS_PASSWORD.', 'openstack-password'),
    projectName: token.default('admin').describe('OS_PROJECT_NAME.'),
    userDomainId: token.default('default').describe('OS_USER_DOMAIN_ID.'),
    projectDomainId: token.default('default').describe('OS_PROJECT_DOMAIN_ID.'),
    region: token.default('RegionOne').describe('OS_REGION_NAME: the region of the Magnum endpoint.'),
    interface: endpointInterface.default('internal').describe('OS_INTERFACE of the endpoint.'),
  })
  .describe('How the workflow authenticates to create templates and clusters (password authentication).');

const ssh = z
  .strictObject({
    user: token.default('root').describe('User on the controllers.'),
    sudo: z.boolean().default(false).describe('Run commands through `sudo -n`; set it if user is not root.'),
    privateKey: conventional(
      'Private key for bastion and controllers, in OpenSSH or PEM form, without passphrase.',
      'ssh-private-key',
    ),
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
  ssh: ssh.prefault({}),
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
  changeWindow: changeWindow.optional(),
  approval,
  approvalMinutes,
  starterMayApprove,
  waivers,
  onDrift,
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
