import { templateBody } from '../../local/simulated-site/openstack/cloud';
import { startSession, type TestSession } from './session';

let session: TestSession;
beforeEach(async () => {
  session = await startSession();
});
afterEach(() => session.end());

test('keeps one connection each to Keystone and Magnum', async () => {
  const { magnum, cloud } = session;
  await magnum.services();
  await magnum.services();
  await magnum.template('none');
  expect(cloud.connections).toBe(2);
});

test('names its microversion in every request', async () => {
  const versions: unknown[] = [];
  session.cloud.serve((request, response) => {
    versions.push(request.headers['openstack-api-version']);
    response.writeHead(202).end('{"uuid":"u"}');
  });
  await session.magnum.createCluster({}, '1.10');
  await session.magnum.patchCluster('u', [], '1.1');
  await expect(session.magnum.template('t')).rejects.toThrow();
  expect(versions).toEqual(['container-infra 1.10', 'container-infra 1.1', 'container-infra 1.1']);
});

test('creates, finds and changes templates', async () => {
  const { magnum } = session;
  expect(await magnum.template('swarm')).toBeUndefined();
  const { uuid } = await magnum.createTemplate(templateBody());
  expect(await magnum.template('swarm')).toMatchObject({ ...templateBody(), uuid, labels: {} });
  const changed = await magnum.patchTemplate(uuid, [{ op: 'replace', path: '/dns_nameserver', value: '1.1.1.1' }]);
  expect(changed['dns_nameserver']).toBe('1.1.1.1');
});

test('several of one name: DuplicateNameInMagnum says what to do', async () => {
  const { magnum, cloud } = session;
  cloud.conductor();
  await magnum.createTemplate(templateBody());
  const { uuid } = await magnum.createTemplate(templateBody());
  await expect(magnum.template('swarm')).rejects.toMatchObject({ name: 'DuplicateNameInMagnum' });
  await expect(magnum.template('swarm')).rejects.toThrow(/`openstack coe cluster template list`, delete or rename/);
  for (const name of ['c1', 'c1']) await magnum.createCluster({ name, cluster_template_id: uuid }, '1.1');
  cloud.pass(1);
  await expect(magnum.cluster('c1')).rejects.toThrow(/Several clusters are named c1/);
});

test('a refusal tells what Magnum says and where', async () => {
  await expect(session.magnum.createTemplate(templateBody({ image_id: 'ubuntu_xenial' }))).rejects.toMatchObject({
    name: 'OpenStackApiError',
    status: 400,
    message: expect.stringMatching(
      /^POST http:\/\/10\.21\.22\.2:9511\/v1\/clustertemplates: 400 Cluster type \(vm, ubuntu, swarm-mode\) not supported\. Correct/,
    ) as string,
  });
});

test('Keystone behind Magnum down, or its credentials wrong: OpenStackUnavailable', async () => {
  const { magnum, cloud, drive } = session;
  await magnum.services();
  cloud.openstack.faults.keystoneDown = true;
  await expect(drive(magnum.services())).rejects.toMatchObject({ name: 'OpenStackUnavailable' });
  cloud.openstack.faults.keystoneDown = false;
  cloud.restartApi({ 'keystone_authtoken.password': 'wrong' });
  await expect(drive(magnum.services())).rejects.toThrow(
    /503 The server is currently unavailable.* The Keystone service is temporarily unavailable\. Either .*\[keystone_authtoken\] are wrong/,
  );
});

test('Magnum down behind HAProxy: a look-up is repeated until it is back', async () => {
  const { magnum, cloud, drive, clock } = session;
  const began = clock.now();
  // HAProxy needs 3.1 s until it routes to a restarted API again.
  cloud.serve((_, response) => {
    if (clock.now() - began < 3100)
      response.writeHead(503, { Connection: 'close' }).end('<h1>503 Service Unavailable</h1>');
    else response.end('{"mservices":[]}');
  });
  expect(await drive(magnum.services())).toEqual([]);
  expect(clock.now() - began).toBe(500 + 1000 + 2000);
});

test('a wrong database: OpenStackApiError with its reason', async () => {
  session.cloud.restartApi({ 'database.connection': 'mysql+pymysql://magnum:wrong@10.21.22.2/magnum' });
  await expect(session.magnum.services()).rejects.toThrow(/500 .*Access denied for user 'magnum'/);
});

test('a cluster whose row is spoilt: ClusterUnreadable; others can be read', async () => {
  const { magnum, cloud, drive } = session;
  const { uuid } = await magnum.createTemplate(templateBody());
  cloud.conductor('node-1', { 'trust.trustee_domain_admin_password': 'wrong' });
  await magnum.createCluster({ name: 'c1', cluster_template_id: uuid }, '1.1');
  cloud.pass(1);
  cloud.conductor('node-1');
  await magnum.createCluster({ name: 'c2', cluster_template_id: uuid }, '1.1');
  cloud.pass(1);
  await expect(drive(magnum.cluster('c1'))).rejects.toMatchObject({ name: 'ClusterUnreadable' });
  expect(await magnum.cluster('c2')).toMatchObject({ status: 'CREATE_IN_PROGRESS' });
});

test('a cluster that a conductor has not yet written whole is asked for again', async () => {
  const { magnum, cloud, drive, clock } = session;
  const { uuid } = await magnum.createTemplate(templateBody());
  cloud.conductor('node-1');
  await magnum.createCluster({ name: 'c1', cluster_template_id: uuid }, '1.1');
  cloud.pass(1);
  const whole = await magnum.cluster('c1');
  const written = clock.now() + 1200;
  cloud.serve((_, response) => {
    if (clock.now() >= written) response.end(JSON.stringify(whole));
    else {
      const detail =
        "Invalid input for field/attribute master_count. Value: '0'. Value should be greater or equal to 1.";
      response.writeHead(400).end(JSON.stringify({ errors: [{ status: 400, code: 'client', title: 'Bad', detail }] }));
    }
  });

  expect(await drive(magnum.cluster('c1'))).toEqual(whole);
  expect(clock.now() - written).toBe(300);
});

test.each([
  ['a page', 200, '<html><body>Welcome</body></html>', /200, but not a list of services: Welcome/],
  ['another JSON', 200, '{"services":[]}', /200, but not a list of services/],
])('%s where Magnum should be: UnexpectedAnswer', async (_, status, text, message) => {
  session.cloud.serve((__, response) => response.writeHead(status).end(text));
  await expect(session.magnum.services()).rejects.toMatchObject({ name: 'UnexpectedAnswer' });
  await expect(session.magnum.services()).rejects.toThrow(message);
});

test('no error tells password or token', async () => {
  const { magnum, keystone, cloud } = session;
  const token = await keystone.token();
  cloud.serve((_, response) => response.writeHead(400).end('nonsense'));
  const error: unknown = await magnum.services().catch((thrown: unknown) => thrown);
  expect(JSON.stringify(error) + String(error)).not.toContain(token);
  expect(String(error)).not.toContain(cloud.secret(cloud.site.openstack.password));
});
