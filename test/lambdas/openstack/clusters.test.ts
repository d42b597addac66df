import { ensureCluster, pollCluster } from '../../../lambdas/openstack/clusters';
import { ensureClusterTemplate } from '../../../lambdas/openstack/templates';
import type { Cluster, ClusterTemplate } from '../../../lambdas/site/document';
import { siteOf } from '../../local/simulated-site/openstack/cloud';
import { startSession, type TestSession } from './session';

const [golden] = siteOf('golden').clusters as [Cluster];
const [template] = siteOf('golden').clusterTemplates as [ClusterTemplate];

let session: TestSession;
beforeEach(async () => {
  session = await startSession();
  session.cloud.conductor();
  await ensureClusterTemplate(session.magnum, template, 'apply');
});
afterEach(() => session.end());

const rows = () => session.cloud.openstack.clusters;
const ensure = (changed: Partial<Cluster> = {}, mode: 'check' | 'apply' = 'apply') =>
  ensureCluster(session.magnum, { ...golden, ...changed }, mode);
const poll = (workers?: number) => pollCluster(session.magnum, rows()[0]?.uuid ?? '', workers);

test('the golden cluster: requested, in progress, complete', async () => {
  const created = await ensure();
  expect(created).toEqual({
    name: 'swarm-mode-cluster',
    uuid: rows()[0]?.uuid,
    action: 'created',
    status: 'CREATE_IN_PROGRESS',
    managers: 3,
    workers: 5,
    differences: [],
  });
  expect(rows()[0]).toMatchObject({ master_count: 3, node_count: 5, create_timeout: 60 });
  expect(await poll()).toMatchObject({ done: false, status: 'CREATE_IN_PROGRESS' });
  session.cloud.pass(81);
  expect(await poll(5)).toMatchObject({
    done: true,
    status: 'CREATE_COMPLETE',
    managers: 3,
    workers: 5,
    apiAddress: expect.stringMatching(/^tcp:/) as string,
    workerAddresses: expect.arrayContaining(['172.24.4.101']) as string[],
  });
  expect(await ensure()).toMatchObject({ action: 'unchanged', status: 'CREATE_COMPLETE', differences: [] });
  expect(rows()).toHaveLength(1);
});

test('repeated while it is in progress: no second one', async () => {
  await ensure();
  expect(await ensure()).toMatchObject({ action: 'unchanged', status: 'CREATE_IN_PROGRESS' });
  expect(rows()).toHaveLength(1);
});

test('a check creates nothing, also without the template', async () => {
  const missing = { name: golden.name, action: 'missing', managers: 3, workers: 5, differences: [] };
  expect(await ensure({}, 'check')).toEqual(missing);
  expect(await ensure({ clusterTemplate: 'none' }, 'check')).toEqual(missing);
  expect(rows()).toEqual([]);
});

test('no template: ClusterTemplateMissing', async () => {
  await expect(ensure({ clusterTemplate: 'none' })).rejects.toMatchObject({ name: 'ClusterTemplateMissing' });
});

test('another number of workers: resized', async () => {
  await ensure();
  session.cloud.pass(100);
  const differences = [{ field: 'node_count', found: 5, wanted: 8 }];
  expect(await ensure({ workers: 8 }, 'check')).toMatchObject({ action: 'differs', workers: 5, differences });
  expect(await ensure({ workers: 8 })).toMatchObject({
    action: 'resized',
    status: 'UPDATE_IN_PROGRESS',
    workers: 8,
    differences,
  });
  expect(await poll(8)).toMatchObject({ done: false, status: 'UPDATE_IN_PROGRESS' });
  session.cloud.pass(100);
  expect(await poll(8)).toMatchObject({ done: true, status: 'UPDATE_COMPLETE', workers: 8 });
});

test('no worker at all takes microversion 1.10', async () => {
  expect(await ensure({ workers: 0 })).toMatchObject({ action: 'created', workers: 0 });
  session.cloud.pass(100);
  await ensure({ workers: 1 });
  session.cloud.pass(100);
  expect(await ensure({ workers: 0 })).toMatchObject({ action: 'resized', workers: 0 });
});

test('what Magnum cannot change is reported: managers, the template, anything while it is in progress', async () => {
  await ensure();
  expect(await ensure({ workers: 8 })).toMatchObject({
    action: 'differs',
    status: 'CREATE_IN_PROGRESS',
    workers: 5,
    differences: [{ field: 'node_count', found: 5, wanted: 8 }],
  });
  session.cloud.pass(100);
  const other = await ensureClusterTemplate(session.magnum, { ...template, name: 'other' }, 'apply');
  const { uuid } = await ensureClusterTemplate(session.magnum, template, 'apply');
  expect(await ensure({ managers: 5, clusterTemplate: 'other' })).toMatchObject({
    action: 'differs',
    managers: 3,
    differences: [
      { field: 'cluster_template_id', found: uuid, wanted: other.uuid },
      { field: 'master_count', found: 3, wanted: 5 },
    ],
  });
  // What can be changed is, all the same.
  expect(await ensure({ managers: 5, workers: 6 })).toMatchObject({
    action: 'differs',
    workers: 6,
    differences: [{ field: 'master_count', found: 3, wanted: 5 }],
  });
});

test('create_timeout is no drift', async () => {
  await ensure();
  expect(await ensure({ createTimeoutMinutes: 90 })).toMatchObject({ action: 'unchanged' });
});

describe('a failure', () => {
  test('is ClusterFailed with status_reason and faults', async () => {
    session.cloud.openstack.faults.nextClusterFails(
      { 'default-worker': 'No valid host was found.' },
      'Resource CREATE failed',
    );
    await ensure();
    session.cloud.pass(100);
    await expect(poll()).rejects.toMatchObject({ name: 'ClusterFailed' });
    await expect(poll()).rejects.toThrow(
      /swarm-mode-cluster \(.*\) is CREATE_FAILED: Resource CREATE failed; default-worker: No valid host was found\..* openstack coe cluster delete|openstack stack resource list/,
    );
  });

  test('found by name is told, not mended', async () => {
    session.cloud.openstack.faults.nextClusterFails({});
    await ensure();
    session.cloud.pass(100);
    await expect(ensure()).rejects.toThrow(/is CREATE_FAILED: .*It is not deleted and created anew on its own/);
    expect(await ensure({}, 'check')).toMatchObject({
      action: 'differs',
      differences: [{ field: 'status', found: 'CREATE_FAILED', wanted: 'CREATE_COMPLETE' }],
    });
    expect(rows()).toHaveLength(1);
  });

  test.each([
    ['DELETE_IN_PROGRESS', /Wait until it is gone/],
    ['UPDATE_FAILED', /openstack coe cluster resize/],
    ['DELETE_FAILED', /openstack coe cluster delete/],
  ])('%s tells what to do', async (status, advice) => {
    await ensure();
    Object.assign(rows()[0] ?? {}, { status, heat: undefined });
    await expect(ensure()).rejects.toThrow(advice);
    await expect(poll()).rejects.toThrow(advice);
  });

  test('with very many faults is cut, with a count', async () => {
    const faults = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`group-${index}`, 'x'.repeat(50)]));
    session.cloud.openstack.faults.nextClusterFails(faults);
    await ensure();
    session.cloud.pass(100);
    await expect(poll()).rejects.toThrow(/… \(\d+ more characters\)\. It is not/);
  });
});

test('three managers without a load balancer, or a missing keypair: Magnum’s own words', async () => {
  await ensureClusterTemplate(session.magnum, { ...template, name: 'other', masterLbEnabled: false }, 'apply');
  await expect(ensure({ clusterTemplate: 'other' })).rejects.toThrow(
    'master_count must be 1 when master_lb_enabled is False',
  );
  session.cloud.openstack.cloud.keypairs = [];
  await expect(ensure()).rejects.toThrow('404 Unable to find keypair fuel.');
});

describe('without a conductor', () => {
  beforeEach(() => {
    session.cloud.openstack.faults.dropConductor('node-1');
  });

  /** So much for 10 s of patience. */
  const later = () =>
    setTimeout(() => {
      session.cloud.pass(20);
    }, 50);

  test('a creation is only requested, and polled until one returns', async () => {
    later();
    const created = await ensure();
    expect(created).toMatchObject({ action: 'created', status: 'REQUESTED', managers: 3, workers: 5 });
    const uuid = created.uuid ?? '';
    expect(await pollCluster(session.magnum, uuid)).toEqual({ uuid, done: false, status: 'REQUESTED' });
    session.cloud.conductor();
    session.cloud.pass(1);
    expect(await pollCluster(session.magnum, uuid)).toMatchObject({ done: false, status: 'CREATE_IN_PROGRESS' });
  });

  test('a resize is RequestNotTaken', async () => {
    session.cloud.conductor();
    await ensure();
    session.cloud.pass(100);
    await ensure();
    session.cloud.openstack.faults.dropConductor('node-1');
    later();
    await expect(ensure({ workers: 8 })).rejects.toMatchObject({ name: 'RequestNotTaken' });
  });
});

describe('a lost answer', () => {
  test('to the creation: the cluster is found by its name, and there is one', async () => {
    session.cloud.openstack.faults.answersLost = 1;
    expect(await ensure()).toMatchObject({ action: 'created', status: 'CREATE_IN_PROGRESS', uuid: rows()[0]?.uuid });
    await ensure();
    expect(rows()).toHaveLength(1);
  });

  test('to the creation, and no conductor: AnswerLost, nothing is sent twice', async () => {
    session.cloud.openstack.faults.dropConductor('node-1');
    session.cloud.openstack.faults.answersLost = 1;
    setTimeout(() => {
      session.cloud.pass(20);
    }, 50);
    await expect(ensure()).rejects.toMatchObject({ name: 'AnswerLost' });
    session.cloud.conductor();
    session.cloud.pass(1);
    expect(await ensure()).toMatchObject({ action: 'unchanged' });
    expect(rows()).toHaveLength(1);
  });

  test('to a resize: what happened is looked up', async () => {
    await ensure();
    session.cloud.pass(100);
    session.cloud.openstack.faults.answersLost = 1;
    expect(await ensure({ workers: 8 })).toMatchObject({ action: 'resized', workers: 8 });
  });
});
