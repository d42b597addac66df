import { type Conductor, conductors, freshConductors, type HeartbeatNeed } from '../../../domain/openstack/services';
import { startSession } from './session';

/** Conductors by host. */
const hosted = (heartbeats: Readonly<Record<string, number>>): Conductor[] =>
  Object.entries(heartbeats).map(([host, heartbeatAt], id) => ({
    id,
    host,
    state: 'up',
    heartbeatAt,
  }));
const needs = (...times: number[]): HeartbeatNeed[] =>
  times.map((after, index) => ({ controller: `node-${index + 1}`, after }));

test('reads heartbeats, of a new row its creation', async () => {
  const session = await startSession();
  session.cloud.conductor('node-1');
  const [first] = await conductors(session.magnum);
  expect(first).toMatchObject({ id: 1, host: 'node-1', state: 'up' });
  session.cloud.pass(61);
  const [second] = await conductors(session.magnum);
  expect((second?.heartbeatAt ?? 0) - (first?.heartbeatAt ?? 0)).toBe(60);
  await session.end();
});

test('a restart counts once the new process has sent a heartbeat', async () => {
  const session = await startSession();
  for (const name of ['node-1', 'node-2', 'node-3']) session.cloud.conductor(name);
  session.cloud.pass(10);
  const restartedAt = Math.floor(session.clock.now() / 1000);
  const wanted = needs(restartedAt, restartedAt, restartedAt);
  expect(freshConductors(await conductors(session.magnum), wanted)).toMatchObject({
    fresh: 0,
    needed: 3,
    complete: false,
  });
  session.cloud.pass(2);
  for (const name of ['node-1', 'node-2']) session.cloud.conductor(name);
  session.cloud.openstack.faults.dropConductor('node-3');
  const fresh = freshConductors(await conductors(session.magnum), wanted);
  expect(fresh).toMatchObject({ fresh: 2, needed: 3, complete: false });
  expect(fresh.message).toMatch(
    /^Only 2 of 3 conductors \(node-1, node-2, node-3\) send heartbeats: missing is that of node-3 later than .*Z\. See/,
  );
  session.cloud.conductor('node-3');
  expect(freshConductors(await conductors(session.magnum), wanted)).toEqual({
    fresh: 3,
    needed: 3,
    complete: true,
    message: 'All 3 conductors (node-1, node-2, node-3) send heartbeats.',
  });
  await session.end();
});

test.each([
  ['late enough', [101, 102], [100, 101], []],
  ['in the very second of the restart', [100, 101], [100, 100], ['node-1']],
  ['restarted one after the other, the last has not come up', [106, 60], [105, 110], ['node-2']],
  ['none registered', [], [100, 100], ['node-1', 'node-2']],
  ['none needed', [1], [], []],
])('%s', (_, heartbeats, times, missing) => {
  const rows = hosted(Object.fromEntries(heartbeats.map((at, index) => [`node-${index + 1}`, at])));

  const { fresh, complete, message } = freshConductors(rows, needs(...times));

  expect([fresh, complete]).toEqual([times.length - missing.length, missing.length === 0]);
  for (const controller of missing) expect(message).toContain(`that of ${controller} later than`);
});

test.each([
  ['younger than the last restart', 111, [105, 110], 2],
  ['between two restarts', 107, [105, 110], 1],
  ['old', 60, [105, 110], 0],
])('without a host all share a row: %s', (_, heartbeatAt, times, fresh) => {
  const row = { id: 1, host: null, state: 'up', heartbeatAt };

  const found = freshConductors([row], needs(...times));

  expect(found).toMatchObject({ fresh, complete: fresh === times.length });
  expect(found.message).toContain('share one row of service-list');
});

test.each([
  ['another one of the same controller does not count for it', { 'node-1': 101, 'node-2': 99 }, ['node-2']],
  ['rows of other hosts do not count', { 'node-1': 101, 'node-9': 101 }, ['node-2']],
  ['nor do rows without a host, where one has its own', { 'node-1': 101, null: 101 }, ['node-2']],
  ['rows of other hosts alone', { 'node-9': 101 }, ['node-1', 'node-2']],
  ['nobody is missing', { 'node-1': 101, 'node-2': 101, 'node-9': 1 }, []],
])('by host: %s', (_, heartbeats: Record<string, number>, missing) => {
  const rows = hosted(heartbeats).map((one) => (one.host === 'null' ? { ...one, host: null } : one));

  const { fresh, complete, message } = freshConductors(rows, needs(100, 100));

  expect([fresh, complete]).toEqual([2 - missing.length, missing.length === 0]);
  for (const controller of missing) expect(message).toContain(`that of ${controller} later than 1970-01-01T00:01:40Z`);
});
