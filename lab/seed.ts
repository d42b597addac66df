import { copyFileSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Controller, Site } from '../domain/site/document';
import { initialFiles } from '../local/simulated-site/initial-files';
import type { KeyPair } from '../local/simulated-site/ssh-server';
import { type Debian, GENERATIONS } from './debian';
import { OPENSTACK_HOST, openstackAddress, type Profile, sharedFragments } from './openstack/real/profile';

/** The bastion's own address on the management network: the last one of it. */
const BASTION_ADDRESS_FROM_END = 1;
/** What of rootfs stands in for OpenStack. */
const STAND_IN = /\/(init\.d\/.*|lib\/lab\/.*|bin\/magnum-.*|sbin\/(keystone|openstack-services)|lab_openstack\.py)$/;
/** What starts magnum-api, and on which address. */
export const MAGNUM_APIS = ['stock', 'bound', 'program'] as const;
/**
 * How magnum-api is started on a controller with Debian's package of it. As the package has it uWSGI listens on all addresses,
 * whatever `[api] host` says (`stock`). Or the operator has bound it to the controller's own (`bound`), see docs/debian.md. Or
 * the program magnum-api runs, as on Fuel and RPM clouds: it reads where to listen, and reads the database through a conductor
 * (`program`).
 */
export type MagnumApi = (typeof MAGNUM_APIS)[number];

/** What a host of the lab is given before it boots for the first time. */
export interface Seed {
  readonly document: Site;
  /** What of OpenStack is real. */
  readonly profile: Profile;
  /** The release of Debian that its hosts have. */
  readonly debian: Debian;
  /** Whether HAProxy runs in a network namespace of its own, as Fuel has it. */
  readonly haproxyNamespace: boolean;
  readonly magnumApi: MagnumApi;
  /** The key that bastion and controllers let in. */
  readonly access: KeyPair;
  /** Each host's own key, by its name. */
  readonly hostKeys: ReadonlyMap<string, KeyPair>;
}

/** A file that a host is given. */
export interface SeedFile {
  readonly path: string;
  readonly content: string;
  /** Permission bits. */
  readonly mode?: number;
  readonly owner?: string;
}

/** Writes what differs from the image: a tree of files for each host, its owners, and its addresses. */
export function writeSeeds(directory: string, seed: Seed): void {
  const { document, haproxyNamespace, profile } = seed;
  const simulated = profile === 'controllers';
  const prefix = document.managementNetwork.split('/')[1] ?? '24';
  const bastion = join(directory, 'bastion');
  const operatorGateway = neighbour(document.bastion.host);
  writeTree(bastion, [
    ...common('bastion', document.bastion.user, seed),
    { path: '/etc/ssh/sshd_config.d/lab.conf', content: 'AllowTcpForwarding yes\n' },
  ]);
  writeFileSync(
    join(bastion, 'network'),
    `${bastionAddress(document)}/${prefix} ${document.bastion.host}/24 ${operatorGateway}/24\n`,
  );
  for (const controller of document.controllers) {
    const host = join(directory, controller.name);
    writeTree(host, [...common(controller.name, document.ssh.user, seed), ...controllerFiles(controller, seed)]);
    const filter = (file: string) => simulated || !STAND_IN.test(file);
    cpSync(join(__dirname, 'rootfs'), join(host, 'root'), { recursive: true, filter });
    writeFileSync(join(host, 'network'), `${controller.address}/${prefix}\n`);
    if (haproxyNamespace) writeFileSync(join(host, 'bridge'), '');
  }
  const others = [bastion];
  if (!simulated) {
    const openstack = join(directory, OPENSTACK_HOST);
    writeTree(openstack, [
      ...common(OPENSTACK_HOST, 'root', seed),
      { path: '/etc/lab-services', content: 'openstack\n' },
      { path: '/etc/lab/profile', content: `${profile}\n` },
    ]);
    writeFileSync(join(openstack, 'network'), `${openstackAddress(document)}/${prefix}\n`);
    // MariaDB changes its files whole.
    writeFileSync(join(openstack, 'size'), '2g\n');
    others.push(openstack);
  }
  // These hosts boot as the controllers do.
  for (const other of others) {
    mkdirSync(join(other, 'root/usr/sbin'), { recursive: true });
    copyFileSync(join(__dirname, 'rootfs/usr/sbin/lab-boot'), join(other, 'root/usr/sbin/lab-boot'));
  }
}

/** The bastion's address on the management network. */
export function bastionAddress({ managementNetwork }: Site): string {
  const [base = '', prefix = '24'] = managementNetwork.split('/');
  return addressAt(base, 2 ** (32 - Number(prefix)) - 1 - BASTION_ADDRESS_FROM_END);
}

function common(name: string, user: string, { document, access, hostKeys }: Seed): SeedFile[] {
  const home = user === 'root' ? '/root' : `/home/${user}`;
  const key = hostKeys.get(name);
  if (!key) throw new Error(`No host key for ${name}`);
  const hosts = document.controllers.map((one) => `${one.address} ${one.name}`);
  return [
    { path: '/etc/hostname', content: `${name}\n` },
    { path: '/etc/hosts', content: ['127.0.0.1 localhost', ...hosts, ''].join('\n') },
    { path: '/etc/ssh/ssh_host_ed25519_key', content: key.private, mode: 0o600 },
    { path: '/etc/ssh/ssh_host_ed25519_key.pub', content: `${key.public}\n` },
    { path: '/etc/lab-user', content: `${user}\n` },
    { path: `${home}/.ssh/authorized_keys`, content: `${access.public}\n`, mode: 0o600, owner: `${user}:${user}` },
  ];
}

function controllerFiles(controller: Controller, seed: Seed): SeedFile[] {
  const { document, haproxyNamespace, profile, debian, magnumApi } = seed;
  const initial = initialFiles(document, controller).map(({ group, ...file }) => ({ ...file, owner: `root:${group}` }));
  const { haproxy, magnum, persistentRules } = document;
  const kept = initial.filter(
    ({ path }) => path !== magnum.configFile && !path.startsWith(`${haproxy.fragmentDirectory}/`),
  );
  const packaged: SeedFile[] = [
    // Nova's rule has Placement's and Octavia's ports too; Cinder's is there.
    ...kept.map((file) =>
      file.path === persistentRules ? { ...file, content: file.content.replace(',8776,', ',8776,8778,9876,') } : file,
    ),
    ...[...(profile === 'controllers' ? [] : sharedFragments(document, profile))].map(([name, content]) => ({
      path: `${haproxy.fragmentDirectory}/${name}`,
      content,
    })),
    ...(magnumApi === 'stock'
      ? []
      : [{ path: '/etc/default/magnum-api', content: magnumApiDefaults(controller, seed) }]),
    // A conductor that never reached RabbitMQ does not end with its service: only systemd would kill its workers.
    { path: '/etc/lab-services', content: 'magnum-api\n' },
  ];
  return [
    ...(profile === 'controllers'
      ? [
          ...initial,
          { path: '/etc/lab-services', content: 'keystone openstack-services magnum-api magnum-conductor\n' },
        ]
      : packaged),
    { path: '/etc/corosync/corosync.conf', content: corosyncConf(document) },
    {
      path: '/var/lib/pacemaker/cib/cib.xml',
      content: cib(document, haproxyNamespace, debian),
      mode: 0o600,
      owner: 'hacluster:haclient',
    },
  ];
}

/** What Debian's init script and unit of magnum-api read last. */
function magnumApiDefaults({ address }: Controller, { magnumApi, document: { magnum } }: Seed): string {
  return magnumApi === 'bound'
    ? `DAEMON_ARGS="--http-socket ${address}:${magnum.apiPort} --ini /etc/magnum/magnum-api-uwsgi.ini"\n`
    : `DAEMON=/usr/bin/magnum-api\nDAEMON_ARGS="--config-file=${magnum.configFile} --log-file=/var/log/magnum/magnum-api.log"\n`;
}

function corosyncConf({ controllers }: Site): string {
  const nodes = controllers.map(
    ({ name, address }, index) => `  node {
    ring0_addr: ${address}
    name: ${name}
    nodeid: ${index + 1}
  }
`,
  );
  return `totem {
  version: 2
  cluster_name: lab
  transport: udpu
  token: 1000
}
quorum {
  provider: corosync_votequorum
}
logging {
  to_logfile: yes
  logfile: /var/log/corosync/corosync.log
  to_syslog: no
  timestamp: on
}
nodelist {
${nodes.join('')}}
`;
}

/**
 * The cluster as Fuel makes it: HAProxy as a clone, the VIP colocated with it. `dc-deadtime` is shorter than the usual
 * 20 s, so that the lab is up soon.
 */
function cib({ virtualIp, managementNetwork, haproxy }: Site, namespace: boolean, debian: Debian): string {
  const { schema, featureSet } = GENERATIONS[debian].cib;
  const { resource } = haproxy;
  const netmask = managementNetwork.split('/')[1] ?? '24';
  const attributes = (id: string, values: Record<string, string>) =>
    `<instance_attributes id="${id}-instance_attributes">${pairs(`${id}-instance_attributes`, values)}</instance_attributes>`;
  const operation = (id: string, name: string, interval: string, timeout: string) =>
    `<op id="${id}-${name}-interval-${interval}" name="${name}" interval="${interval}" timeout="${timeout}"/>`;
  const vip = namespace
    ? { agent: 'provider="fuel" type="ns_IPaddr2"', values: { ip: virtualIp, cidr_netmask: netmask } }
    : {
        agent: 'provider="heartbeat" type="IPaddr2"',
        values: { ip: virtualIp, cidr_netmask: netmask, nic: 'br-mgmt' },
      };
  return `<cib crm_feature_set="${featureSet}" validate-with="${schema}" epoch="5" num_updates="0" admin_epoch="0">
<configuration>
<crm_config><cluster_property_set id="cib-bootstrap-options">${pairs('cib-bootstrap-options', {
    'stonith-enabled': 'false',
    'dc-deadtime': '500ms',
  })}</cluster_property_set></crm_config>
<nodes/>
<resources>
<primitive id="vip__management" class="ocf" ${vip.agent}>
${attributes('vip__management', vip.values)}
<operations>${operation('vip__management', 'monitor', '5s', '20s')}</operations>
</primitive>
<clone id="clone_${resource}">
<primitive id="${resource}" class="ocf" provider="fuel" type="ns_haproxy">
${attributes(resource, namespace ? { ns: 'haproxy' } : {})}
<meta_attributes id="${resource}-meta_attributes">${pairs(`${resource}-meta_attributes`, {
    'failure-timeout': '120',
    'migration-threshold': '3',
  })}</meta_attributes>
<operations>${operation(resource, 'monitor', '30s', '60s')}${operation(resource, 'start', '0s', '60s')}${operation(
    resource,
    'stop',
    '0s',
    '60s',
  )}</operations>
</primitive>
<meta_attributes id="clone_${resource}-meta_attributes">${pairs(`clone_${resource}-meta_attributes`, {
    interleave: 'true',
  })}</meta_attributes>
</clone>
</resources>
<constraints>
<rsc_colocation id="vip__management-with-${resource}" rsc="vip__management" with-rsc="clone_${resource}" score="INFINITY"/>
</constraints>
</configuration>
<status/>
</cib>
`;
}

function pairs(of: string, values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `<nvpair id="${of}-${name}" name="${name}" value="${value}"/>`)
    .join('');
}

function writeTree(directory: string, files: readonly SeedFile[]): void {
  const owners: string[] = [];
  for (const { path, content, mode = 0o644, owner = 'root:root' } of files) {
    const file = join(directory, 'root', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    owners.push(`${owner} ${mode.toString(8)} ${path}\n`);
  }
  if (files.some(({ path }) => path.startsWith('/etc/magnum/'))) owners.push('root:magnum 750 /etc/magnum\n');
  writeFileSync(join(directory, 'owners'), owners.join(''));
}

/** Another address of the same network of 256. */
function neighbour(address: string): string {
  return address.replace(/\d+$/, (last) => (last === '1' ? '2' : '1'));
}

function addressAt(base: string, offset: number): string {
  const number = base.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0) + offset;
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
}
