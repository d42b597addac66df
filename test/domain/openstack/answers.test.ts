import { HeatClient } from '../../../domain/openstack/heat';
import { Keystone } from '../../../domain/openstack/keystone';
import { conductors } from '../../../domain/openstack/services';
import {
  atLeast,
  clusterAt,
  listedClusterAt,
  newestMicroversion,
  nodeGroupAt,
  serviceAt,
  TAGS,
  templateAt,
} from './answers/fields';
import { startSession, type TestSession } from './session';

let session: TestSession;
beforeAll(async () => {
  session = await startSession();
});
afterAll(() => session.end());

/** Puts a Magnum in its place that gives every request this answer. */
function answering(body: unknown, status = 200): void {
  session.cloud.serve((_, response) =>
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body)),
  );
}

/** The same of a tag, which refuses microversions that it does not know. */
function answeringAs(tag: string, body: unknown): void {
  session.cloud.serve((request, response) => {
    const wanted = Number(/ 1\.(\d+)$/.exec(String(request.headers['openstack-api-version']))?.[1]);
    if (wanted <= newestMicroversion(tag)) response.end(JSON.stringify(body));
    else response.writeHead(406).end(JSON.stringify(unsupported(tag)));
  });
}

/** As `HTTPNotAcceptableAPIVersion` gives it, at every tag. */
function unsupported(tag: string) {
  const max = `1.${newestMicroversion(tag)}`;
  const error = { min_version: '1.1', max_version: max, code: 'magnum.microversion-unsupported', links: [] };
  return { errors: [{ ...error, title: 'Requested microversion is unsupported', message: 'Not Acceptable' }] };
}

describe.each(TAGS)('Magnum %s', (tag) => {
  test('its conductors', async () => {
    answering({
      mservices: [serviceAt(tag), serviceAt(tag, { id: 2, host: null, updated_at: '2017-01-01T00:01:00' })],
    });

    expect(await conductors(session.magnum)).toEqual([
      { id: 1, host: 'node-1', state: 'up', heartbeatAt: 1_483_228_800 },
      { id: 2, host: null, state: 'up', heartbeatAt: 1_483_228_860 },
    ]);
  });

  test('its clusters', async () => {
    const project = await session.keystone.projectId();
    const ours = atLeast(tag, '6.0.0') ? { project_id: project } : {};
    answering(clusterAt(tag, { ...ours, status: 'CREATE_FAILED', faults: { swarm_primary_master: 'Quota', x: null } }));

    expect(await session.magnum.cluster('c1')).toMatchObject({
      name: 'c1',
      status: 'CREATE_FAILED',
      node_count: 5,
      master_count: 3,
      node_addresses: ['192.0.2.4', '192.0.2.5'],
      faults: { swarm_primary_master: 'Quota' },
    });
  });

  test('a cluster as it stands in its list', async () => {
    answering(listedClusterAt(tag));

    expect(await session.magnum.cluster('c1')).toMatchObject({ name: 'c1', node_count: 5, node_addresses: [] });
  });

  test('a cluster that no conductor has written to', async () => {
    const none = { status: null, status_reason: null, stack_id: null, api_address: null, node_addresses: null };
    answering(clusterAt(tag, { ...none, master_addresses: null, project_id: null }));

    expect(await session.magnum.cluster('c1')).toMatchObject({ status: null, stack_id: null, master_addresses: [] });
  });

  test('its templates', async () => {
    answering(templateAt(tag, atLeast(tag, '6.0.0') ? { public: true } : {}));

    expect(await session.magnum.template('swarm')).toMatchObject({ name: 'swarm', docker_volume_size: 5 });
  });

  test('workers in further node groups, if it has such', async () => {
    const further = { is_default: false, name: 'more', node_count: 2 };
    const groups = [
      nodeGroupAt(tag, { role: 'master', name: 'default-master', node_count: 3 }),
      nodeGroupAt(tag),
      nodeGroupAt(tag, further),
      nodeGroupAt(tag, { ...further, role: 'master' }),
    ];
    answeringAs(tag, { nodegroups: groups });

    expect(await session.magnum.furtherWorkers('f4f1')).toBe(atLeast(tag, '9.1.0') ? 2 : 0);
  });
});

test.each(TAGS.filter((tag) => !atLeast(tag, '12.0.0')))('Magnum %s refuses a cluster of no workers', async (tag) => {
  answeringAs(tag, { uuid: 'u' });

  await expect(session.magnum.createCluster({}, '1.10')).rejects.toMatchObject({
    status: 406,
    detail: 'Not Acceptable',
  });
});

describe('what nobody depends on', () => {
  test.each<[string, object]>([
    ['is missing', { id: undefined, state: undefined, report_count: undefined }],
    ['is null', { id: null, state: null, report_count: null }],
    ['is of another type', { id: '1', state: 1, report_count: 'many', disabled: 'no', created_at: 7 }],
    ['is new', { availability_zone: 'nova', load: [1, 2] }],
  ])('%s in a row of mservices', async (_, changed) => {
    answering({ mservices: [serviceAt('3.0.0', { updated_at: '2017-01-01T00:01:00+00:00', ...changed })] });

    expect(await conductors(session.magnum)).toMatchObject([{ host: 'node-1', heartbeatAt: 1_483_228_860 }]);
  });

  test('a conductor without any heartbeat is one that has sent none', async () => {
    answering({ mservices: [serviceAt('3.0.0', { created_at: null })] });

    expect(await conductors(session.magnum)).toMatchObject([{ host: 'node-1', heartbeatAt: 0 }]);
  });

  test('a row that is not a conductor does not hide the others', async () => {
    answering({ mservices: [null, { binary: 7 }, serviceAt('22.0.0')] });

    expect(await conductors(session.magnum)).toHaveLength(1);
  });

  test.each<[string, object]>([
    ['is missing', { name: undefined, status_reason: undefined, faults: undefined, node_addresses: undefined }],
    ['is null', { name: null, status_reason: null, faults: null, node_addresses: null, api_address: null }],
    ['is of another type', { name: 1, status_reason: {}, faults: ['x'], api_address: ['x'], health_status: 1 }],
  ])('%s in a cluster', async (_, changed) => {
    answering(clusterAt('5.0.0', changed));

    expect(await session.magnum.cluster('c1')).toMatchObject({ node_count: 5, status: 'CREATE_COMPLETE' });
  });

  test.each<[string, object]>([
    ['uuid', { uuid: undefined }],
    ['node_count', { node_count: null }],
    ['master_count', { master_count: '3' }],
    ['cluster_template_id', { cluster_template_id: undefined }],
  ])('is not %s of a cluster', async (_, changed) => {
    answering(clusterAt('22.0.0', { project_id: null, ...changed }));

    await expect(session.magnum.cluster('c1')).rejects.toMatchObject({ name: 'UnexpectedAnswer' });
  });

  test('a list of something else is no list of services', async () => {
    answering({ services: [] });

    await expect(session.magnum.services()).rejects.toMatchObject({ name: 'UnexpectedAnswer' });
  });
});

describe('Keystone v3', () => {
  const token = { issued_at: '2017-01-01T00:00:00.000000Z', expires_at: '2017-01-01T01:00:00.000000Z' };
  const endpoint = { interface: 'internal', url: 'http://10.21.22.2:9511/v1', id: 'e', region: 'RegionOne' };

  /** A Keystone whose token has this catalogue. */
  function keystoneWith(catalog: unknown): Keystone {
    const body = { token: { ...token, project: { id: 'p', name: 'admin' }, catalog, methods: ['password'] } };
    const answer = { method: 'POST', url: 'http://k', status: 201, headers: { 'x-subject-token': 't' } };
    const request = () => Promise.resolve({ ...answer, text: JSON.stringify(body), json: body });
    const { openstack } = session.cloud.site;
    const http = { request } as unknown as ConstructorParameters<typeof Keystone>[0];
    return new Keystone(http, session.clock, openstack, 'secret');
  }

  const find = (keystone: Keystone) => keystone.endpoint('container-infra', 'RegionOne', 'internal');

  test.each<[string, object]>([
    ['region alone', {}],
    ['region and region_id', { region_id: 'RegionOne' }],
    ['region_id alone', { region_id: 'RegionOne', region: undefined }],
    ['region_id null', { region_id: null }],
  ])('names the region by %s', async (_, changed) => {
    const keystone = keystoneWith([{ type: 'container-infra', endpoints: [{ ...endpoint, ...changed }] }]);

    expect(await find(keystone)).toBe('http://10.21.22.2:9511/v1');
  });

  test('a service or endpoint of another form does not hide the others', async () => {
    const catalog = [
      { name: 'half made', endpoints: [] },
      { type: 'image', endpoints: null },
      { type: 'container-infra', endpoints: [{ ...endpoint, url: null }, endpoint] },
    ];

    expect(await find(keystoneWith(catalog))).toBe('http://10.21.22.2:9511/v1');
  });

  test.each([undefined, null, []])('catalogue %j has no endpoint', async (catalog) => {
    await expect(find(keystoneWith(catalog))).rejects.toMatchObject({ name: 'EndpointMissing' });
  });
});

describe('Heat', () => {
  const answer = (json: unknown, status = 200) => ({
    ...{ method: 'GET', url: 'http://10.21.22.2:8004/v1/p/stacks/s', status, headers: {} },
    ...{ text: JSON.stringify(json), json },
  });
  const heatWith = (json: unknown) => new HeatClient(() => Promise.resolve(answer(json)));
  const stack = (changed: object) => ({ stack: { id: 's', stack_status: 'UPDATE_COMPLETE', tags: null, ...changed } });

  test.each<[string, object, number | undefined]>([
    ['swarm', { parameters: { 'OS::stack_id': 's', number_of_nodes: '8' } }, 8],
    ['kubernetes', { parameters: { number_of_minions: '0' } }, 0],
    ['mesos', { parameters: { number_of_slaves: 2 } }, 2],
    ['another driver', { parameters: { flavor: 'm1.small' } }, undefined],
    ['no parameters', { parameters: null, stack_status_reason: null }, undefined],
    ['what is no number', { parameters: { number_of_nodes: '' } }, undefined],
  ])('tells the workers of %s', async (_, changed, workers) => {
    expect((await heatWith(stack(changed)).stack('s'))?.workers).toBe(workers);
  });

  test('resources without names and links are told by what they have', async () => {
    const resources = [{ resource_status: 'CREATE_FAILED', resource_status_reason: null, links: null }, 7];

    expect(await heatWith({ resources }).describeIncomplete('s')).toBe(
      'Resources in Heat that failed: resource without name CREATE_FAILED.',
    );
  });
});
