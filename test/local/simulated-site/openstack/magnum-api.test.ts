import { startCloud, templateBody, type TestCloud } from './cloud';

let cloud: TestCloud;
beforeEach(async () => {
  cloud = await startCloud();
});
afterEach(() => cloud.close());

test('GET / tells its versions to anybody', async () => {
  const { status, json } = await cloud.magnum('GET', '/', undefined, { 'X-Auth-Token': 'none' });
  expect(status).toBe(200);
  expect(json).toMatchObject({
    name: 'OpenStack Magnum API',
    versions: [{ id: 'v1', status: 'CURRENT', max_version: '1.10', min_version: '1.1' }],
  });
});

describe('tokens', () => {
  test.each([
    ['no', ''],
    ['an unknown', 'gAAAAAunknown'],
  ])('%s token: 401 in the shape of Keystone', async (_, token) => {
    const { status, json } = await cloud.magnum('GET', '/v1/mservices', undefined, { 'X-Auth-Token': token });
    expect(status).toBe(401);
    expect(json).toEqual({ error: { code: 401, title: 'Unauthorized', message: expect.any(String) as string } });
  });

  test('one that has expired: 401', async () => {
    expect((await cloud.magnum('GET', '/v1/mservices')).status).toBe(200);
    cloud.pass(3601);
    expect((await cloud.magnum('GET', '/v1/mservices')).status).toBe(401);
  });

  test('Keystone down: 503 HTML', async () => {
    await cloud.magnum('GET', '/v1/mservices');
    cloud.openstack.faults.keystoneDown = true;
    const { status, text, headers } = await cloud.magnum('GET', '/v1/mservices');
    expect(status).toBe(503);
    expect(headers.get('content-type')).toContain('text/html');
    expect(text).toContain('The Keystone service is temporarily unavailable.');
  });
});

describe('microversions', () => {
  const get = (version?: string) =>
    cloud.magnum('GET', '/v1/clusters', undefined, version === undefined ? {} : { 'OpenStack-API-Version': version });

  test.each([
    [undefined, '1.1'],
    ['container-infra 1.10', '1.10'],
    ['container-infra latest', '1.10'],
  ])('asked for %s: %s', async (asked, served) => {
    const { status, headers } = await get(asked);
    expect(status).toBe(200);
    expect(headers.get('openstack-api-version')).toBe(`container-infra ${served}`);
    expect(headers.get('openstack-api-minimum-version')).toBe('container-infra 1.1');
    expect(headers.get('openstack-api-maximum-version')).toBe('container-infra 1.10');
  });

  test.each(['container-infra 1.11', 'container-infra 2.0', 'compute 1.1', 'nonsense'])(
    'asked for %s: 406',
    async (asked) => {
      const { status, json } = await get(asked);
      expect(status).toBe(406);
      expect(json.errors).toHaveLength(1);
    },
  );
});

describe('cluster templates', () => {
  const create = (changed?: object) => cloud.magnum('POST', '/v1/clustertemplates', templateBody({ ...changed }));

  test('POST answers 201 with the whole body and labels null, GET with labels {}', async () => {
    const { status, headers, json } = await create();
    expect(status).toBe(201);
    expect(headers.get('location')).toMatch(new RegExp(`/v1/clustertemplates/${json.uuid}$`));
    expect(json).toMatchObject({
      ...templateBody(),
      labels: null,
      master_flavor_id: null,
      tls_disabled: false,
      server_type: 'vm',
      floating_ip_enabled: true,
      network_driver: 'docker',
      cluster_distro: 'fedora-atomic',
    });
    const found = await cloud.magnum('GET', '/v1/clustertemplates/swarm');
    expect(found.status).toBe(200);
    expect(found.json).toMatchObject({ ...templateBody(), uuid: json.uuid, labels: {} });
    expect((await cloud.magnum('GET', `/v1/clustertemplates/${json.uuid}`)).json).toEqual(found.json);
    expect((await cloud.magnum('GET', '/v1/clustertemplates')).json).toEqual({ clustertemplates: [found.json] });
  });

  test.each([
    ['a missing image', { image_id: 'nope' }, 'Cluster type (vm, Unset, swarm-mode) not supported.'],
    [
      'an image without os_distro',
      { image_id: 'without-distribution' },
      'Cluster type (vm, None, swarm-mode) not supported.',
    ],
    ["the guide's image", { image_id: 'ubuntu_xenial' }, 'Cluster type (vm, ubuntu, swarm-mode) not supported.'],
    [
      'a bad coe',
      { coe: 'nope' },
      expect.stringContaining('Value should be one of: swarm, kubernetes, mesos, swarm-mode, dcos') as string,
    ],
    ['a missing flavor', { flavor_id: 'nope' }, 'Unable to find flavor nope.'],
    ['a missing external network', { external_network_id: 'nope' }, 'Unable to find external network nope.'],
    ['a network that is not external', { external_network_id: 'private' }, 'Unable to find external network private.'],
    ['an unknown attribute', { bogus: 1 }, 'Unknown attribute for argument cluster_template: bogus'],
    ['no image', { image_id: undefined }, expect.stringContaining('Mandatory field missing.') as string],
    ['a wrong type', { docker_volume_size: 'big' }, expect.stringContaining('docker_volume_size') as string],
    [
      'a network driver of another COE',
      { network_driver: 'calico' },
      expect.stringContaining('is not supported') as string,
    ],
  ])('%s: 400', async (_, changed, text) => {
    const { status, json } = await create(changed);
    expect(status).toBe(400);
    expect(json).toMatchObject({ errors: [{ code: 'client', status: 400, detail: text }] });
  });

  test.each([
    ['a missing keypair', { keypair_id: 'nokey' }],
    ['a missing fixed network', { fixed_network: 'nope' }],
  ])('%s: 201', async (_, changed) => {
    expect((await create(changed)).status).toBe(201);
  });

  test('a name may be used again; then a look-up by name is 409, by UUID not', async () => {
    const { json } = await create();
    expect((await create()).status).toBe(201);
    const found = await cloud.magnum('GET', '/v1/clustertemplates/swarm');
    expect(found.status).toBe(409);
    expect(found.json.errors[0]?.detail).toMatch(/^Multiple ClusterTemplates exist with same name/);
    expect((await cloud.magnum('GET', `/v1/clustertemplates/${json.uuid}`)).status).toBe(200);
  });

  test('GET of none: 404', async () => {
    const { status, json } = await cloud.magnum('GET', '/v1/clustertemplates/none');
    expect(status).toBe(404);
    expect(json.errors[0]?.detail).toBe('ClusterTemplate none could not be found.');
  });

  test('PATCH replaces attributes and answers with the whole body', async () => {
    const { uuid } = (await create()).json;
    const { status, json } = await cloud.magnum('PATCH', `/v1/clustertemplates/${uuid}`, [
      { op: 'replace', path: '/dns_nameserver', value: '1.1.1.1' },
      { op: 'replace', path: '/docker_volume_size', value: 6 },
      { op: 'replace', path: '/master_lb_enabled', value: false },
      { op: 'replace', path: '/labels', value: '{"a": "b"}' },
    ]);
    expect(status).toBe(200);
    expect(json).toMatchObject({
      dns_nameserver: '1.1.1.1',
      docker_volume_size: 6,
      master_lb_enabled: false,
      labels: { a: 'b' },
    });
  });

  test.each([
    [{ op: 'replace', path: '/labels', value: { a: 'b' } }, /Wrong type/],
    [{ op: 'replace', path: '/bogus', value: 1 }, /Couldn't apply patch/],
    [{ op: 'replace', path: '/uuid', value: 'x' }, /internal attribute/],
    [{ op: 'replace', path: '/name' }, /needs value/],
    [{ op: 'add', path: '/name', value: 'x' }, /has existed/],
    [{ op: 'replace', path: '/image_id', value: 'nope' }, /Image nope could not be found/],
    [{ op: 'replace', path: '/labels', value: 'nonsense' }, /Couldn't apply patch/],
  ])('PATCH with %j: 400', async (step, text) => {
    const { uuid } = (await create()).json;
    const { status, json } = await cloud.magnum('PATCH', `/v1/clustertemplates/${uuid}`, [step]);
    expect(status).toBe(400);
    expect(json.errors[0]?.detail).toMatch(text);
  });

  test('DELETE: 204', async () => {
    await create();
    expect((await cloud.magnum('DELETE', '/v1/clustertemplates/swarm')).status).toBe(204);
    expect(cloud.openstack.clusterTemplates).toEqual([]);
  });

  test('PATCH and DELETE of one that a cluster uses: 400, but for its name', async () => {
    cloud.conductor();
    await create();
    await cloud.magnum('POST', '/v1/clusters', { name: 'c1', cluster_template_id: 'swarm' });
    cloud.pass(1);
    const patch = [{ op: 'replace', path: '/dns_nameserver', value: '1.1.1.1' }];
    for (const answer of [
      await cloud.magnum('PATCH', '/v1/clustertemplates/swarm', patch),
      await cloud.magnum('DELETE', '/v1/clustertemplates/swarm'),
    ]) {
      expect(answer.status).toBe(400);
      expect(answer.json.errors[0]?.detail).toMatch(/is referenced by one or multiple clusters/);
    }
    const rename = [{ op: 'replace', path: '/name', value: 'other' }];
    expect((await cloud.magnum('PATCH', '/v1/clustertemplates/swarm', rename)).status).toBe(200);
  });
});

describe('clusters', () => {
  beforeEach(async () => {
    await cloud.magnum('POST', '/v1/clustertemplates', templateBody());
  });
  const create = (changed?: object, headers?: Record<string, string>) =>
    cloud.magnum(
      'POST',
      '/v1/clusters',
      { name: 'c1', cluster_template_id: 'swarm', node_count: 2, ...changed },
      headers,
    );
  const get = async () => (await cloud.magnum('GET', '/v1/clusters/c1')).json;

  test('POST answers 202 with the UUID; a conductor makes the cluster, Heat takes its time', async () => {
    cloud.conductor();
    const { status, json } = await create({ master_count: 3 });
    expect(status).toBe(202);
    expect(json).toEqual({ uuid: expect.any(String) as string });
    cloud.pass(1);
    expect(await get()).toMatchObject({
      uuid: json.uuid,
      status: 'CREATE_IN_PROGRESS',
      api_address: null,
      master_count: 3,
    });
    cloud.pass(80);
    const complete = await get();
    expect(complete).toMatchObject({
      status: 'CREATE_COMPLETE',
      node_count: 2,
      master_count: 3,
      api_address: expect.stringMatching(/^tcp:.*:2375$/) as string,
      master_addresses: [],
      create_timeout: 60,
      stack_id: expect.any(String) as string,
      labels: {},
    });
    expect(complete['node_addresses']).toHaveLength(2);
    expect(complete).not.toHaveProperty('faults');
    const { clusters } = (await cloud.magnum('GET', '/v1/clusters')).json as unknown as { clusters: object[] };
    expect(clusters).toEqual([expect.objectContaining({ uuid: json.uuid, status: 'CREATE_COMPLETE' })]);
    expect(clusters[0]).not.toHaveProperty('node_addresses');
  });

  test.each([
    ['an unknown template', { cluster_template_id: 'nope' }, 400, 'ClusterTemplate nope could not be found.'],
    [
      'three masters without load balancer',
      { master_count: 3, master_lb_enabled: false },
      400,
      'master_count must be 1 when master_lb_enabled is False',
    ],
    ['a missing keypair', { keypair: 'nokey' }, 404, 'Unable to find keypair nokey.'],
    ['an unknown attribute', { bogus: 1 }, 400, 'Unknown attribute for argument cluster: bogus'],
    ['no worker', { node_count: 0 }, 400, expect.stringContaining('zero is not supported') as string],
    ['a bad name', { name: '1st' }, 400, expect.stringContaining('name') as string],
  ])('%s: refused', async (_, changed, status, text) => {
    const answer = await create(changed);
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject({ errors: [{ detail: text }] });
  });

  test('no worker is fine from 1.10 on', async () => {
    expect((await create({ node_count: 0 }, { 'OpenStack-API-Version': 'container-infra 1.10' })).status).toBe(202);
  });

  test('a name may be used again; then a look-up by name is 409', async () => {
    cloud.conductor();
    await create();
    await create();
    cloud.pass(1);
    expect((await cloud.magnum('GET', '/v1/clusters/c1')).status).toBe(409);
    expect(cloud.openstack.clusters).toHaveLength(2);
  });

  test('PATCH of node_count: seconds with the status of before, then UPDATE_IN_PROGRESS, then UPDATE_COMPLETE', async () => {
    cloud.conductor();
    await create();
    cloud.pass(100);
    const before = await get();
    const patch = (field: string, value: unknown) =>
      cloud.magnum('PATCH', '/v1/clusters/c1', [{ op: 'replace', path: `/${field}`, value }]);
    expect((await patch('node_count', 4)).status).toBe(202);
    cloud.pass(1);
    expect(await get()).toMatchObject({
      status: 'CREATE_COMPLETE',
      node_count: 4,
      updated_at: before['updated_at'],
    });
    cloud.pass(10);
    expect(await get()).toMatchObject({ status: 'UPDATE_IN_PROGRESS', node_count: 4 });
    // The API takes another one, the conductor does not.
    expect((await patch('node_count', 5)).status).toBe(202);
    cloud.pass(100);
    expect(await get()).toMatchObject({ status: 'UPDATE_COMPLETE', node_count: 4 });
  });

  test.each([
    ['master_count', 5],
    ['name', 'other'],
  ])('PATCH of %s: 400', async (field, value) => {
    cloud.conductor();
    await create();
    cloud.pass(100);
    const { status, json } = await cloud.magnum('PATCH', '/v1/clusters/c1', [
      { op: 'replace', path: `/${field}`, value },
    ]);
    expect(status).toBe(400);
    expect(json.errors[0]?.detail).toBe(`cannot change cluster property(ies) ${field}.`);
  });

  test('resize from 1.7 on, also while another is in progress', async () => {
    cloud.conductor();
    await create();
    cloud.pass(100);
    const resize = (nodes: number, version: string) =>
      cloud.magnum(
        'POST',
        '/v1/clusters/c1/actions/resize',
        { node_count: nodes },
        { 'OpenStack-API-Version': `container-infra ${version}` },
      );
    expect((await resize(9, '1.6')).status).toBe(406);
    expect((await resize(9, '1.7')).status).toBe(202);
    cloud.pass(1);
    expect((await resize(10, '1.7')).status).toBe(202);
    cloud.pass(100);
    expect(await get()).toMatchObject({ status: 'UPDATE_COMPLETE', node_count: 10 });
  });

  test('DELETE: 204, and gone after a while', async () => {
    cloud.conductor();
    await create();
    cloud.pass(100);
    expect((await cloud.magnum('DELETE', '/v1/clusters/c1')).status).toBe(204);
    cloud.pass(1);
    expect((await get())['status']).toBe('DELETE_IN_PROGRESS');
    cloud.pass(100);
    expect((await cloud.magnum('GET', '/v1/clusters/c1')).status).toBe(404);
  });

  test('a failure tells status_reason and faults', async () => {
    cloud.conductor();
    cloud.openstack.faults.nextClusterFails({ 'default-worker': 'No valid host was found.' }, 'Resource CREATE failed');
    await create();
    cloud.pass(100);
    expect(await get()).toMatchObject({
      status: 'CREATE_FAILED',
      status_reason: 'Resource CREATE failed',
      faults: { 'default-worker': 'No valid host was found.' },
    });
  });

  test.each([
    ['a fixed network without its subnet', { fixed_subnet: null }, /IP allocation requires subnet_id/],
    ['a missing fixed network', { fixed_network: 'nope' }, /Unable to find network/],
    ['a missing fixed subnet', { fixed_subnet: 'nope' }, /Unable to find subnet/],
  ])('%s: it fails later', async (_, changed, reason) => {
    cloud.conductor();
    await cloud.magnum('POST', '/v1/clustertemplates', templateBody({ name: 'other', ...changed }));
    expect((await create({ cluster_template_id: 'other' })).status).toBe(202);
    cloud.pass(100);
    expect(await get()).toMatchObject({
      status: 'CREATE_FAILED',
      status_reason: 'default-master failed, default-worker failed',
      faults: { 'default-worker': expect.stringMatching(reason) as string },
    });
  });

  test('stuck ones go on when the fault is over', async () => {
    cloud.conductor();
    cloud.openstack.faults.clusterStuck = true;
    await create();
    cloud.pass(1000);
    expect((await get())['status']).toBe('CREATE_IN_PROGRESS');
    cloud.openstack.faults.clusterStuck = false;
    expect((await get())['status']).toBe('CREATE_COMPLETE');
  });

  test('an answer that is lost does not undo the request', async () => {
    cloud.conductor();
    cloud.openstack.faults.answersLost = 1;
    await expect(create()).rejects.toThrow('socket hang up');
    cloud.pass(1);
    expect(cloud.openstack.clusters).toHaveLength(1);
  });
});

test('what does not exist is 404 in the shape of Magnum', async () => {
  const { status, json } = await cloud.magnum('GET', '/v1/nothing');
  expect(status).toBe(404);
  expect(json).toMatchObject({ errors: [{ code: '', status: 404, title: 'Not Found', detail: '' }] });
});
