import { bootstrapKeystone } from '../../../domain/bootstrap/keystone';
import type { Mode } from '../../../domain/site/load';
import { startSession, type TestSession } from '../openstack/session';
import { secretOf } from '../../local/simulated-site/openstack/cloud';

let session: TestSession;
afterEach(() => session.end());

const run = ({ http, keystone, cloud }: TestSession, mode: Mode = 'apply') =>
  bootstrapKeystone({ http, keystone, reveal: secretOf }, cloud.site, mode);

/** Takes away all that is Magnum's. */
function strip({ cloud }: TestSession): void {
  const { identity, catalogue } = cloud.openstack.backing;
  for (const list of [identity.users, identity.domains]) {
    const others = (list as { name: string }[]).filter(({ name }) => !name.startsWith('magnum'));
    list.splice(0, Infinity, ...(others as never[]));
  }
  const services = catalogue.filter(({ type }) => type !== 'container-infra');
  catalogue.splice(0, Infinity, ...services);
}

test('what is made is what Magnum uses: its user, its catalogue and its trustees', async () => {
  session = await startSession();
  strip(session);

  const items = await run(session);

  const created = items.filter(({ action }) => action === 'created').map(({ name }) => name);
  expect(created).toHaveLength(items.length - 1);
  expect(items.find(({ action }) => action === 'unchanged')?.name).toBe('project services');
  // Whoever logs in afterwards sees the endpoints.
  session.cloud.pass(3600);
  expect(await session.keystone.endpoint('container-infra', 'RegionOne', 'public')).toBe('http://10.21.22.2:9511/v1');
  expect(await session.magnum.services()).toEqual([]);
});

test('a user who is disabled, or has lost the role, works again', async () => {
  session = await startSession();
  const { identity } = session.cloud.openstack.backing;
  const magnum = identity.users.find(({ name }) => name === 'magnum');
  if (magnum) magnum.enabled = false;
  const others = identity.assignments.filter(({ user }) => user !== magnum?.id);
  identity.assignments.splice(0, Infinity, ...others);

  const items = await run(session);

  expect(items.filter(({ action }) => action !== 'unchanged')).toEqual([
    { name: 'user magnum', action: 'changed' },
    { name: 'role admin of magnum in project services', action: 'created' },
  ]);
  expect((await session.cloud.magnum('GET', '/v1/mservices')).status).toBe(200);
});

test('a domain that is disabled stays so, and is reported', async () => {
  session = await startSession();
  const { domains } = session.cloud.openstack.backing.identity;
  const index = domains.findIndex(({ name }) => name === 'magnum');
  const domain = domains[index];
  if (domain) domains[index] = { ...domain, enabled: false };

  const refused = run(session);

  await expect(refused).rejects.toMatchObject({ name: 'KeystoneAdminRefused' });
  await expect(refused).rejects.toThrow(
    /user magnum_domain_admin of magnum cannot authenticate.*domain may be disabled/,
  );
});

test('a Keystone without the role admin is told before anything is made', async () => {
  session = await startSession();
  strip(session);
  const { identity } = session.cloud.openstack.backing;
  identity.roles.shift();

  const refused = run(session);

  await expect(refused).rejects.toThrow(/there is no role admin\. The user admin in the project admin must be allowed/);
  expect(identity.users.filter(({ name }) => name.startsWith('magnum'))).toEqual([]);
});

test('a region that Keystone does not know is told with its own words', async () => {
  session = await startSession();
  strip(session);
  const { http, keystone, cloud } = session;
  const elsewhere = { ...cloud.site, openstack: { ...cloud.site.openstack, region: 'RegionTwo' } };

  const refused = bootstrapKeystone({ http, keystone, reveal: secretOf }, elsewhere, 'apply');

  await expect(refused).rejects.toThrow(/endpoints: 400 Expecting to find endpoint region_id in region table/);
});

test('a check of a Keystone that has nothing asks nothing of what cannot be there', async () => {
  session = await startSession();
  strip(session);
  const before = JSON.stringify(session.cloud.openstack.backing);

  const items = await run(session, 'check');

  expect(items.map(({ action }) => action)).toEqual(['unchanged', ...Array.from({ length: 9 }, () => 'missing')]);
  expect(JSON.stringify(session.cloud.openstack.backing)).toBe(before);
});
