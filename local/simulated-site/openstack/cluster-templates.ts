import { type AttributeType, checkAttributes, checkValue } from './attributes';
import { type Cloud, has } from './cloud';
import { MagnumError } from './magnum-error';
import { patched } from './patch';
import { python } from './python';
import { type ClusterTemplateRow, isoTime, type Store } from './store';

const TYPES: Readonly<Record<string, AttributeType>> = {
  name: 'text',
  coe: { oneOf: ['swarm', 'kubernetes', 'mesos', 'swarm-mode', 'dcos'] },
  image_id: 'text',
  flavor_id: 'text',
  master_flavor_id: 'text',
  dns_nameserver: 'text',
  keypair_id: 'text',
  external_network_id: 'text',
  fixed_network: 'text',
  fixed_subnet: 'text',
  network_driver: 'text',
  apiserver_port: { minimum: 1024 },
  docker_volume_size: { minimum: 1 },
  cluster_distro: 'text',
  http_proxy: 'text',
  https_proxy: 'text',
  no_proxy: 'text',
  volume_driver: 'text',
  registry_enabled: 'boolean',
  labels: 'labels',
  tls_disabled: 'boolean',
  public: 'boolean',
  server_type: { oneOf: ['vm', 'bm'] },
  insecure_registry: 'text',
  docker_storage_driver: 'text',
  master_lb_enabled: 'boolean',
  floating_ip_enabled: 'boolean',
  hidden: 'boolean',
  tags: 'text',
};

/** What Magnum fills in; everything else that is not given is null. */
const DEFAULTS = {
  registry_enabled: false,
  tls_disabled: false,
  public: false,
  server_type: 'vm',
  master_lb_enabled: false,
  floating_ip_enabled: true,
  hidden: false,
};

/** Network drivers by COE, the default first. */
const NETWORK_DRIVERS: Readonly<Record<string, readonly string[]>> = {
  kubernetes: ['flannel', 'calico'],
  swarm: ['docker', 'flannel'],
  'swarm-mode': ['docker', 'flannel'],
};

/** Volume drivers by COE. */
const VOLUME_DRIVERS: Readonly<Record<string, string>> = {
  kubernetes: 'cinder',
  swarm: 'rexray',
  'swarm-mode': 'rexray',
};

/** What the drivers of Magnum 15 are for. */
const CLUSTER_TYPES = [
  'vm, fedora-atomic, kubernetes',
  'vm, fedora-coreos, kubernetes',
  'vm, coreos, kubernetes',
  'vm, fedora-atomic, swarm',
  'vm, fedora-atomic, swarm-mode',
];

/** A template as `GET /v1/clustertemplates/{uuid or name}` shows it. */
export function showTemplate(row: ClusterTemplateRow, base: string) {
  const links = [
    { href: `${base}/v1/clustertemplates/${row.uuid}`, rel: 'self' },
    { href: `${base}/clustertemplates/${row.uuid}`, rel: 'bookmark' },
  ];
  return { ...row, labels: row.labels ?? {}, links };
}

/** Finds a template by UUID or name. */
export function findTemplate({ clusterTemplates }: Store, uuidOrName: string): ClusterTemplateRow {
  const found = clusterTemplates.filter(({ uuid, name }) => uuid === uuidOrName || name === uuidOrName);
  const [first, second] = found;
  if (!first) throw new MagnumError(404, `ClusterTemplate ${uuidOrName} could not be found.`);
  if (second) {
    throw new MagnumError(
      409,
      'Multiple ClusterTemplates exist with same name. Please use the ClusterTemplate uuid instead.',
    );
  }
  return first;
}

/** `POST /v1/clustertemplates`: a name may be used again. */
export function createTemplate(
  store: Store,
  cloud: Cloud,
  body: unknown,
  { project, now }: { readonly project: string | null; readonly now: number },
): ClusterTemplateRow {
  const given = checkAttributes(body, 'cluster_template', TYPES, ['image_id']);
  const attributes: Record<string, unknown> = {
    ...Object.fromEntries(Object.keys(TYPES).map((attribute) => [attribute, null])),
    ...DEFAULTS,
    ...given,
  };
  attributes['network_driver'] = networkDriver(attributes);
  checkVolumeDriver(attributes);
  checkType(attributes['server_type'], distroOf(cloud, attributes['image_id']), attributes['coe']);
  checkResources(cloud, attributes);
  const uuid = store.uuid();
  const row: ClusterTemplateRow = {
    ...(attributes as unknown as ClusterTemplateRow),
    uuid,
    project_id: project,
    name: (attributes['name'] as string | null) ?? `zeta-${store.clusterTemplates.length + 1}-template`,
    cluster_distro: distroOf(cloud, attributes['image_id']),
    created_at: isoTime(now),
    updated_at: null,
  };
  store.clusterTemplates.push(row);
  return row;
}

/** `PATCH /v1/clustertemplates/{uuid or name}`; the distribution stays what the first image had. */
export function patchTemplate(
  store: Store,
  cloud: Cloud,
  uuidOrName: string,
  { body, now }: { readonly body: unknown; readonly now: number },
): ClusterTemplateRow {
  const row = findTemplate(store, uuidOrName);
  const changes = Object.fromEntries(
    Object.entries(patched(body, row, [])).map(([attribute, value]) => [
      attribute,
      checkValue(attribute, value, TYPES[attribute] ?? 'text'),
    ]),
  );
  const changed = { ...row, ...changes };
  networkDriver(changed);
  checkVolumeDriver(changed);
  checkImage(cloud, changed.image_id);
  checkResources(cloud, changed);
  // Its name may be changed at any time.
  const different = Object.keys(changes).filter((attribute) => changes[attribute] !== row[attribute]);
  if (different.join() !== 'name') checkReferences(store, row);
  return Object.assign(row, changes, { updated_at: isoTime(now) });
}

/** `DELETE /v1/clustertemplates/{uuid or name}` */
export function deleteTemplate(store: Store, uuidOrName: string): void {
  const row = findTemplate(store, uuidOrName);
  checkReferences(store, row);
  store.clusterTemplates.splice(store.clusterTemplates.indexOf(row), 1);
}

/** Throws unless a driver of Magnum is for such clusters. */
export function checkType(serverType: unknown, distro: string, coe: unknown): void {
  const type = `${String(serverType)}, ${distro}, ${String(coe)}`;
  if (!CLUSTER_TYPES.includes(type)) throw new MagnumError(400, `Cluster type (${type}) not supported.`);
}

function networkDriver({ coe, network_driver: wanted }: Record<string, unknown>): string {
  const drivers = NETWORK_DRIVERS[String(coe)];
  // What is not given is Unset for WSME.
  if (!drivers) throw new MagnumError(400, `Requested COE type ${python(coe ?? 'Unset', 'str')} is not supported.`);
  if (wanted == null) return drivers[0] ?? '';
  if (typeof wanted === 'string' && drivers.includes(wanted)) return wanted;
  throw new MagnumError(
    400,
    `Network driver type ${python(wanted, 'str')} is not supported, expecting a ${[...drivers, 'unspecified'].join('/')} network driver.`,
  );
}

function checkVolumeDriver({ coe, volume_driver: wanted }: Record<string, unknown>): void {
  const driver = VOLUME_DRIVERS[String(coe)];
  if (wanted == null || wanted === driver) return;
  throw new MagnumError(
    400,
    `Volume driver type ${wanted as string} is not supported, expecting a ${driver}/unspecified volume driver.`,
  );
}

/** What Python prints for the distribution: Unset if there is no image, None if the image does not say. */
function distroOf({ images }: Cloud, nameOrId: unknown): string {
  const image = images.find(({ id, name }) => id === nameOrId || name === nameOrId);
  return image ? (image.osDistro ?? 'None') : 'Unset';
}

function checkImage(cloud: Cloud, image: string): void {
  const distro = distroOf(cloud, image);
  if (distro === 'Unset') throw new MagnumError(400, `Image ${image} could not be found.`);
  if (distro === 'None') throw new MagnumError(400, `Image ${image} doesn't contain os_distro field.`);
}

function checkResources({ flavors, networks }: Cloud, attributes: Record<string, unknown>): void {
  for (const flavor of [attributes['flavor_id'], attributes['master_flavor_id']]) {
    if (typeof flavor === 'string' && !has(flavors, flavor))
      throw new MagnumError(400, `Unable to find flavor ${flavor}.`);
  }
  const network = attributes['external_network_id'];
  const external = networks.filter((one) => one.external);
  if (typeof network === 'string' && !has(external, network)) {
    throw new MagnumError(400, `Unable to find external network ${network}.`);
  }
}

function checkReferences({ clusters }: Store, { uuid }: ClusterTemplateRow): void {
  if (clusters.some(({ cluster_template_id: template }) => template === uuid)) {
    throw new MagnumError(400, `ClusterTemplate ${uuid} is referenced by one or multiple clusters.`);
  }
}
