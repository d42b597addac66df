import { attributesOf, ensureClusterTemplate } from '../../../domain/openstack/templates';
import type { ClusterTemplate } from '../../../domain/site/document';
import { siteOf } from '../../local/simulated-site/openstack/cloud';
import { startSession, type TestSession } from './session';

let session: TestSession;
beforeEach(async () => {
  session = await startSession();
});
afterEach(() => session.end());

const [golden] = siteOf('golden').clusterTemplates as [ClusterTemplate];
const rows = () => session.cloud.openstack.clusterTemplates;
const ensure = (changed: Partial<ClusterTemplate> = {}, mode: 'check' | 'apply' = 'apply') =>
  ensureClusterTemplate(session.magnum, { ...golden, ...changed }, mode);

test('the fields are Magnum’s attributes', () => {
  expect(attributesOf({ ...golden, masterFlavorId: 'm1.large', tlsDisabled: true, labels: { a: 'b' } })).toEqual({
    name: 'swarm-mode-cluster-template',
    coe: 'swarm-mode',
    image_id: 'fedora-atomic',
    keypair_id: 'fuel',
    external_network_id: 'public',
    fixed_network: 'private',
    fixed_subnet: 'private-subnet',
    dns_nameserver: '8.8.8.8',
    flavor_id: 'm1.medium',
    master_flavor_id: 'm1.large',
    docker_volume_size: 5,
    master_lb_enabled: true,
    tls_disabled: true,
    labels: { a: 'b' },
  });
});

test('creates what is missing, once', async () => {
  const created = await ensure();
  expect(created).toEqual({ name: golden.name, uuid: rows()[0]?.uuid, action: 'created', differences: [] });
  expect(await ensure()).toEqual({ ...created, action: 'unchanged' });
  expect(rows()).toHaveLength(1);
});

test('a check creates nothing', async () => {
  expect(await ensure({}, 'check')).toEqual({ name: golden.name, action: 'missing', differences: [] });
  expect(rows()).toEqual([]);
});

test('changes what differs, and only that', async () => {
  await ensure();
  const wanted = {
    dnsNameserver: '1.1.1.1',
    dockerVolumeSize: 10,
    masterLbEnabled: false,
    labels: { b: "it's", a: '"2"' },
  };
  const differences = [
    { field: 'dns_nameserver', found: '8.8.8.8', wanted: '1.1.1.1' },
    { field: 'docker_volume_size', found: 5, wanted: 10 },
    { field: 'master_lb_enabled', found: true, wanted: false },
    { field: 'labels', found: {}, wanted: wanted.labels },
  ];
  expect(await ensure(wanted, 'check')).toMatchObject({ action: 'differs', differences });
  expect(rows()[0]).toMatchObject({ docker_volume_size: 5, updated_at: null });
  expect(await ensure(wanted)).toMatchObject({ action: 'updated', differences });
  expect(await ensure(wanted)).toMatchObject({ action: 'unchanged', differences: [] });
  expect(rows()[0]).toMatchObject({ flavor_id: 'm1.medium', labels: { a: '"2"', b: "it's" } });
});

describe('of kubernetes', () => {
  const kubernetes: Partial<ClusterTemplate> = {
    coe: 'kubernetes',
    imageId: 'fedora-coreos',
    masterFlavorId: 'm1.large',
    dnsNameserver: '8.8.8.8,1.1.1.1',
    networkDriver: 'calico',
    volumeDriver: 'cinder',
    dockerStorageDriver: 'overlay2',
    floatingIpEnabled: false,
    insecureRegistry: 'registry.example:5000',
    httpProxy: 'http://proxy.example:3128',
    httpsProxy: 'http://proxy.example:3128',
    noProxy: 'localhost,10.21.22.2',
    labels: { kube_tag: 'v1.23.3-rancher1', monitoring_enabled: 'false' },
  };

  test('created, and unchanged afterwards', async () => {
    const created = await ensure(kubernetes);

    const again = await ensure(kubernetes);

    expect(created).toMatchObject({ action: 'created' });
    expect(again).toMatchObject({ action: 'unchanged', differences: [] });
    expect(rows()[0]).toMatchObject({ coe: 'kubernetes', cluster_distro: 'fedora-coreos', network_driver: 'calico' });
  });

  test('without a network driver it has Magnum’s default, which is no drift', async () => {
    const { networkDriver: _, ...others } = kubernetes;
    await ensure(others);

    const again = await ensure(others);

    expect(again).toMatchObject({ action: 'unchanged' });
    expect(rows()[0]).toMatchObject({ network_driver: 'flannel' });
  });

  test('changed: labels, drivers, proxies', async () => {
    await ensure(kubernetes);
    const changed = { ...kubernetes, networkDriver: 'flannel', noProxy: '10.21.22.2', labels: { kube_tag: 'v1.24.0' } };

    const updated = await ensure(changed);

    expect(updated).toMatchObject({ action: 'updated' });
    expect(updated.differences.map(({ field }) => field)).toEqual(['network_driver', 'no_proxy', 'labels']);
    expect(await ensure(changed)).toMatchObject({ action: 'unchanged' });
  });
});

test('what the document does not say is left as it is', async () => {
  await ensure();
  Object.assign(rows()[0] ?? {}, { http_proxy: 'http://proxy:1', labels: { a: 'b' }, floating_ip_enabled: false });
  expect(await ensure()).toMatchObject({ action: 'unchanged' });
});

test('names and IDs stay as they were given: no drift for ever', async () => {
  const imageId = session.cloud.openstack.cloud.images[0]?.id ?? '';
  await ensure({ imageId });
  expect(await ensure({ imageId })).toMatchObject({ action: 'unchanged' });
});

test('labels are the same in any order and as texts', async () => {
  await ensure({ labels: { a: '1', b: 'true' } });
  Object.assign(rows()[0] ?? {}, { labels: { b: true, a: 1 } });
  expect(await ensure({ labels: { a: '1', b: 'true' } })).toMatchObject({ action: 'unchanged' });
});

test('one that a cluster uses is reported as differing, without an error', async () => {
  const { magnum, cloud } = session;
  cloud.conductor();
  const { uuid } = await ensure();
  await magnum.createCluster({ name: 'c1', cluster_template_id: uuid }, '1.1');
  cloud.pass(1);
  expect(await ensure({ dnsNameserver: '1.1.1.1' })).toEqual({
    name: golden.name,
    uuid,
    action: 'differs',
    differences: [{ field: 'dns_nameserver', found: '8.8.8.8', wanted: '1.1.1.1' }],
  });
});

test.each<[string, Partial<ClusterTemplate>, string]>([
  ['the guide’s image', { imageId: 'ubuntu_xenial' }, 'Cluster type (vm, ubuntu, swarm-mode) not supported'],
  ['a missing image', { imageId: 'nope' }, 'Cluster type (vm, Unset, swarm-mode) not supported'],
  [
    'an image without os_distro',
    { imageId: 'without-distribution' },
    'Cluster type (vm, None, swarm-mode) not supported',
  ],
  ['a missing flavor', { flavorId: 'nope' }, 'Unable to find flavor nope'],
  [
    'a network driver of swarm',
    { coe: 'kubernetes', imageId: 'fedora-coreos', networkDriver: 'docker' },
    'is not supported, expecting a flannel/calico/unspecified network driver',
  ],
  [
    'a volume driver of swarm',
    { coe: 'kubernetes', imageId: 'fedora-coreos', volumeDriver: 'rexray' },
    'Volume driver type rexray is not supported, expecting a cinder/unspecified volume driver',
  ],
  ['a missing external network', { externalNetworkId: 'nope' }, 'Unable to find external network nope'],
])('%s: Magnum’s own words', async (_, changed, text) => {
  await expect(ensure(changed)).rejects.toMatchObject({ name: 'OpenStackApiError', status: 400 });
  await expect(ensure(changed)).rejects.toThrow(text);
  expect(rows()).toEqual([]);
});

test('a change that Magnum refuses for another reason is an error', async () => {
  await ensure();
  await expect(ensure({ flavorId: 'nope' })).rejects.toThrow('Unable to find flavor nope');
});

test('two of one name: DuplicateNameInMagnum, and no third', async () => {
  await session.magnum.createTemplate(attributesOf(golden));
  await session.magnum.createTemplate(attributesOf(golden));
  await expect(ensure()).rejects.toMatchObject({ name: 'DuplicateNameInMagnum' });
  expect(rows()).toHaveLength(2);
});

describe('a lost answer', () => {
  beforeEach(() => {
    session.cloud.openstack.faults.answersLost = 1;
  });

  test('to the creation makes no second one', async () => {
    expect(await ensure()).toMatchObject({ action: 'created', uuid: rows()[0]?.uuid });
    expect(rows()).toHaveLength(1);
  });

  test('to a change is looked up', async () => {
    session.cloud.openstack.faults.answersLost = 0;
    await ensure();
    session.cloud.openstack.faults.answersLost = 1;
    expect(await ensure({ dockerVolumeSize: 7 })).toMatchObject({ action: 'updated' });
  });

  test('to a creation that was not carried out is an error, and the next time it is made', async () => {
    await session.magnum.services();
    session.cloud.serve((request, response) => {
      if (request.method === 'GET') response.writeHead(404).end('{"errors":[]}');
      else request.socket.destroy();
    });
    await expect(ensure()).rejects.toMatchObject({ name: 'AnswerLost' });
    session.cloud.openstack.faults.answersLost = 0;
    session.cloud.restartApi({});
    expect(await ensure()).toMatchObject({ action: 'created' });
    expect(rows()).toHaveLength(1);
  });
});

describe("another project's template of that name, which an administrator is shown", () => {
  const theirs = async (isPublic: boolean) => {
    await ensure();
    Object.assign(rows()[0] ?? {}, { project_id: 'theirs', public: isPublic });
  };

  test('is not touched', async () => {
    await theirs(false);

    const refused = ensure({ dnsNameserver: '1.1.1.1' });

    await expect(refused).rejects.toMatchObject({ name: 'OwnedByAnotherProject' });
    expect(rows()).toMatchObject([{ dns_nameserver: '8.8.8.8' }]);
  });

  test('can be used if it is public, but not changed', async () => {
    await theirs(true);

    const [same, other] = [await ensure(), await ensure({ dnsNameserver: '1.1.1.1' })];

    expect([same.action, other.action]).toEqual(['unchanged', 'differs']);
    expect(rows()).toMatchObject([{ dns_nameserver: '8.8.8.8' }]);
  });
});
