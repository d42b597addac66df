import type { Controller, Site } from '../../domain/site/document';
import { aliases, hasTls, keystoneEndpoints, trusting } from './endpoints';
import { FileSystem, type FileSystemImage } from './filesystem';
import { type Generation, GENERATIONS } from './generations';
import type { HaproxyFiles } from './generations/generation';
import { installedDirectories, installedFiles } from './generations/installed';
import { API_DEFAULTS } from './services';
import { certificateFor } from './tls';

/** A file as Fuel and the packages of Magnum leave it. */
interface InitialFile {
  readonly path: string;
  readonly content: string;
  /** Permission bits. */
  readonly mode: number;
  readonly group: string;
}

/** The same for every site of a document and a generation. */
const images = new WeakMap<Site, Map<string, FileSystemImage>>();

/** What is on a controller's disk at first. */
export function initialImage(document: Site, controller: Controller, generation: Generation): FileSystemImage {
  const known = images.get(document) ?? new Map<string, FileSystemImage>();
  images.set(document, known);
  const key = `${generation.system} ${controller.name}`;
  let image = known.get(key);
  if (!image) {
    const files = new FileSystem(() => 0);
    files.seed('/dev/null', '', 0o666);
    files.seed('/etc/hostname', `${controller.name}\n`);
    files.seedDirectory('/run');
    files.seedDirectory('/etc/magnum', 0o750, 'root', 'magnum');
    for (const { path, content, mode, group } of initialFiles(document, controller, generation)) {
      files.seed(path, content, mode, 'root', group);
    }
    for (const [path, content] of installedFiles(generation, document.persistentRules))
      files.seed(path, content, 0o755);
    for (const path of installedDirectories(generation)) files.seedDirectory(path);
    if (generation.magnum.api === 'uwsgi') {
      const socket = `${controller.address}:${document.magnum.apiPort}`;
      files.seed(API_DEFAULTS, `DAEMON_ARGS="--http-socket ${socket} --ini /etc/magnum/magnum-api-uwsgi.ini"\n`);
    }
    // HAProxy would not start if a file was missing that it is started with.
    const { arguments: argumentsOf } = generation.haproxy;
    for (const path of argumentsOf(haproxyFiles(document))) {
      if (path.endsWith('.cfg') && !files.exists(path)) files.seed(path, '');
    }
    ({ image } = files);
    known.set(key, image);
  }
  return image;
}

/** What HAProxy may be started with on a site. */
export function haproxyFiles(document: Site): HaproxyFiles {
  const { configFile, fragmentDirectory, fragment, include } = document.haproxy;
  const names = [...new Set([...fragments(document).keys(), fragment])].sort();
  return {
    configFile,
    directories: include === 'directory' ? [fragmentDirectory] : [],
    fragments: names.map((name) => `${fragmentDirectory}/${name}`),
  };
}

/** The files that Fuel and the packages of Magnum leave on a controller, before Magnum is made highly available. */
export function initialFiles(
  document: Site,
  { address }: Controller,
  generation: Generation = GENERATIONS['debian-12'],
): InitialFile[] {
  const { haproxy, magnum, persistentRules, controllers } = document;
  // Open vSwitch's database listens where Neutron's agents run, which is not on the first controller.
  const openvswitch = controllers[0].address !== address;
  const file = (path: string, content: string, mode = 0o644, group = 'root') => ({ path, content, mode, group });
  return [
    file(magnum.configFile, MAGNUM_CONF, 0o640, 'magnum'),
    file(haproxy.configFile, haproxyCfg(generation)),
    ...[...fragments(document)].map(([name, content]) => file(`${haproxy.fragmentDirectory}/${name}`, content)),
    file(persistentRules, rulesFile(document, openvswitch), 0o640),
    ...certificates(document).map(([path, content, mode]) => file(path, content, mode)),
  ];
}

/** Of HAProxy, for all APIs. */
const CLOUD_CERTIFICATE = '/etc/haproxy/cloud.pem';

/** What the operator has put there before. */
function certificates(document: Site): (readonly [path: string, content: string, mode: number])[] {
  const { virtualIp, ca, haproxy } = document;
  const isSecure = keystoneEndpoints(document).some(({ secure }) => secure);
  return [
    ...(isSecure ? [[CLOUD_CERTIFICATE, certificateFor([virtualIp, ...aliases(document)]), 0o600] as const] : []),
    ...(haproxy.publicVip
      ? [[haproxy.publicVip.certificate, certificateFor([haproxy.publicVip.address]), 0o600] as const]
      : []),
    ...(ca?.file === undefined ? [] : [[ca.file, trusting(document).ca?.certificates ?? '', 0o644] as const]),
  ];
}

/** magnum.conf as a package leaves it, and as an operator has begun to change it. */
const MAGNUM_CONF = `[DEFAULT]

#
# From magnum.conf
#

# Directory where the magnum python module is installed. (string value)
#pybasedir = /usr/lib/python2.7/dist-packages/magnum

# If set to true, the logging level will be set to DEBUG instead of the default
# INFO level. (boolean value)
#debug = false
debug = true

# The messaging driver to use, defaults to rabbit. (string value)
#transport_url = <None>
log_dir = /var/log/magnum

[api]

#
# From magnum.conf
#

# The port for the Magnum API server. (port value)
#port = 9511

# The listen IP for the Magnum API server. (unknown value)
#host = 127.0.0.1

# Number of workers for Magnum API service. (integer value)
#workers = <None>
workers = 4

[bay_heat]

[certificates]

#
# From magnum.conf
#

# Certificate Manager plugin. Defaults to barbican. (string value)
#cert_manager_type = barbican

# Absolute path of the certificate storage directory. Defaults to
# /var/lib/magnum/certificates/. (string value)
#storage_path = /var/lib/magnum/certificates/

[database]

#
# From oslo.db
#

# The SQLAlchemy connection string to use to connect to the database. (string
# value)
#connection = <None>
connection = sqlite:////var/lib/magnum/magnum.sqlite

[keystone_authtoken]

#
# From keystonemiddleware.auth_token
#

# Complete "public" Identity API endpoint. (string value)
#auth_uri = <None>

[oslo_messaging_rabbit]

# Number of seconds after which the Rabbit broker is considered down if
# heartbeat's keep-alive fails (0 disable the heartbeat). (integer value)
#heartbeat_timeout_threshold = 60

[trust]

# Id of the domain to create trustee for bays (string value)
#trustee_domain_id = <None>

# Ours: read by the backup script, not by Magnum. Ask operations before changing it.
[acme_backup]
schedule = 0 3 * * *
targets = conf,
    certificates,
    database
`;

function haproxyCfg({ haproxy }: Generation): string {
  const fuel = haproxy.include ? '\ninclude conf.d/*.cfg\n' : '';
  return `global
  log  /dev/log local0
  pidfile  /var/run/haproxy.pid
  maxconn  4000
  user  haproxy
  group  haproxy
  daemon
  stats  socket /var/lib/haproxy/stats
  spread-checks  3
  tune.bufsize  32768
  tune.maxrewrite  1024

defaults
  log  global
  mode  http
  retries  3
  option  redispatch
  option  http-server-close
  option  splice-auto
  option  dontlognull
  timeout  http-request 20s
  timeout  queue 1m
  timeout  connect 10s
  timeout  client 1m
  timeout  server 1m
  timeout  check 10s
  maxconn  2000
${fuel}`;
}

function fragments(document: Site): Map<string, string> {
  const { virtualIp, controllers } = document;
  const keystone = keystoneEndpoints(document);
  const socket = (port: number, secure: boolean): string =>
    `  bind ${virtualIp}:${port}${secure ? ` ssl crt ${CLOUD_CERTIFICATE}` : ''}\n`;
  const servers = (port: number, parameters: string): string =>
    controllers.map(({ name, address }) => `  server ${name} ${address}:${port} ${parameters}\n`).join('');
  const api = (name: string, port: number, sockets = socket(port, hasTls(document))): string =>
    `
listen ${name}
${sockets}  http-request  set-header X-Forwarded-Proto https if { ssl_fc }
  option  httpchk
  option  httplog
  option  httpclose
${servers(port, ' check inter 10s fastinter 2s downinter 3s rise 3 fall 3')}`;
  const keystoneAt = (isThere: (port: number) => boolean) =>
    [...new Map(keystone.map(({ port, secure }) => [port, secure]))]
      .filter(([port]) => isThere(port))
      .sort()
      .map(([port, secure]) => socket(port, secure))
      .join('');
  return new Map([
    [
      '010-stats.cfg',
      `
listen stats
  bind ${virtualIp}:10000
  mode  http
  stats  enable
  stats  uri /
  stats  refresh 5s
`,
    ],
    [
      '020-keystone-1.cfg',
      api(
        'keystone-1',
        5000,
        keystoneAt((port) => port !== 35357),
      ),
    ],
    [
      '030-keystone-2.cfg',
      api(
        'keystone-2',
        35357,
        keystoneAt((port) => port === 35357),
      ),
    ],
    ['050-nova-api.cfg', api('nova-api', 8774)],
    ['070-cinder-api.cfg', api('cinder-api', 8776)],
    ['080-glance-api.cfg', api('glance-api', 9292)],
    ['085-neutron.cfg', api('neutron', 9696)],
    ['160-heat-api.cfg', api('heat-api', 8004)],
    [
      '110-mysqld.cfg',
      `
listen mysqld
  bind ${virtualIp}:3306
  mode  tcp
  option  mysql-check user cluster_watcher
  option  tcplog
  option  clitcpka
  option  srvtcpka
  timeout  client 28801s
  timeout  server 28801s
${servers(3307, ' check inter 20s fastinter 2s downinter 2s rise 3 fall 3')}`,
    ],
  ]);
}

function rulesFile(document: Site, openvswitch: boolean): string {
  const { managementNetwork, controllers } = document;
  const keystone = [...new Set([5000, 35357, ...keystoneEndpoints(document).map(({ port }) => port)])].join(',');
  const ssh = [...new Set(controllers.map(({ port }) => port))].join(',');
  const from = (title: string, protocol: string, ports: string): string =>
    `-A INPUT -s ${managementNetwork} -p ${protocol} -m multiport --dports ${ports} ` +
    `-m comment --comment "${title} from ${managementNetwork}" -j ACCEPT\n`;
  const any = (title: string, protocol: string, ports: string): string =>
    `-A INPUT -p ${protocol} -m multiport --dports ${ports} -m comment --comment "${title}" -j ACCEPT\n`;
  return [
    '# Generated by iptables-save v1.4.21 on Wed Nov 16 09:12:44 2016\n*filter\n',
    ':INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n',
    '-A INPUT -p icmp -m comment --comment "000 accept all icmp requests" -j ACCEPT\n',
    '-A INPUT -i lo -m comment --comment "001 accept all to lo interface" -j ACCEPT\n',
    '-A INPUT -m comment --comment "002 accept related established rules" -m state --state RELATED,ESTABLISHED -j ACCEPT\n',
    from('020 ssh', 'tcp', ssh),
    '-A INPUT -s 240.0.0.2/32 -m comment --comment "030 allow connections from haproxy namespace" -j ACCEPT\n',
    any('100 http', 'tcp', '80,443'),
    from('101 mysql', 'tcp', '3306,3307,4567,4568,4444,49000'),
    from('102 keystone', 'tcp', keystone),
    any('103 swift', 'tcp', '8080,6000,6001,6002,49001'),
    any('104 glance', 'tcp', '9292,9494,9191,8773'),
    any('105 nova', 'tcp', '8774,8776,6080'),
    from('106 rabbitmq', 'tcp', '4369,5672,5673,41055'),
    from('107 memcache tcp', 'tcp', '11211'),
    from('110 neutron', 'tcp', '9696'),
    from('112 ntp-server', 'udp', '123'),
    from('113 corosync-input', 'udp', '5404'),
    from('114 corosync-output', 'udp', '5405'),
    from('115 pcsd-server', 'tcp', '2224'),
    openvswitch ? from('116 openvswitch db', 'udp', '58882') : '',
    any('121 ceilometer', 'tcp', '8777'),
    any('204 heat-api', 'tcp', '8004'),
    any('205 heat-api-cfn', 'tcp', '8000'),
    '-A INPUT -p udp -m multiport --dports 4789 -m comment --comment "340 vxlan_udp_port" -j ACCEPT\n',
    '-A INPUT -m comment --comment "999 drop all other requests" -j DROP\n',
    'COMMIT\n# Completed on Wed Nov 16 09:12:44 2016\n',
  ].join('');
}
