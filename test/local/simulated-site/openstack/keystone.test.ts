import { authOf, siteOf, startCloud, type TestCloud } from './cloud';

let cloud: TestCloud;
beforeEach(async () => {
  cloud = await startCloud();
});
afterEach(() => cloud.close());

test('issues a token with the catalogue for a password and a project', async () => {
  const { status, headers, json } = await cloud.keystone('POST', '/v3/auth/tokens', authOf(cloud.site));
  expect(status).toBe(201);
  expect(cloud.openstack.tokens.has(headers.get('x-subject-token') ?? '')).toBe(true);
  expect(json['token']).toMatchObject({
    methods: ['password'],
    project: { name: 'admin', domain: { id: 'default' } },
    expires_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/) as string,
  });
  const { catalog } = json['token'] as { catalog: { type: string; endpoints: object[] }[] };
  expect(catalog.find(({ type }) => type === 'container-infra')?.endpoints).toContainEqual(
    expect.objectContaining({ interface: 'internal', region_id: 'RegionOne', url: 'http://10.21.22.2:9511/v1' }),
  );
  expect(catalog.map(({ type }) => type)).not.toContain('key-manager');
});

test.each([
  ['a wrong password', authOf(siteOf('golden'), 'guess')],
  [
    'an unknown project',
    { auth: { ...authOf(siteOf('golden')).auth, scope: { project: { name: 'x', domain: { id: 'default' } } } } },
  ],
])('answers 401 in its own shape to %s', async (_, body) => {
  const { status, json } = await cloud.keystone('POST', '/v3/auth/tokens', body);
  expect(status).toBe(401);
  expect(json).toEqual({
    error: { code: 401, title: 'Unauthorized', message: 'The request you have made requires authentication.' },
  });
});

test('issues tokens for the service user and, in its domain, for the trustee admin', async () => {
  const { keystone, trust } = cloud.site.magnum;
  const user = { name: keystone.username, domain: { id: 'default' }, password: cloud.secret(keystone.password) };
  const admin = {
    name: trust.domainAdminName,
    domain: { name: 'magnum' },
    password: cloud.secret(trust.domainAdminPassword),
  };
  const auth = (who: object, scope: object) => ({
    auth: { identity: { methods: ['password'], password: { user: who } }, scope },
  });
  const service = auth(user, { project: { name: 'services', domain: { id: 'default' } } });
  expect((await cloud.keystone('POST', '/v3/auth/tokens', service)).status).toBe(201);
  expect((await cloud.keystone('POST', '/v3/auth/tokens', auth(admin, { domain: { name: 'magnum' } }))).status).toBe(
    201,
  );
});

test('tells its versions, and 404 if there is no /v3 or no sense in a request', async () => {
  expect((await cloud.keystone('GET', '/')).status).toBe(300);
  expect((await cloud.keystone('GET', '/v3/')).json).toMatchObject({ version: { status: 'stable' } });
  expect((await cloud.keystone('POST', '/auth/tokens', authOf(cloud.site))).status).toBe(404);
  expect((await cloud.keystone('POST', '/v3/auth/tokens', { auth: 1 })).status).toBe(400);
});

test('is out of order, as HAProxy tells it', async () => {
  cloud.openstack.faults.keystoneDown = true;
  const { status, text } = await cloud.keystone('GET', '/v3');
  expect(status).toBe(503);
  expect(text).toContain('<h1>503 Service Unavailable</h1>');
});
