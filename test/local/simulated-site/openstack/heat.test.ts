import { startCloud, templateBody, type TestCloud } from './cloud';

// As the real Heat of Zed answers about a cluster of swarm-mode.

let cloud: TestCloud;
beforeEach(async () => {
  cloud = await startCloud();
  cloud.conductor();
  await cloud.magnum('POST', '/v1/clustertemplates', templateBody());
});
afterEach(() => cloud.close());

/** Makes a cluster of one manager and two workers. @returns the ID of its stack */
async function stackOf(seconds: number): Promise<string> {
  await cloud.magnum('POST', '/v1/clusters', { name: 'c1', cluster_template_id: 'swarm', node_count: 2 });
  cloud.pass(seconds);
  return String((await cloud.magnum('GET', '/v1/clusters/c1')).json['stack_id']);
}

interface Resource {
  resource_name: string;
  resource_type: string;
  resource_status: string;
  resource_status_reason: string;
  parent_resource?: string;
  links: { href: string; rel: string }[];
}
const resources = async (id: string, depth: number) =>
  (await cloud.heat(`/stacks/${id}/resources?nested_depth=${depth}`)).json['resources'] as Resource[];

test('a stack is moved to its name and ID, and tells its status and parameters', async () => {
  const id = await stackOf(100);

  const { status, path, json } = await cloud.heat(`/stacks/${id}`);

  expect(status).toBe(200);
  expect(path).toMatch(new RegExp(`/v1/[0-9a-f]{32}/stacks/c1-[0-9a-f-]+/${id}$`));
  expect(json['stack']).toMatchObject({
    id,
    stack_status: 'CREATE_COMPLETE',
    stack_status_reason: 'Stack CREATE completed successfully',
    parameters: { number_of_nodes: '2' },
    updated_time: null,
  });
});

test('no stack of this ID: 404', async () => {
  const { status, json } = await cloud.heat('/stacks/11111111-2222-4333-8444-555555555555');

  expect(status).toBe(404);
  expect(json).toMatchObject({ code: 404, title: 'Not Found', error: { type: 'EntityNotFound' } });
});

test('a resize is in its parameters when Heat has taken it', async () => {
  const id = await stackOf(100);
  await cloud.magnum('PATCH', '/v1/clusters/c1', [{ op: 'replace', path: '/node_count', value: 4 }]);
  cloud.pass(1);

  const before = await cloud.heat(`/stacks/${id}`);
  cloud.pass(11);
  const after = await cloud.heat(`/stacks/${id}`);

  expect(before.json['stack']).toMatchObject({
    stack_status: 'CREATE_COMPLETE',
    parameters: { number_of_nodes: '2' },
  });
  expect(after.json['stack']).toMatchObject({
    stack_status: 'UPDATE_IN_PROGRESS',
    parameters: { number_of_nodes: '4' },
  });
});

test('the resources of nested stacks come with theirs, as deep as asked for', async () => {
  const id = await stackOf(100);

  const [flat, deep] = [await resources(id, 0), await resources(id, 5)];

  expect(flat.map(({ resource_name }) => resource_name)).toEqual([
    'swarm_primary_master',
    'swarm_secondary_masters',
    'swarm_nodes',
  ]);
  expect(deep.filter(({ resource_type }) => resource_type === 'OS::Nova::Server')).toHaveLength(3);
});

test('while it is made, the wait conditions are in progress', async () => {
  const id = await stackOf(1);

  const found = await resources(id, 5);

  const waiting = found.filter(({ resource_status }) => resource_status === 'CREATE_IN_PROGRESS');
  expect(new Set(waiting.map(({ resource_type }) => resource_type.replace(/^file:.*\//, '')))).toEqual(
    new Set(['OS::Heat::ResourceGroup', 'swarmmaster.yaml', 'swarmnode.yaml', 'OS::Heat::WaitCondition']),
  );
});

test('a failure is told by what failed and by all that it is in', async () => {
  cloud.openstack.faults.nextClusterFails({ 'default-worker': 'No valid host was found.' });
  const id = await stackOf(100);

  const found = await resources(id, 5);

  const failed = found.filter(({ resource_status }) => resource_status === 'CREATE_FAILED');
  expect(failed.map((one) => [one.resource_name, one.parent_resource, one.resource_status_reason])).toEqual([
    ['swarm_nodes', undefined, 'ResourceInError: resources[0]: resources.swarm-node: No valid host was found.'],
    ['0', 'swarm_nodes', 'ResourceInError: resources.swarm-node: No valid host was found.'],
    ['swarm-node', '0', 'ResourceInError: No valid host was found.'],
  ]);
  const [group, member] = failed.map(({ links }) => Object.fromEntries(links.map(({ rel, href }) => [rel, href])));
  expect(member?.['stack']).toBe(group?.['nested']);
});
