import { startCloud, templateBody, type TestCloud } from './cloud';

let cloud: TestCloud;
beforeEach(async () => {
  cloud = await startCloud();
});
afterEach(() => cloud.close());

interface Service {
  host: string | null;
  id: number;
  state: string;
  report_count: number;
  created_at: string;
  updated_at: string | null;
}
const services = async () => (await cloud.magnum('GET', '/v1/mservices')).json['mservices'] as Service[];

test('a conductor registers at once and sends a heartbeat every minute', async () => {
  cloud.conductor();
  const [first] = await services();
  expect(first).toEqual({
    host: 'node-1',
    binary: 'magnum-conductor',
    state: 'up',
    id: 1,
    report_count: 1,
    disabled: false,
    disabled_reason: null,
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/) as string,
    updated_at: first?.created_at,
  });
  cloud.pass(61);
  const [second] = await services();
  expect(second).toMatchObject({ report_count: 2, created_at: first?.created_at });
  expect(Date.parse(second?.updated_at ?? '') - Date.parse(first?.created_at ?? '')).toBe(60_000);
});

test('its row persists over restarts, one a controller, with a heartbeat at each start', async () => {
  cloud.conductor('node-1')();
  cloud.conductor('node-2');
  cloud.pass(30);
  cloud.conductor('node-1');
  const found = await services();
  expect(found.map(({ id, report_count }) => [id, report_count])).toEqual([
    [1, 2],
    [2, 1],
  ]);
  expect(found[0]?.updated_at).not.toBeNull();
  expect(cloud.openstack.services.map(({ host }) => host)).toEqual(['node-1', 'node-2']);
});

test('those without a host share one row', async () => {
  cloud.conductor('node-1', { 'DEFAULT.host': undefined });
  cloud.conductor('node-2', { 'DEFAULT.host': undefined });
  cloud.conductor('node-3');

  const found = await services();

  expect(found.map(({ host, report_count }) => [host, report_count])).toEqual([
    [null, 2],
    ['node-3', 1],
  ]);
});

test('a dead one is up for another 180 s', async () => {
  cloud.conductor('node-1');
  cloud.openstack.faults.dropConductor('node-1');
  cloud.pass(179);
  expect((await services())[0]?.state).toBe('up');
  cloud.pass(2);
  expect((await services())[0]).toMatchObject({ state: 'down', report_count: 1 });
});

test('without a conductor a POST is 202 and a GET 404 until one returns', async () => {
  await cloud.magnum('POST', '/v1/clustertemplates', templateBody());
  const body = { name: 'c1', cluster_template_id: 'swarm' };
  expect((await cloud.magnum('POST', '/v1/clusters', body)).status).toBe(202);
  cloud.pass(1000);
  expect((await cloud.magnum('GET', '/v1/clusters/c1')).status).toBe(404);
  cloud.conductor();
  cloud.pass(1);
  expect((await cloud.magnum('GET', '/v1/clusters/c1')).json['status']).toBe('CREATE_IN_PROGRESS');
});

test('closing stops all', async () => {
  cloud.conductor();
  cloud.openstack.close();
  cloud.pass(100);
  expect((await services())[0]?.report_count).toBe(1);
});
