import { startSession, type TestSession } from './session';

let session: TestSession;
afterEach(() => session.end());

test('one token serves until shortly before it expires', async () => {
  session = await startSession();
  const token = await session.keystone.token();
  expect(await session.keystone.token()).toBe(token);
  session.cloud.pass(3500);
  expect(await session.keystone.token()).not.toBe(token);
  expect(session.cloud.openstack.tokens.size).toBe(2);
});

test('those who ask at once share one', async () => {
  session = await startSession();
  const { keystone } = session;
  const tokens = await Promise.all([
    keystone.token(),
    keystone.token(),
    keystone.endpoint('identity', 'RegionOne', 'admin'),
  ]);
  expect(tokens[0]).toBe(tokens[1]);
  expect(tokens[2]).toBe('http://10.21.22.2:35357/v3');
  expect(session.cloud.openstack.tokens.size).toBe(1);
});

test('a token that is refused is renewed once', async () => {
  session = await startSession();
  await session.magnum.services();
  session.cloud.openstack.tokens.clear();
  expect(await session.magnum.services()).toEqual([]);
  expect(session.cloud.openstack.tokens.size).toBe(1);
  // A Magnum that takes no token at all is not asked for ever.
  let asked = 0;
  session.cloud.serve((_, response) => {
    asked += 1;
    response.writeHead(401).end('{"error":{"code":401,"title":"Unauthorized","message":"no"}}');
  });
  await expect(session.magnum.services()).rejects.toMatchObject({ name: 'OpenStackApiError', status: 401 });
  expect(asked).toBe(2);
});

test.each(['http://10.21.22.2:5000', 'http://10.21.22.2:5000/', 'http://10.21.22.2:5000/v3/'])(
  '%s is understood',
  async (authUrl) => {
    session = await startSession({}, { authUrl });
    expect(await session.keystone.token()).toMatch(/^gAAAAA/);
  },
);

test('a wrong password: KeystoneCredentialsRefused, which does not tell it', async () => {
  session = await startSession({}, { password: 'guess-4711' });
  const refused = session.keystone.token();
  await expect(refused).rejects.toMatchObject({ name: 'KeystoneCredentialsRefused' });
  await expect(refused).rejects.toThrow(/Keystone at http:\/\/10\.21\.22\.2:5000\/v3 refuses the user admin/);
  await expect(refused).rejects.not.toThrow('guess-4711');
  // Nothing of a failure is kept.
  await expect(session.keystone.token()).rejects.toMatchObject({ name: 'KeystoneCredentialsRefused' });
});

test.each([
  ['http://10.21.22.2:5001/v3', /EHOSTUNREACH/],
  ['http://10.21.22.2:9511/v3', /401|404/],
])('no Keystone at %s: KeystoneUnreachable', async (authUrl, reason) => {
  session = await startSession({}, { authUrl });
  // Magnum answers 401 to whatever has no token; asked for /, it is no Keystone either.
  session.cloud.serve((_, response) => response.writeHead(404).end());
  const failure = session.drive(session.keystone.token());
  await expect(failure).rejects.toMatchObject({ name: 'KeystoneUnreachable' });
  await expect(failure).rejects.toThrow(reason);
});

test('Keystone down: KeystoneUnreachable, with what HAProxy says', async () => {
  session = await startSession();
  session.cloud.openstack.faults.keystoneDown = true;
  await expect(session.drive(session.keystone.token())).rejects.toThrow(
    /503 503 Service Unavailable No server is available/,
  );
});

test.each([
  [
    'container-infra',
    'RegionTwo',
    'internal',
    /no internal endpoint of container-infra in region RegionTwo; it has public in region RegionOne/,
  ],
  ['key-manager', 'RegionOne', 'public', /no public endpoint of key-manager in region RegionOne; it has none at all/],
] as const)('no %s in %s: EndpointMissing', async (type, region, kind, message) => {
  session = await startSession();
  const missing = session.keystone.endpoint(type, region, kind);
  await expect(missing).rejects.toMatchObject({ name: 'EndpointMissing' });
  await expect(missing).rejects.toThrow(message);
});
