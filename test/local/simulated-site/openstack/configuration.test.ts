import { seededRandom } from '../../../../local/random';
import { simulateOpenStack } from '../../../../local/simulated-site/openstack';
import { configOf, type Overrides, siteOf, startCloud, templateBody, type TestCloud } from './cloud';

let cloud: TestCloud;
afterEach(() => cloud.close());

/** The cluster that comes of a configuration, as the API shows it in the end. */
async function clusterWith(overrides: Overrides, site = siteOf('golden')) {
  cloud = await startCloud(site, overrides);
  cloud.conductor('node-1', overrides);
  await cloud.magnum('POST', '/v1/clustertemplates', templateBody());
  const created = await cloud.magnum('POST', '/v1/clusters', {
    name: 'c1',
    cluster_template_id: 'swarm',
    master_count: 3,
  });
  expect(created.status).toBe(202);
  cloud.pass(100);
  return cloud.magnum('GET', '/v1/clusters/c1');
}

test.each(['newton', 'ocata', 'pike', 'queens', 'rocky', 'stein', 'ussuri', 'yoga', '2025.2', '2026.1'])(
  'what the product writes for %s works, with secrets that need every kind of escaping',
  async (release) => {
    const golden = siteOf('golden');
    const { defaultDockerVolumeType, ...magnum } = golden.magnum;
    const site = siteOf('golden', {
      release,
      magnum: release === 'newton' || release === 'ocata' ? magnum : { ...magnum, defaultDockerVolumeType },
    });
    expect((await clusterWith({}, site)).json).toMatchObject({ status: 'CREATE_COMPLETE' });
  },
);

describe('[keystone_authtoken]', () => {
  test.each([
    ['password', 'wrong'],
    ['username', 'admin'],
    ['auth_url', 'http://10.21.22.2:35358/v3'],
    ['auth_url', 'http://10.21.22.9:5000/v3'],
    ['project_name', 'service'],
    ['user_domain_id', 'other'],
    ['auth_type', undefined],
  ])('%s = %s: 503 HTML to every request with a token, but not to GET /', async (option, value) => {
    cloud = await startCloud(undefined, { [`keystone_authtoken.${option}`]: value });
    const { status, headers } = await cloud.magnum('GET', '/v1/mservices');
    expect(status).toBe(503);
    expect(headers.get('content-type')).toContain('text/html');
    expect((await cloud.magnum('GET', '/')).status).toBe(200);
  });

  test.each([
    [
      'pike',
      {
        'keystone_authtoken.auth_uri': undefined,
        'keystone_authtoken.www_authenticate_uri': 'http://10.21.22.2:5000/v3',
      },
      500,
    ],
    ['queens', { 'keystone_authtoken.auth_uri': undefined }, 200],
    ['queens', { 'keystone_authtoken.www_authenticate_uri': undefined }, 200],
    [
      '2026.1',
      {
        'keystone_authtoken.www_authenticate_uri': undefined,
        'keystone_authtoken.auth_uri': 'http://10.21.22.2:5000/v3',
      },
      500,
    ],
  ])('of %s with %j: %d', async (release, overrides, status) => {
    cloud = await startCloud(siteOf('golden', { release }), overrides);
    expect((await cloud.magnum('GET', '/v1/mservices')).status).toBe(status);
  });
});

describe('[database] connection', () => {
  const url = (text: string) => ({ 'database.connection': text });
  test.each([
    [url('mysql+pymysql://magnum:wrong@10.21.22.2/magnum'), /Access denied for user 'magnum'/],
    [url('mysql+pymysql://magnum:wrong@10.21.22.9/magnum'), /Can't connect to MySQL server on '10.21.22.9'/],
    [{ 'database.connection': undefined }, /Could not parse/],
    [url('postgres://magnum:x@10.21.22.2/magnum'), /Can't load plugin/],
  ])('%j: 500', async (overrides, text) => {
    cloud = await startCloud(undefined, overrides);
    const { status, json } = await cloud.magnum('GET', '/v1/mservices');
    expect(status).toBe(500);
    expect(json.errors[0]?.detail).toMatch(text);
    // It runs, but there is nothing to register in.
    cloud.conductor('node-1', overrides);
    expect(cloud.openstack.services).toEqual([]);
  });

  test('mysql:// is tolerated in Newton, and has no driver now', async () => {
    const magnum = siteOf('golden').magnum;
    const mysql = { ...magnum, database: { ...magnum.database, driver: 'mysql' } };
    cloud = await startCloud(siteOf('golden', { release: 'pike', magnum: mysql }));
    expect((await cloud.magnum('GET', '/v1/mservices')).status).toBe(200);
    await cloud.close();
    cloud = await startCloud(siteOf('golden', { release: '2025.1', magnum: mysql }));
    const { status, json } = await cloud.magnum('GET', '/v1/mservices');
    expect([status, json.errors[0]?.detail]).toEqual([500, "No module named 'MySQLdb'"]);
  });

  test('of an unknown database: 500', async () => {
    const connection = configOf(siteOf('golden'))('database', 'connection');
    cloud = await startCloud(undefined, url(`${connection ?? ''}2`));
    expect((await cloud.magnum('GET', '/v1/mservices')).json.errors[0]?.detail).toMatch(/Unknown database 'magnum2'/);
  });
});

describe('RabbitMQ', () => {
  const legacy = {
    'DEFAULT.transport_url': undefined,
    'oslo_messaging_rabbit.rabbit_hosts': '10.21.22.9:5673, 10.21.22.4:5673',
    'oslo_messaging_rabbit.rabbit_userid': 'magnum',
    'oslo_messaging_rabbit.rabbit_password': `p@ss:w|rd#1 %41$x;"'|magnum-ha|golden|rabbit-password`,
  };

  test.each([
    ['a wrong password', { 'DEFAULT.transport_url': 'rabbit://magnum:wrong@10.21.22.4:5673/' }],
    ['a wrong address', { 'DEFAULT.transport_url': 'rabbit://magnum:x@10.21.22.9:5673/' }],
    ['nothing', { 'DEFAULT.transport_url': undefined }],
    ['a wrong rabbit_password', { ...legacy, 'oslo_messaging_rabbit.rabbit_password': 'wrong' }],
  ])('with %s: 202, but no cluster, and the conductor counts as up', async (_, overrides) => {
    expect((await clusterWith(overrides)).status).toBe(404);
    expect((await cloud.magnum('GET', '/v1/mservices')).json).toMatchObject({ mservices: [{ state: 'up' }] });
  });

  test('with a slash in the password: likewise, however it is encoded', async () => {
    const site = siteOf('golden');
    const { magnum } = site;
    const slashed = { ...magnum, rabbit: { ...magnum.rabbit, password: magnum.database.password } };

    const { status } = await clusterWith({}, { ...site, magnum: slashed });

    expect(status).toBe(404);
  });

  test('a conductor elsewhere does what the one with wrong credentials does not', async () => {
    await clusterWith({});
    cloud.openstack.faults.dropConductor('node-1');
    cloud.conductor('node-2', { 'DEFAULT.transport_url': undefined });
    await cloud.magnum('POST', '/v1/clusters', { name: 'c2', cluster_template_id: 'swarm' });
    cloud.pass(10);
    expect((await cloud.magnum('GET', '/v1/clusters/c2')).status).toBe(404);
    cloud.conductor('node-3');
    cloud.pass(1);
    expect((await cloud.magnum('GET', '/v1/clusters/c2')).status).toBe(200);
  });

  test('rabbit_* is read before Stein and ignored since', async () => {
    expect((await clusterWith(legacy, siteOf('golden', { release: 'rocky' }))).json['status']).toBe('CREATE_COMPLETE');
    await cloud.close();
    expect((await clusterWith(legacy, siteOf('golden', { release: 'stein' }))).status).toBe(404);
  });

  test.each([
    [{ 'oslo_messaging_rabbit.heartbeat_rate': 'two' }, /invalid literal for int/],
    [
      { 'oslo_messaging_rabbit.rabbit_ha_queues': 'true', 'oslo_messaging_rabbit.rabbit_quorum_queue': 'true' },
      /both enabled/,
    ],
  ])('%j kills the conductor', async (overrides, text) => {
    cloud = await startCloud();
    expect(() => cloud.conductor('node-1', overrides)).toThrow(text);
  });
});

describe('[trust]', () => {
  test.each([
    { 'trust.trustee_domain_name': undefined },
    { 'trust.trustee_domain_admin_name': 'other' },
    { 'trust.trustee_domain_admin_password': 'wrong' },
    { 'keystone_authtoken.auth_uri': 'http://10.21.22.2:5000/' },
  ])('%j: the row is poisoned, and the list of clusters is 400', async (overrides) => {
    expect((await clusterWith(overrides)).status).toBe(400);
    expect(cloud.openstack.clusters).toMatchObject([
      {
        status: 'CREATE_FAILED',
        status_reason: expect.stringMatching(/^Failed to create trustee or trust for Cluster/) as string,
      },
    ]);
    expect((await cloud.magnum('GET', '/v1/clusters')).status).toBe(400);
  });
});

test.each([
  [{ 'certificates.cert_manager_type': undefined }, /^Failed to create certificates for Cluster/],
  [{ 'certificates.cert_manager_type': 'bogus' }, /^Failed to create certificates for Cluster/],
  [{ 'certificates.cert_manager_type': 'barbican' }, /^Failed to create certificates for Cluster/],
  [
    {
      'keystone_auth.auth_url': undefined,
      'keystone_authtoken.admin_user': 'admin',
      'keystone_authtoken.admin_password': '',
    },
    /^Failed to list services\.$/,
  ],
  [{ 'keystone_auth.password': 'wrong' }, /^Failed to list services\.$/],
  [{ 'cinder.default_docker_volume_type': undefined }, /docker_volume_type not provided/],
])('%j: CREATE_FAILED', async (overrides: Overrides, reason) => {
  expect((await clusterWith(overrides)).json).toMatchObject({
    status: 'CREATE_FAILED',
    status_reason: expect.stringMatching(reason) as string,
    faults: {},
  });
});

test('barbican works if it is deployed', async () => {
  const site = siteOf('golden', { magnum: { ...siteOf('golden').magnum, certificateManager: 'barbican' } });
  expect((await clusterWith({}, site)).json['status']).toBe('CREATE_COMPLETE');
});

test("the guide's site gets a token and conductors, but not its template", async () => {
  cloud = await startCloud(siteOf('guide'));
  cloud.conductor();
  expect((await cloud.magnum('GET', '/v1/mservices')).json).toMatchObject({ mservices: [{ state: 'up' }] });
  const body = templateBody({ image_id: 'ubuntu_xenial', fixed_subnet: undefined, master_lb_enabled: undefined });
  const { status, json } = await cloud.magnum('POST', '/v1/clustertemplates', body);
  expect([status, json.errors[0]?.detail]).toEqual([400, 'Cluster type (vm, ubuntu, swarm-mode) not supported.']);
});

test('a missing secret is a mistake of the caller', async () => {
  cloud = await startCloud();
  expect(() =>
    simulateOpenStack({ clock: cloud.clock, document: cloud.site, secrets: {}, random: seededRandom(1) }),
  ).toThrow(/no value for the secret/);
});
