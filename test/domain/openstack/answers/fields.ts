/**
 * Answers of Magnum in the form of any of its tags: which field came with which. Read from `magnum/api/controllers/v1` of
 * openstack/magnum at every tag from 3.0.0 (Newton) to 22.0.0 (2026.1), and of its master of July 2026. Nothing has gone
 * since, but `stack_id` for whoever asks with microversion 1.13.
 */

/** A field, and the first tag that gives it. */
type Field = readonly [name: string, since: string, value: unknown];

/** Since the oldest tag that is looked at. */
const NEWTON = '3.0.0';
/** Stands for what comes after 22.0.0. */
const MASTER = '23.0.0';

const UUID = 'f4f1c9b2-6a0f-4f44-9f2a-0e6f0b2f7c11';
const TEMPLATE = 'b3b1c9a0-7f8c-4f2e-8a57-2a2f5f3f1d22';
const PROJECT = 'e3f1d2c4b5a697887766554433221100';
const LINKS = [
  { href: `http://10.21.22.2:9511/v1/clusters/${UUID}`, rel: 'self' },
  { href: `http://10.21.22.2:9511/clusters/${UUID}`, rel: 'bookmark' },
];
const TIMES: readonly Field[] = [
  ['created_at', NEWTON, '2017-01-01T00:00:00+00:00'],
  ['updated_at', NEWTON, null],
];

const SERVICE: readonly Field[] = [
  ['id', NEWTON, 1],
  ['host', NEWTON, 'node-1'],
  ['binary', NEWTON, 'magnum-conductor'],
  ['state', NEWTON, 'up'],
  ['report_count', NEWTON, 1],
  ['disabled', '5.0.2', false],
  ['disabled_reason', NEWTON, null],
  ...TIMES,
];

const CLUSTER: readonly Field[] = [
  ['uuid', NEWTON, UUID],
  ['name', NEWTON, 'c1'],
  ['cluster_template_id', NEWTON, TEMPLATE],
  ['node_count', NEWTON, 5],
  ['master_count', NEWTON, 3],
  ['create_timeout', NEWTON, 60],
  ['links', NEWTON, LINKS],
  ['stack_id', NEWTON, 'd0c0b0a0-1111-2222-3333-444455556666'],
  ['status', NEWTON, 'CREATE_COMPLETE'],
  ['status_reason', NEWTON, 'Stack CREATE completed successfully'],
  ['discovery_url', NEWTON, null],
  ['api_address', NEWTON, 'tcp://192.0.2.17:2376'],
  ['coe_version', NEWTON, null],
  ['container_version', NEWTON, null],
  ['node_addresses', NEWTON, ['192.0.2.4', '192.0.2.5']],
  ['master_addresses', NEWTON, ['192.0.2.3']],
  ['keypair', '4.0.0', 'fuel'],
  ['docker_volume_size', '5.0.0', 5],
  ['labels', '6.0.0', {}],
  ['flavor_id', '6.0.0', 'm1.medium'],
  ['master_flavor_id', '6.0.0', null],
  ['project_id', '6.0.0', PROJECT],
  ['user_id', '6.0.0', '0f0e0d0c0b0a09080706050403020100'],
  ['health_status', '8.0.0', 'HEALTHY'],
  ['health_status_reason', '8.0.0', { api: 'ok' }],
  ['fixed_network', '9.0.0', 'private'],
  ['fixed_subnet', '9.0.0', 'private-subnet'],
  ['floating_ip_enabled', '9.0.0', true],
  ['merge_labels', '10.1.0', false],
  ['labels_overridden', '10.1.0', {}],
  ['labels_added', '10.1.0', {}],
  ['labels_skipped', '10.1.0', {}],
  ['master_lb_enabled', '10.1.0', true],
  ...TIMES,
];

/** The fields of a cluster in `GET /v1/clusters`. */
const LISTED = [
  ...['uuid', 'name', 'cluster_template_id', 'node_count', 'status', 'create_timeout', 'master_count', 'stack_id'],
  ...['links', 'keypair', 'docker_volume_size', 'labels', 'master_flavor_id', 'flavor_id', 'health_status'],
];

const CLUSTER_TEMPLATE: readonly Field[] = [
  ['uuid', NEWTON, TEMPLATE],
  ['name', NEWTON, 'swarm'],
  ['coe', NEWTON, 'swarm'],
  ['image_id', NEWTON, 'fedora-atomic'],
  ['flavor_id', NEWTON, 'm1.medium'],
  ['master_flavor_id', NEWTON, null],
  ['dns_nameserver', NEWTON, '8.8.8.8'],
  ['keypair_id', NEWTON, 'fuel'],
  ['external_network_id', NEWTON, 'public'],
  ['fixed_network', NEWTON, 'private'],
  ['fixed_subnet', NEWTON, null],
  ['network_driver', NEWTON, 'docker'],
  ['volume_driver', NEWTON, null],
  ['apiserver_port', NEWTON, null],
  ['docker_volume_size', NEWTON, 5],
  ['docker_storage_driver', NEWTON, 'devicemapper'],
  ['cluster_distro', NEWTON, 'fedora-atomic'],
  ['http_proxy', NEWTON, null],
  ['https_proxy', NEWTON, null],
  ['no_proxy', NEWTON, null],
  ['registry_enabled', NEWTON, false],
  ['labels', NEWTON, {}],
  ['tls_disabled', NEWTON, false],
  ['public', NEWTON, false],
  ['server_type', NEWTON, 'vm'],
  ['insecure_registry', NEWTON, null],
  ['master_lb_enabled', NEWTON, true],
  ['floating_ip_enabled', NEWTON, true],
  ['links', NEWTON, LINKS],
  ['project_id', '6.0.0', PROJECT],
  ['user_id', '6.0.0', '0f0e0d0c0b0a09080706050403020100'],
  ['hidden', '8.0.0', false],
  ['tags', '12.0.0', null],
  ['driver', '18.0.0', null],
  ...TIMES,
];

/** In a list, which is all that is asked for; they came with 9.0.0, and can be made from 9.1.0 on. */
const NODE_GROUP: readonly Field[] = [
  ['uuid', '9.0.0', 'aaaa1111-2222-3333-4444-555566667777'],
  ['name', '9.0.0', 'default-worker'],
  ['flavor_id', '9.0.0', 'm1.medium'],
  ['image_id', '9.0.0', 'fedora-atomic'],
  ['node_count', '9.0.0', 5],
  ['role', '9.0.0', 'worker'],
  ['is_default', '9.0.0', true],
  ['status', '9.1.0', 'CREATE_COMPLETE'],
  ['stack_id', '9.1.0', 'd0c0b0a0-1111-2222-3333-444455556666'],
  ['node_labels', MASTER, null],
  ['node_taints', MASTER, null],
];

/** The newest microversion by tag. */
const MICROVERSIONS: readonly (readonly [since: string, newest: number])[] = [
  [MASTER, 14],
  ['21.0.0', 12],
  ['17.0.0', 11],
  ['12.0.0', 10],
  ['9.1.0', 9],
  ['9.0.0', 8],
  ['8.0.0', 7],
  ['4.1.0', 6],
  ['4.0.0', 5],
  [NEWTON, 3],
];

/** Tags of all releases, and those between that brought a field. */
export const TAGS = [
  ...[
    NEWTON,
    '3.3.1',
    '4.0.0',
    '4.1.0',
    '4.1.4',
    '5.0.0',
    '5.0.1',
    '5.0.2',
    '6.0.0',
    '7.0.0',
    '8.0.0',
    '9.0.0',
    '9.1.0',
  ],
  ...['10.0.0', '10.1.0', '11.0.0', '12.0.0', '13.0.0', '14.0.0', '15.0.1', '16.0.0', '17.0.0', '18.0.0', '19.0.0'],
  ...['20.0.0', '21.0.0', '22.0.0', MASTER],
];

/** A row of `GET /v1/mservices`. */
export const serviceAt = (tag: string, changed: object = {}) => at(tag, SERVICE, changed);
/** What `GET /v1/clusters/{uuid}` answers. */
export const clusterAt = (tag: string, changed: object = {}) => at(tag, CLUSTER, changed);
/** An element of `GET /v1/clusters`. */
export const listedClusterAt = (tag: string) =>
  Object.fromEntries(Object.entries(clusterAt(tag)).filter(([field]) => LISTED.includes(field)));
/** What `GET /v1/clustertemplates/{uuid}` answers; an element of the list has the same fields. */
export const templateAt = (tag: string, changed: object = {}) => at(tag, CLUSTER_TEMPLATE, changed);
/** An element of `GET /v1/clusters/{uuid}/nodegroups`. */
export const nodeGroupAt = (tag: string, changed: object = {}) => at(tag, NODE_GROUP, changed);

/** The newest microversion that a tag knows: 1.N. */
export function newestMicroversion(tag: string): number {
  return MICROVERSIONS.find(([since]) => atLeast(tag, since))?.[1] ?? 1;
}

/** Whether a tag is `since` or later. */
export function atLeast(tag: string, since: string): boolean {
  const [one = [], other = []] = [tag, since].map((version) => version.split('.').map(Number));
  const different = one.findIndex((part, index) => part !== other[index]);
  return different < 0 || (one[different] ?? 0) > (other[different] ?? 0);
}

function at(tag: string, fields: readonly Field[], changed: object): Record<string, unknown> {
  const given = fields.filter(([, since]) => atLeast(tag, since)).map(([name, , value]) => [name, value] as const);
  return { ...Object.fromEntries(given), ...changed };
}
