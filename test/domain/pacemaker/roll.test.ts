import { BAN } from '../../../domain/commands/disable';
import { connectSite, type SiteConnection } from '../../../domain/commands/site-connection';
import { presumedPlatform } from '../../../domain/commands/platform';
import { roll } from '../../../domain/pacemaker/roll';
import type { Before, CycleStep } from '../../../domain/pacemaker/step';
import { type Simulated, simulate } from '../simulated';
import { site } from '../sites';

const golden = site('golden', ({ haproxy }) => {
  haproxy.update = 'rolling';
});
const ALL = golden.controllers.map(({ name }) => name);
const PLATFORMS = [{ controllers: ALL, platform: presumedPlatform(golden) }];

let simulated: Simulated;
let connection: SiteConnection;
let begun: Before;
beforeEach(async () => {
  simulated = simulate(golden);
  await simulated.pass(60_000);
  connection = await simulated.clock.drive(connectSite(simulated.world, golden, { platforms: PLATFORMS }));
  begun = { lastAnswerAt: null, firstAnswerAt: null, cycle: simulated.clock.now() };
});
afterEach(async () => {
  connection.close();
  await simulated.end();
});

/** The function takes its time to begin. */
const BEGINS_MS = 1_500;

const step = (before: Before = begun): Promise<CycleStep> =>
  simulated.pass(BEGINS_MS).then(() => simulated.clock.drive(roll(connection, before)));
const pids = () => [...simulated.site.controllers.values()].map((one) => one.haproxyPid);
const isBan = (argv: readonly string[]) => argv.includes('-M') && argv.includes('constraints');
const bans = () => simulated.site.record.commands.filter(({ argv }) => isBan(argv)).length;
const isBanned = () => simulated.site.pacemaker.find('rsc_location', BAN) !== undefined;

/** On which controllers HAProxy is down, each time that changes. */
function watched(): string[] {
  const seen: string[] = [];
  simulated.clock.every(10, () => {
    const down = [...simulated.site.controllers.values()].filter(({ runsHaproxy }) => !runsHaproxy);
    const now = down.map(({ name }) => name).join(' ');
    if (seen.at(-1) !== now) seen.push(now);
  });
  return seen;
}

test('one controller after another, that of the VIP last, and the VIP is silent while it moves', async () => {
  const before = pids();
  const seen = watched();

  const done = await step();

  expect(done).toMatchObject({ done: true, waitingFor: '' });
  expect(seen).toEqual(['', 'node-2', '', 'node-3', '', 'node-1', '']);
  expect((done.firstAnswerAt ?? NaN) - (done.lastAnswerAt ?? NaN)).toBeGreaterThan(100);
  expect((done.firstAnswerAt ?? NaN) - (done.lastAnswerAt ?? NaN)).toBeLessThan(700);
  expect(pids().some((pid) => before.includes(pid))).toBe(false);
  expect(isBanned()).toBe(false);
});

test('a step whose answer was lost is not done again', async () => {
  await step();
  await simulated.pass(3_000);

  const again = await step();

  expect(again.done).toBe(true);
  expect(bans()).toBe(3);
});

test('of a step that was lost half way only the rest is done, and its ban is ended', async () => {
  const remove = simulated.site.faults.onCommand((_, argv) => {
    if (!isBan(argv) || bans() < 2) return undefined;
    remove();
    return { disconnect: 'after' };
  });
  const lost = await step().catch((error: unknown) => error);
  const left = isBanned();
  connection.close();
  connection = await simulated.clock.drive(connectSite(simulated.world, golden, { platforms: PLATFORMS }));
  await simulated.pass(3_000);

  const again = await step();

  expect([lost, left]).toEqual([expect.objectContaining({ name: 'SshConnectionLost' }), true]);
  expect(again.done).toBe(true);
  expect(bans()).toBe(3);
  expect(isBanned()).toBe(false);
});

test('a ban that nobody ends ends by itself, and one that comes late changes nothing', async () => {
  const late: string[] = [];
  const remove = simulated.site.faults.onCommand((_, argv) => {
    if (!isBan(argv)) return undefined;
    remove();
    late.push(...argv);
    return { disconnect: 'after' };
  });
  await step().catch(() => undefined);
  const seen = watched();

  await simulated.pass(golden.haproxy.deadManSeconds * 1000 + 5_000);
  const constraint = simulated.site.pacemaker.find('rsc_location', BAN);
  const [rule] = constraint?.children ?? [];
  await simulated.pass(60_000);

  expect(late).toHaveLength(6);
  expect(rule?.attributes['score']).toBe('-INFINITY');
  expect(seen).toEqual(['', 'node-2', '']);
});

test('on whichever controller HAProxy does not serve, none is stopped elsewhere', async () => {
  const { faults } = simulated.site;
  faults.haproxyWillNotStart('node-3');
  faults.haproxyDies('node-3');
  await simulated.pass(1_000);

  const waits = await step();

  expect(waits).toMatchObject({ done: false, waitingFor: 'haproxy to serve on node-3' });
  expect(bans()).toBe(0);
});

test("somebody else's ban of ours stands: nothing is stopped, and the next step ends it", async () => {
  const remove = simulated.site.faults.onCommand((_, argv) => {
    if (!argv.includes('-C')) return undefined;
    remove();
    return { exit: 108 };
  });

  const waits = await step();

  expect(waits).toMatchObject({ done: false, waitingFor: 'another ban of HAProxy to end' });
  expect(bans()).toBe(0);
  expect((await step(waits)).done).toBe(true);
});
