import { authOf, siteOf, startCloud, type TestCloud } from './cloud';

let cloud: TestCloud;
afterEach(() => cloud.close());

/** Asks Keystone as the operator; answers are those of Keystone 22 (Zed). */
async function ask(method: string, path: string, body?: unknown) {
  const [token = ''] = cloud.openstack.tokens.keys();
  const { status, text } = await cloud.keystone(method, path, body, { 'X-Auth-Token': token });
  return { status, body: text === '' ? undefined : (JSON.parse(text) as Record<string, unknown>) };
}

async function start() {
  cloud = await startCloud(siteOf('golden'));
  await cloud.keystone('POST', '/v3/auth/tokens', authOf(cloud.site));
}

const user = (name: string, domain_id = 'default') => ({ user: { name, domain_id, password: 'x' } });

test.each([
  ['POST', '/v3/users', user('magnum'), 409, /attempting to store user - Duplicate entry found with name magnum/],
  [
    'POST',
    '/v3/domains',
    { domain: { name: 'magnum' } },
    409,
    /two projects acting as domains with the same name: magnum/,
  ],
  ['POST', '/v3/projects', { project: { name: 'services', domain_id: 'default' } }, 409, /two projects with either/],
  ['POST', '/v3/users', user('new', 'nope'), 404, /Could not find domain: nope/],
  ['POST', '/v3/users', {}, 400, /Expecting to find user/],
  ['GET', '/v3/users/nope', undefined, 404, /Could not find user: nope/],
  ['PATCH', '/v3/users/nope', { user: { password: 'y' } }, 404, /Could not find user: nope/],
  ['GET', '/v3/projects/nope/users/nope/roles', undefined, 404, /Could not find/],
  ['DELETE', '/v3/users/nope', undefined, 405, /not allowed/],
])('%s %s %j: %d', async (method, path, body, status, message) => {
  await start();

  const answer = await ask(method, path, body);

  expect(answer.status).toBe(status);
  expect(JSON.stringify(answer.body)).toMatch(message);
});

test('a user is made without showing the password, gets a role, and with it a token', async () => {
  await start();
  const { identity } = cloud.openstack.backing;
  const project = identity.projects.find(({ name }) => name === 'services')?.id ?? '';
  const [role] = identity.roles;

  const made = await ask('POST', '/v3/users', user('new'));
  const id = identity.users.find(({ name }) => name === 'new')?.id ?? '';
  const path = `/v3/projects/${project}/users/${id}/roles`;
  const before = await ask('GET', path);
  const put = await ask('PUT', `${path}/${role?.id ?? ''}`);
  const after = await ask('GET', path);
  const changed = await ask('PATCH', `/v3/users/${id}`, { user: { password: 'y' } });

  expect([made.status, put.status, changed.status]).toEqual([201, 204, 200]);
  expect(made.body).toEqual({ user: { id, name: 'new', domain_id: 'default', enabled: true } });
  expect([before.body?.['roles'], after.body?.['roles']]).toEqual([[], [role]]);
  const auth = { identity: { methods: ['password'], password: { user: { id, password: 'y' } } } };
  const token = await cloud.keystone('POST', '/v3/auth/tokens', {
    auth: { ...auth, scope: { project: { id: project } } },
  });
  expect(token.status).toBe(201);
});

test('nobody asks without a token, or without the role admin', async () => {
  await start();
  const { assignments, roles } = cloud.openstack.backing.identity;

  const anonymous = await cloud.keystone('GET', '/v3/users');
  const others = assignments.map((one) => ({ ...one, role: roles[1]?.id ?? '' }));
  assignments.splice(0, Infinity, ...others);
  const member = await ask('GET', '/v3/users');

  expect(anonymous.status).toBe(401);
  expect(member.status).toBe(403);
  expect(JSON.stringify(member.body)).toContain('not authorized to perform the requested action: identity:list_users.');
});
