import { type Generation, IPADDR2, OPENSSH_9 } from './generation';

/*
 * What the programs of Debian print is recorded in test/local/simulated-site/truth/debian11, debian12 and debian13. The agent
 * of HAProxy and the init scripts are those of the lab, on which they were recorded. Magnum's API is run by uWSGI, which the
 * operator has bound to the controller's own address: see docs/debian.md.
 */
const DEBIAN: Omit<Generation, 'system' | 'releases' | 'pacemaker' | 'shells' | 'iptables'> = {
  haproxyAgent: { class: 'lsb', type: 'haproxy' },
  virtualIpAgent: IPADDR2,
  cloneOf: (primitive) => `clone_${primitive}`,
  haproxy: {
    version: '2.6.12-1+deb12u4',
    date: '2026/10/17',
    arguments: ({ configFile, directories }) => [
      ...['-D', '-p', '/var/run/haproxy.pid', '-f', configFile],
      ...directories.flatMap((path) => ['-f', path]),
    ],
    pidFile: '/var/run/haproxy.pid',
    processes: 'daemon',
    include: false,
  },
  init: 'sysvinit',
  without: ['python', 'python2'],
  python: '/usr/bin/python3',
  services: { api: 'magnum-api', conductor: 'magnum-conductor', web: 'apache2', database: 'mysql' },
  magnum: { api: 'uwsgi', arguments: true },
  openssh: OPENSSH_9,
};

export const debian11: Generation = {
  ...DEBIAN,
  system: 'Debian 11',
  releases: ['victoria', 'yoga'],
  pacemaker: { version: '2.0.5', build: 'ba59be7122', featureSet: '3.6.1', api: '2.3' },
  shells: { pcs: '0.10.8' },
  haproxy: { ...DEBIAN.haproxy, version: '2.2.9-2+deb11u6', date: '2023/12/23' },
  iptables: 'v1.8.7 (nf_tables)',
  openssh: { ...OPENSSH_9, version: 'OpenSSH_8.4p1 Debian-5+deb11u3' },
};

/** The default. Its Magnum is the program magnum-api, of the document's release, as in the lab. */
export const debian12: Generation = {
  ...DEBIAN,
  system: 'Debian 12',
  releases: ['newton', '2026.1'],
  pacemaker: { version: '2.1.5', build: 'a3f44794f94', featureSet: '3.16.2', api: '2.25' },
  shells: { pcs: '0.11.5' },
  magnum: { api: 'program', arguments: true },
  iptables: 'v1.8.9 (nf_tables)',
};

export const debian13: Generation = {
  ...DEBIAN,
  system: 'Debian 13',
  releases: ['2025.1', '2026.1'],
  pacemaker: { version: '3.0.0', build: '3.0.0', featureSet: '3.20.0', api: '2.38' },
  shells: { pcs: '0.12.0.2' },
  haproxy: { ...DEBIAN.haproxy, version: '3.0.11-1+deb13u4', date: '2026/10/15' },
  iptables: 'v1.8.11 (nf_tables)',
  openssh: { ...OPENSSH_9, version: 'OpenSSH_10.0p2 Debian-7+deb13u4' },
};
