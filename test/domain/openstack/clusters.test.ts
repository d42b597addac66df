import { pollCluster } from '../../../domain/openstack/cluster-progress';
import { ensureCluster } from '../../../domain/openstack/clusters';
import { ensureClusterTemplate } from '../../../domain/openstack/templates';
import type { Cluster, ClusterTemplate } from '../../../domain/site/document';
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
  session.drive(ensureCluster(session, { ...golden, ...changed }, mode));
const poll = (workers = golden.workers, minutes?: number) =>
  session.drive(pollCluster(session, { name: golden.name, uuid: rows()[0]?.uuid ?? '', workers }, minutes));

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
    done: false,
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

test('an address without a host is none: no load balancer gave it', async () => {
  await ensure();
  session.cloud.pass(100);
  Object.assign(rows()[0] ?? {}, { api_address: 'tcp://:2375' });

  const progress = await poll();

  expect(progress).not.toHaveProperty('apiAddress');
});

test('repeated while it is in progress: no second one', async () => {
  await ensure();
  expect(await ensure()).toMatchObject({ action: 'unchanged', status: 'CREATE_IN_PROGRESS' });
  expect(rows()).toHaveLength(1);
});

test('a check creates nothing, also without the template', async () => {
  const missing = { name: golden.name, action: 'missing', managers: 3, workers: 5, differences: [], done: true };
  expect(await ensure({}, 'check')).toEqual(missing);
  expect(await ensure({ clusterTemplate: 'none' }, 'check')).toEqual(missing);
  expect(rows()).toEqual([]);
});

test('no template: ClusterTemplateMissing', async () => {
  await expect(ensure({ clusterTemplate: 'none' })).rejects.toMatchObject({ name: 'ClusterTemplateMissing' });
});

describe('another number of workers', () => {
  const differences = [{ field: 'node_count', found: 5, wanted: 8 }];

  /** A cluster that is complete, and a resize of it that a conductor has taken up, but Heat has not. */
  async function resizing(workers = 8) {
    await ensure();
    session.cloud.pass(100);
    return ensure({ workers });
  }

  test('is a difference in a check', async () => {
    await ensure();
    session.cloud.pass(100);

    const checked = await ensure({ workers: 8 }, 'check');

    expect(checked).toMatchObject({ action: 'differs', workers: 5, differences, done: true });
  });

  test('is not done while Magnum shows it with the status of before', async () => {
    const resized = await resizing();

    const early = await poll(8);

    expect(resized).toMatchObject({ action: 'resized', workers: 8, differences, done: false });
    expect(early).toMatchObject({ done: false, status: 'CREATE_COMPLETE', workers: 8 });
  });

  test('is done when the update is complete', async () => {
    await resizing();
    session.cloud.pass(11);

    const during = await poll(8);
    session.cloud.pass(100);
    const after = await poll(8);

    expect(during).toMatchObject({ done: false, status: 'UPDATE_IN_PROGRESS' });
    expect(after).toMatchObject({ done: true, status: 'UPDATE_COMPLETE', workers: 8 });
  });

  test('likewise after an update before', async () => {
    await resizing();
    session.cloud.pass(120);
    await ensure({ workers: 4 });

    const early = await poll(4);
    session.cloud.pass(120);
    const after = await poll(4);

    expect(early).toMatchObject({ done: false, status: 'UPDATE_COMPLETE', workers: 4 });
    expect(after).toMatchObject({ done: true, status: 'UPDATE_COMPLETE', workers: 4 });
  });

  test('asked for again before Heat has taken it: resized, and not done', async () => {
    await resizing();

    const again = await ensure({ workers: 8 });
    const checked = await ensure({ workers: 8 }, 'check');

    expect(again).toMatchObject({ action: 'resized', workers: 8, differences, done: false });
    expect(checked).toMatchObject({ action: 'differs', differences });
  });

  test('asked for again while Heat is at it: waited for', async () => {
    await resizing();
    session.cloud.pass(11);

    const again = await ensure({ workers: 8 });

    expect(again).toMatchObject({ action: 'unchanged', status: 'UPDATE_IN_PROGRESS', done: false });
  });

  test('yet another one before Heat has taken it: Magnum is not asked', async () => {
    await resizing();

    const other = await ensure({ workers: 9 });

    expect(other).toMatchObject({
      action: 'differs',
      differences: [{ field: 'node_count', found: 8, wanted: 9 }],
      done: false,
    });
    expect(rows()[0]?.node_count).toBe(8);
  });

  test('that a conductor took up and never told Heat: the deadline says who has what', async () => {
    await resizing();
    session.cloud.openstack.faults.dropConductor('node-1');
    session.cloud.conductor();
    session.cloud.pass(1000);

    const late = await poll(8);

    expect(late).toMatchObject({ done: false, status: 'CREATE_COMPLETE' });
    await expect(poll(8, 75)).rejects.toThrow(
      /Magnum has 8 workers in its database, Heat was asked for 5: .*openstack coe cluster resize [\w-]+ 8/,
    );
  });

  test('which fails: ClusterFailed', async () => {
    await ensure();
    session.cloud.pass(100);
    session.cloud.openstack.faults.nextClusterFails({ 'default-worker': 'No valid host was found.' });
    await ensure({ workers: 8 });
    session.cloud.pass(100);

    await expect(poll(8)).rejects.toThrow(/is UPDATE_FAILED: .*openstack coe cluster resize/);
  });

  test('which failed in Heat, and Magnum has not noticed: ClusterFailed', async () => {
    await ensure();
    session.cloud.pass(100);
    Object.assign(rows()[0]?.stack ?? {}, { status: 'UPDATE_FAILED', reason: 'No valid host was found.' });

    const failure = ensure();

    await expect(failure).rejects.toThrow(
      /is CREATE_COMPLETE: its Heat stack is UPDATE_FAILED: No valid host was found\./,
    );
    expect(await ensure({}, 'check')).toMatchObject({
      differences: [{ field: 'status', found: 'UPDATE_FAILED', wanted: 'CREATE_COMPLETE' }],
    });
  });

  test('without Heat in the catalogue Magnum is believed', async () => {
    const { catalogue } = session.cloud.openstack;
    catalogue.splice(
      catalogue.findIndex(({ type }) => type === 'orchestration'),
      1,
    );
    await resizing();
    session.cloud.pass(11);

    const during = await poll(8);
    session.cloud.pass(100);
    const after = await poll(8);

    expect(during).toMatchObject({ done: false, status: 'UPDATE_IN_PROGRESS' });
    expect(after).toMatchObject({ done: true, status: 'UPDATE_COMPLETE' });
  });

  test('in a node group beside the default one is no difference to Heat', async () => {
    await ensure();
    session.cloud.pass(100);
    rows()[0]?.furtherGroups.push({ name: 'more', role: 'worker', node_count: 2 });

    const unchanged = await ensure({ workers: 7 });

    expect(unchanged).toMatchObject({ action: 'unchanged', workers: 7, done: true });
  });

  test('beside another node group changes the default one, and the sum is what was wanted', async () => {
    await ensure();
    session.cloud.pass(100);
    rows()[0]?.furtherGroups.push({ name: 'more', role: 'worker', node_count: 2 });

    const resized = await ensure({ workers: 6 });
    session.cloud.pass(120);
    const after = await poll(6);
    const again = await ensure({ workers: 6 });

    expect(resized).toMatchObject({ action: 'resized', workers: 6 });
    expect(after).toMatchObject({ done: true, workers: 6 });
    expect([rows()[0]?.node_count, again.action]).toEqual([4, 'unchanged']);
  });

  test('to less than there are in other node groups is not asked for', async () => {
    await ensure();
    session.cloud.pass(100);
    rows()[0]?.furtherGroups.push({ name: 'more', role: 'worker', node_count: 2 });

    const result = await ensure({ workers: 1 });

    expect(result).toMatchObject({ action: 'differs', differences: [{ field: 'node_count', found: 7, wanted: 1 }] });
    expect(rows()[0]?.node_count).toBe(5);
  });
});

test("another project's of that name, which an administrator is shown, is not touched", async () => {
  await ensure();
  session.cloud.pass(100);
  Object.assign(rows()[0]?.attributes ?? {}, { project_id: 'theirs' });

  const refused = await session.drive(
    Promise.allSettled([
      ensureCluster(session, { ...golden, workers: 8 }, 'apply'),
      ensureCluster(session, golden, 'check'),
    ]),
  );

  const message = expect.stringMatching(
    /cluster swarm-mode-cluster \(.*\) belongs to another project \(theirs\)/,
  ) as string;
  const reason = { name: 'OwnedByAnotherProject', message };
  expect(refused).toMatchObject([{ reason }, { reason }]);
  expect([rows().length, rows()[0]?.node_count]).toEqual([1, 5]);
});

test('no worker at all takes microversion 1.10', async () => {
  expect(await ensure({ workers: 0 })).toMatchObject({ action: 'created', workers: 0 });
  session.cloud.pass(100);
  await ensure({ workers: 1 });
  session.cloud.pass(120);
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
  test('is ClusterFailed with status_reason, faults, and what failed in Heat', async () => {
    session.cloud.openstack.faults.nextClusterFails(
      { 'default-worker': 'No valid host was found.' },
      'default-worker failed',
    );
    await ensure();
    session.cloud.pass(100);

    const failure = poll();

    await expect(failure).rejects.toMatchObject({ name: 'ClusterFailed' });
    await expect(failure).rejects.toThrow(
      /swarm-mode-cluster \(.*\) is CREATE_FAILED: default-worker failed; default-worker: No valid host was found\. Resources in Heat that failed: OS::Nova::Server swarm_nodes\.0\.swarm-node CREATE_FAILED: ResourceInError: No valid host was found\. .*openstack coe cluster delete/,
    );
  });

  test('when Heat does not answer: it says so, beside Magnum’s reason', async () => {
    session.cloud.openstack.faults.nextClusterFails({}, 'default-worker failed');
    await ensure();
    session.cloud.pass(100);
    session.cloud.cut(8004);

    const failure = poll();

    await expect(failure).rejects.toThrow(
      /is CREATE_FAILED: default-worker failed\. Heat cannot be asked which resources failed: .*EHOSTUNREACH/,
    );
  });

  test('found by name is told, not mended', async () => {
    session.cloud.openstack.faults.nextClusterFails({});
    await ensure();
    session.cloud.pass(100);
    await expect(ensure()).rejects.toThrow(/is CREATE_FAILED: .*does not delete and create it again on its own/);
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
    await expect(poll()).rejects.toThrow(/… \(\d+ more characters\)\. Resources in Heat that failed: /);
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

describe('a deadline', () => {
  test('that is over: what Magnum and Heat say, and what is not complete', async () => {
    session.cloud.openstack.faults.clusterStuck = true;
    await ensure();
    session.cloud.pass(4500);

    const failure = poll(5, 75);

    await expect(failure).rejects.toMatchObject({ name: 'ClusterDeadlineExceeded' });
    await expect(failure).rejects.toThrow(
      /cluster swarm-mode-cluster is not complete after 75 minutes: Magnum's last status is CREATE_IN_PROGRESS, that of its Heat stack CREATE_IN_PROGRESS\. Resources in Heat that are not complete: OS::Heat::WaitCondition swarm_primary_master\.0\.master_wait_condition CREATE_IN_PROGRESS/,
    );
  });

  test('that is over while Heat does not answer: Magnum’s status, and why', async () => {
    await ensure();
    session.cloud.cut(8004);

    const failure = poll(5, 75);

    await expect(failure).rejects.toThrow(
      /last status is CREATE_IN_PROGRESS, that of its Heat stack unknown\. Heat cannot be asked .*EHOSTUNREACH/,
    );
  });

  test('that is over, and the cluster complete: no error', async () => {
    await ensure();
    session.cloud.pass(100);

    const late = await poll(5, 75);

    expect(late).toMatchObject({ done: true });
  });

  test('that is over before a conductor has taken it: says so', async () => {
    const failure = session.drive(pollCluster(session, { name: golden.name, workers: 5 }, 75));

    await expect(failure).rejects.toThrow(/after 75 minutes: no conductor has taken its creation up/);
  });
});

describe('without a conductor', () => {
  beforeEach(() => {
    session.cloud.openstack.faults.dropConductor('node-1');
  });

  test('a creation is only requested, and polled until one returns', async () => {
    const asked = session.clock.now();
    const created = await ensure();
    const patience = session.clock.now() - asked;
    expect(created).toMatchObject({ action: 'created', status: 'REQUESTED', managers: 3, workers: 5 });
    expect(patience).toBeGreaterThanOrEqual(10_000);
    expect(patience).toBeLessThan(11_000);
    const uuid = created.uuid ?? '';
    expect(await session.drive(pollCluster(session, created))).toEqual({ uuid, done: false, status: 'REQUESTED' });
    session.cloud.conductor();
    session.cloud.pass(1);
    expect(await session.drive(pollCluster(session, created))).toMatchObject({
      done: false,
      status: 'CREATE_IN_PROGRESS',
    });
  });

  test('a resize is RequestNotTaken', async () => {
    session.cloud.conductor();
    await ensure();
    session.cloud.pass(100);
    await ensure();
    session.cloud.openstack.faults.dropConductor('node-1');
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
