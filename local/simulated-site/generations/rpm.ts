import { type Generation, IPADDR2, OPENSSH_7_2, OPENSSH_9 } from './generation';

/*
 * From rdo-packages/magnum-distgit (openstack-magnum-api.service: `ExecStart=/usr/bin/magnum-api`, user magnum) and the units of
 * haproxy.rpm; what crm_mon prints was recorded (1.1.23), or is what Pacemaker-2.1.7's cts/cli/regression.crm_mon.exp expects;
 * pcs from its sources at the tags 0.9.169 and v0.11.7. pcs names the clone of X `X-clone`.
 */
const RPM = {
  haproxyAgent: { class: 'systemd', type: 'haproxy' },
  virtualIpAgent: IPADDR2,
  cloneOf: (primitive) => `${primitive}-clone`,
  init: 'systemd',
  services: {
    api: 'openstack-magnum-api',
    conductor: 'openstack-magnum-conductor',
    web: 'httpd',
    database: 'mariadb',
  },
  magnum: { api: 'program', arguments: false },
  metadataProxies: true,
} as const satisfies Partial<Generation>;

/** CentOS 7 with RDO. HAProxy 1.5 reads no directory: the operator has named each fragment in OPTIONS of /etc/sysconfig/haproxy. */
export const centos7: Generation = {
  ...RPM,
  system: 'CentOS 7 with RDO',
  releases: ['newton', 'train'],
  pacemaker: { version: '1.1.23', build: '1.el7_9.1-9acf116022', featureSet: '3.0.14', api: '' },
  shells: { pcs: '0.9.169' },
  haproxy: {
    version: '1.5.18',
    date: '2016/05/10',
    arguments: ({ configFile, fragments }) => [
      ...['-f', configFile, '-p', '/run/haproxy.pid'],
      ...fragments.flatMap((path) => ['-f', path]),
    ],
    pidFile: '/run/haproxy.pid',
    processes: 'systemd-wrapper',
    include: false,
  },
  without: ['python3'],
  python: '/usr/bin/python2',
  openssh: { ...OPENSSH_7_2, version: 'OpenSSH_7.4' },
  iptables: 'v1.4.21',
};

/** Rocky Linux 9 with RDO: a minimal one, without initscripts-service. Its unit of HAProxy reads /etc/haproxy/conf.d. */
export const rocky9: Generation = {
  ...RPM,
  system: 'Rocky Linux 9 with RDO',
  releases: ['yoga', '2025.2'],
  pacemaker: { version: '2.1.7', build: '5.el9_4-0f7f88312', featureSet: '3.19.0', api: '2.32' },
  shells: { pcs: '0.11.7' },
  haproxy: {
    version: '2.4.22-f8e3218',
    date: '2023/02/14',
    arguments: ({ configFile, directories }) => [
      ...['-Ws', '-f', configFile, ...directories.flatMap((path) => ['-f', path]), '-p', '/run/haproxy.pid'],
    ],
    pidFile: '/run/haproxy.pid',
    processes: 'master-worker',
    include: false,
  },
  without: ['service', 'python', 'python2'],
  python: '/usr/bin/python3 -s',
  openssh: { ...OPENSSH_9, version: 'OpenSSH_8.7' },
  iptables: 'v1.8.10 (nf_tables)',
};
