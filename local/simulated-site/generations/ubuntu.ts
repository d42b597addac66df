import { type Generation, IPADDR2, OPENSSH_9 } from './generation';

/*
 * Its Magnum descends from Debian's package, so the API is uWSGI's, bound to the controller's own address by the operator: see
 * docs/debian.md. (That Ubuntu has left this as Debian has it was not looked up.) What crm_mon prints is what Pacemaker-2.1.6's
 * cts/cli/regression.crm_mon.exp expects; the shell of its cluster is crmsh, from its sources at the tag 4.6.0.
 */
export const ubuntu2404: Generation = {
  system: 'Ubuntu 24.04',
  releases: ['2024.1', '2026.1'],
  pacemaker: { version: '2.1.6', build: '6fdc9deea29', featureSet: '3.17.4', api: '2.30' },
  shells: { crmsh: '4.6.0' },
  haproxyAgent: { class: 'systemd', type: 'haproxy' },
  virtualIpAgent: IPADDR2,
  cloneOf: (primitive) => `cl_${primitive}`,
  haproxy: {
    version: '2.8.5-1ubuntu3.3',
    date: '2024/10/23',
    arguments: ({ configFile, directories }) => [
      ...['-Ws', '-f', configFile, '-p', '/run/haproxy.pid', '-S', '/run/haproxy-master.sock'],
      ...directories.flatMap((path) => ['-f', path]),
    ],
    pidFile: '/run/haproxy.pid',
    processes: 'master-worker',
    include: false,
  },
  init: 'systemd',
  without: ['python', 'python2'],
  python: '/usr/bin/python3',
  services: { api: 'magnum-api', conductor: 'magnum-conductor', web: 'apache2', database: 'mariadb' },
  magnum: { api: 'uwsgi', arguments: true },
  metadataProxies: true,
  openssh: { ...OPENSSH_9, version: 'OpenSSH_9.6p1 Ubuntu-3ubuntu13' },
  iptables: 'v1.8.10 (nf_tables)',
};
