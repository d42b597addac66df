import { type AttributeType, checkAttributes, checkValue } from './attributes';
import type { Cloud } from './cloud';
import { checkType, findTemplate } from './cluster-templates';
import type { NewCluster } from './cluster-work';
import { MagnumError, PecanError } from './magnum-error';
import { patched } from './patch';
import { python } from './python';
import type { ClusterRow, Store } from './store';

const TYPES: Readonly<Record<string, AttributeType>> = {
  name: 'text',
  cluster_template_id: 'text',
  keypair: 'text',
  node_count: { minimum: 0 },
  master_count: { minimum: 1 },
  docker_volume_size: { minimum: 1 },
  labels: 'labels',
  master_flavor_id: 'text',
  flavor_id: 'text',
  create_timeout: { minimum: 0 },
  discovery_url: 'text',
  fixed_network: 'text',
  fixed_subnet: 'text',
  floating_ip_enabled: 'boolean',
  master_lb_enabled: 'boolean',
  merge_labels: 'boolean',
};

/** Taken from the template if the cluster does not say. */
const INHERITED = [
  'labels',
  'docker_volume_size',
  'master_flavor_id',
  'flavor_id',
  'fixed_network',
  'fixed_subnet',
  'floating_ip_enabled',
  'master_lb_enabled',
];

/** What an item of a list shows. */
const LISTED = [
  'uuid',
  'name',
  'cluster_template_id',
  'keypair',
  'docker_volume_size',
  'labels',
  'node_count',
  'status',
  'master_flavor_id',
  'flavor_id',
  'create_timeout',
  'master_count',
  'stack_id',
  'health_status',
  'merge_labels',
  'links',
];

/** Columns that are no attributes, or only at times. */
const NOT_SHOWN = ['poisoned', 'furtherGroups', 'stack', 'work', 'faults', 'attributes'];

const INTERNAL = ['api_address', 'node_addresses', 'master_addresses', 'stack_id', 'trust_id', 'ca_cert_ref'];

/** A cluster as `GET /v1/clusters/{uuid or name}` shows it. */
export function showCluster(row: ClusterRow, base: string): Record<string, unknown> {
  if (row.poisoned) throw unreadable(row);
  const columns = Object.entries(row).filter(([column]) => !NOT_SHOWN.includes(column));
  return {
    ...(Object.fromEntries(columns) as Record<string, unknown>),
    ...row.attributes,
    node_count: row.furtherGroups.reduce((sum, { node_count }) => sum + node_count, row.node_count),
    stack_id: row.stack?.id ?? null,
    // Empty for swarm-mode also when it is complete.
    master_addresses: [],
    health_status: null,
    health_status_reason: {},
    coe_version: null,
    container_version: null,
    ...(row.status.endsWith('_FAILED') && { faults: row.faults }),
    links: [
      { href: `${base}/v1/clusters/${row.uuid}`, rel: 'self' },
      { href: `${base}/clusters/${row.uuid}`, rel: 'bookmark' },
    ],
  };
}

/** `GET /v1/clusters/{uuid or name}/nodegroups` */
export function listNodeGroups({ uuid, status, stack, ...row }: ClusterRow) {
  const groups = [
    { name: 'default-master', role: 'master', node_count: row.master_count, is_default: true },
    { name: 'default-worker', role: 'worker', node_count: row.node_count, is_default: true },
    ...row.furtherGroups.map((group) => ({ ...group, is_default: false })),
  ];
  return groups.map((group) => ({ uuid: `${uuid}-${group.name}`, ...group, status, stack_id: stack?.id ?? null }));
}

/** `GET /v1/clusters`: one row that cannot be read spoils the list. */
export function listClusters({ clusters }: Store, base: string) {
  return clusters.map((row) => {
    const shown = showCluster(row, base);
    return Object.fromEntries(LISTED.map((attribute) => [attribute, shown[attribute] ?? null]));
  });
}

/** Finds a cluster by UUID or name. */
export function findCluster({ clusters }: Store, uuidOrName: string): ClusterRow {
  const [first, second] = clusters.filter(({ uuid, name }) => uuid === uuidOrName || name === uuidOrName);
  if (!first) throw new MagnumError(404, `Cluster ${uuidOrName} could not be found.`);
  if (second) {
    throw new MagnumError(409, 'Multiple clusters exist with same name. Please use the cluster uuid instead.');
  }
  return first;
}

/** `POST /v1/clusters`: what the conductors are to create; a name may be used again. */
export function newCluster(
  store: Store,
  cloud: Cloud,
  body: unknown,
  { minor, project }: { readonly minor: number; readonly project: string | null },
): NewCluster {
  const given = checkAttributes(body, 'cluster', TYPES, ['cluster_template_id']);
  const name = given['name'] ?? `zeta-${store.clusters.length + 1}-cluster`;
  if (typeof name !== 'string' || !/^[a-zA-Z][a-zA-Z0-9_.-]*$/.test(name)) {
    throw new MagnumError(
      400,
      `Invalid input for field/attribute name. Value: '${python(name, 'str')}'. Value should match the pattern ^[a-zA-Z][a-zA-Z0-9_.-]*$`,
    );
  }
  const nodeCount = (given['node_count'] ?? 1) as number;
  checkZero(nodeCount, minor);
  const template = templateOf(store, String(given['cluster_template_id']), minor);
  checkType(template['server_type'], template.cluster_distro, template.coe);
  const attributes = Object.fromEntries(
    INHERITED.map((attribute) => [attribute, given[attribute] ?? template[attribute]]),
  );
  const keypair = (given['keypair'] ?? template['keypair_id'] ?? null) as string | null;
  if (keypair !== null && !cloud.keypairs.includes(keypair))
    throw new MagnumError(404, `Unable to find keypair ${keypair}.`);
  const masterCount = (given['master_count'] ?? 1) as number;
  if (masterCount > 1 && attributes['master_lb_enabled'] !== true) {
    throw new MagnumError(400, 'master_count must be 1 when master_lb_enabled is False');
  }
  return {
    uuid: store.uuid(),
    name,
    cluster_template_id: template.uuid,
    keypair,
    master_count: masterCount,
    node_count: nodeCount,
    create_timeout: (given['create_timeout'] ?? 60) as number,
    attributes: {
      ...attributes,
      project_id: project,
      labels: attributes['labels'] ?? {},
      merge_labels: given['merge_labels'] ?? false,
    },
  };
}

/** `PATCH /v1/clusters/{uuid or name}`: the number of workers that is asked for, the only thing that can be changed. */
export function patchedNodeCount(row: ClusterRow, body: unknown, minor: number): number {
  const attributes = { ...row, ...row.attributes, stack_id: row.stack?.id ?? null };
  const changes = Object.entries(patched(body, attributes, INTERNAL)).map(([attribute, value]): [string, unknown] => [
    attribute,
    checkValue(attribute, value, TYPES[attribute] ?? 'text'),
  ]);
  const refused = changes
    .filter(
      ([attribute, value]) =>
        attribute !== 'node_count' && value !== (attributes as Record<string, unknown>)[attribute],
    )
    .map(([attribute]) => attribute);
  if (refused.length > 0) throw new MagnumError(400, `cannot change cluster property(ies) ${refused.join(', ')}.`);
  const nodeCount = (Object.fromEntries(changes)['node_count'] ?? row.node_count) as number;
  checkZero(nodeCount, minor);
  return nodeCount;
}

/** `POST /v1/clusters/{uuid or name}/actions/resize`: the number of workers that is asked for. */
export function resizedNodeCount(body: unknown, minor: number): number {
  if (minor < 7) {
    throw new PecanError(
      406,
      `Version 1.${minor} was requested but the requested API resize is not supported for this version.`,
    );
  }
  const types: Record<string, AttributeType> = {
    node_count: { minimum: 0 },
    nodegroup: 'text',
    nodes_to_remove: 'labels',
  };
  const nodeCount = checkAttributes(body, 'cluster_resize_req', types, ['node_count'])['node_count'] as number;
  checkZero(nodeCount, minor);
  return nodeCount;
}

function templateOf(store: Store, uuidOrName: string, minor: number) {
  try {
    return findTemplate(store, uuidOrName);
  } catch (error) {
    // Not to be found is the request's fault here; microversion 1.10 forgot that.
    if (error instanceof MagnumError && error.status === 404 && minor < 10) throw new MagnumError(400, error.message);
    throw error;
  }
}

function checkZero(nodeCount: number, minor: number): void {
  if (nodeCount === 0 && minor < 10) {
    throw new MagnumError(400, 'Resizing a nodegroup to zero is not supported in the provided microversion.');
  }
}

/** The status of this answer was seen on Magnum 15.0.1, not its text. */
function unreadable({ uuid }: ClusterRow): MagnumError {
  return new MagnumError(400, `Invalid input for field/attribute trust_id of cluster ${uuid}.`);
}
