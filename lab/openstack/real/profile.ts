import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Site } from '../../../domain/site/document';

/**
 * What of OpenStack is real in a lab: nothing; Keystone and Magnum (`core`); also what clusters are made of (`full`).
 */
export const PROFILES = ['controllers', 'core', 'full'] as const;
export type Profile = (typeof PROFILES)[number];

/** The host that runs the services which all controllers share. */
export const OPENSTACK_HOST = 'openstack';
/** The image has them there. */
const OPENSTACK_ADDRESS = '10.21.22.253';
const VIRTUAL_IP = '10.21.22.2';

/** Services behind the VIP: where each is found there, and where it listens. */
const CORE = [
  { name: 'keystone-1', port: 5000, listens: 5000 },
  { name: 'keystone-2', port: 35357, listens: 5000 },
];
const FULL = [
  { name: 'glance-api', port: 9292, listens: 9292 },
  { name: 'nova-api', port: 8774, listens: 8774 },
  { name: 'placement-api', port: 8778, listens: 8778 },
  { name: 'neutron', port: 9696, listens: 9696 },
  { name: 'heat-api', port: 8004, listens: 8004 },
  { name: 'cinder-api', port: 8776, listens: 8776 },
  { name: 'octavia-api', port: 9876, listens: 9876 },
];

/** The address of the host that runs the shared services. @throws Error if the document is not of the image's site */
export function openstackAddress({ virtualIp, managementNetwork }: Site): string {
  if (virtualIp === VIRTUAL_IP && managementNetwork === '10.21.22.0/24') return OPENSTACK_ADDRESS;
  throw new Error(`The lab's OpenStack is provisioned for the VIP ${VIRTUAL_IP}: use lab/sites/openstack.json`);
}

/** The HAProxy fragments of the shared services, by file name. */
export function sharedFragments(site: Site, profile: Profile): Map<string, string> {
  const address = openstackAddress(site);
  const services = profile === 'full' ? [...CORE, ...FULL] : CORE;
  const apis = services.map(({ name, port, listens }, index): [string, string] => {
    const content = `
listen ${name}
  bind ${site.virtualIp}:${port}
  option  httpchk GET /
  option  httplog
  option  httpclose
  timeout  server 10m
  server ${OPENSTACK_HOST} ${address}:${listens} check inter 10s fastinter 2s downinter 1s rise 1 fall 3
`;
    return [`${String(index + 2).padStart(2, '0')}0-${name}.cfg`, content];
  });
  const mysqld = `
listen mysqld
  bind ${site.virtualIp}:3306
  mode  tcp
  option  mysql-check user cluster_watcher
  option  tcplog
  option  clitcpka
  option  srvtcpka
  timeout  client 28801s
  timeout  server 28801s
  server ${OPENSTACK_HOST} ${address}:3306 check inter 20s fastinter 2s downinter 1s rise 1 fall 3
`;
  return new Map([...apis, ['110-mysqld.cfg', mysqld]]);
}

/** The secrets with which the image was provisioned, by the names of their parameters in the document. */
export function provisionedSecrets({ magnum, openstack }: Site, image: string): Record<string, string> {
  const file = image
    .split(':')
    .map((layer) => join(layer, 'etc/lab/passwords.json'))
    .find(existsSync);
  if (file === undefined) throw new Error(`${image} has no OpenStack: see labImage`);
  const passwords = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  const names = {
    admin: openstack.password.ssm,
    database: magnum.database.password.ssm,
    rabbit: magnum.rabbit.password.ssm,
    keystone: magnum.keystone.password.ssm,
    trustee: magnum.trust.domainAdminPassword.ssm,
  };
  return Object.fromEntries(Object.entries(names).map(([name, ssm]) => [ssm, passwords[name] ?? '']));
}
