import { type Generation, OPENSSH_6_6, OPENSSH_7_2 } from './generation';

/*
 * From openstack/fuel-library at 9.2 and stable/newton: files/fuel-ha-utils/ocf/ns_haproxy (command line, PID file, namespace),
 * deployment/puppet/cluster (clone, colocation, metadata), deployment/puppet/haproxy/manifests/base.pp (`include`); what
 * crm_mon prints was recorded, see test/domain/pacemaker/crm_mon; pcs and crmsh from their sources at the tags 0.9.149 and 2.1.2.
 * Puppet reloads HAProxy (ns_haproxy's `reload`, -sf) for each fragment that it writes; sessions with MySQL last up to 8 hours.
 */
const PID_FILE = '/var/run/resource-agents/ns_haproxy/ns_haproxy.pid';

/** Fuel 9, Mitaka: Magnum of Newton was put on it from a plugin's or the operator's own packages. */
export const fuel9: Generation = {
  system: 'Ubuntu 14.04 of Fuel 9',
  releases: ['newton', 'newton'],
  pacemaker: { version: '1.1.12', build: '561c4cf', featureSet: '3.0.9', api: '' },
  shells: { pcs: '0.9.149', crmsh: '2.1.2' },
  haproxyAgent: { class: 'ocf', provider: 'fuel', type: 'ns_haproxy', parameters: { ns: 'haproxy', debug: 'false' } },
  virtualIpAgent: { class: 'ocf', provider: 'fuel', type: 'ns_IPaddr2', parameters: { ns: 'haproxy' } },
  cloneOf: (primitive) => `clone_${primitive}`,
  haproxy: {
    version: '1.5.3',
    date: '2014/07/25',
    arguments: ({ configFile }) => ['-f', configFile, '-p', PID_FILE],
    pidFile: PID_FILE,
    processes: 'daemon',
    namespace: 'haproxy',
    include: true,
    reloaded: true,
  },
  init: 'upstart',
  without: ['systemctl', 'python3'],
  python: '/usr/bin/python',
  services: { api: 'magnum-api', conductor: 'magnum-conductor', web: 'apache2', database: 'mysql' },
  magnum: { api: 'program', arguments: true },
  openssh: OPENSSH_6_6,
  iptables: 'v1.4.21',
};

/** Fuel 10, Newton. */
export const fuel10: Generation = {
  ...fuel9,
  system: 'Ubuntu 16.04 of Fuel 10',
  releases: ['newton', 'pike'],
  pacemaker: { version: '1.1.14', build: '70404b0', featureSet: '3.0.10', api: '' },
  haproxy: { ...fuel9.haproxy, version: '1.6.3', date: '2015/12/25' },
  init: 'systemd',
  without: [],
  openssh: OPENSSH_7_2,
  iptables: 'v1.6.0',
};
