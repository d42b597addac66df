import type { SiteConnection } from '../../../domain/commands/site-connection';
import { connectSite } from '../../../domain/commands/site-connection';
import { presumedPlatform } from '../../../domain/commands/platform';
import { reload } from '../../../domain/pacemaker/reload';
import type { Before, CycleStep } from '../../../domain/pacemaker/step';
import { type Simulated, simulate } from '../simulated';
import { site } from '../sites';

const golden = site('golden', ({ haproxy }) => {
  haproxy.update = 'reload';
});
const ALL = golden.controllers.map(({ name }) => name);
const PLATFORMS = [{ controllers: ALL, platform: { ...presumedPlatform(golden), reload: 'lsb:haproxy' as const } }];

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
  simulated.pass(BEGINS_MS).then(() => simulated.clock.drive(reload(connection, before)));
const pids = () => [...simulated.site.controllers.values()].map((one) => one.haproxyPid);
/** On which controllers it was reloaded, in order. */
const reloads = () =>
  simulated.site.record.commands.filter(({ argv }) => argv.includes('reload')).map(({ host }) => host);

test('a new process everywhere, one controller after another, and the VIP answers all the while', async () => {
  const before = pids();

  const done = await step();

  expect(done).toMatchObject({ done: true, waitingFor: '' });
  expect(done.firstAnswerAt).toBe(done.lastAnswerAt);
  expect(done.longest).toBeUndefined();
  expect(reloads()).toEqual(ALL);
  expect(pids().some((pid) => before.includes(pid))).toBe(false);
});

test('a step whose answer was lost is not done again', async () => {
  await step();
  await simulated.pass(3_000);

  const again = await step();

  expect(again.done).toBe(true);
  expect(reloads()).toEqual(ALL);
});

test('of a step that was lost half way only the rest is done', async () => {
  simulated.site.faults.onCommand((host, argv) =>
    host === 'node-2' && argv.includes('reload') && reloads().length < 3 ? { disconnect: 'before' } : undefined,
  );
  const lost = await step().catch((error: unknown) => error);
  await simulated.pass(3_000);

  const again = await step();

  expect(lost).toMatchObject({ name: 'SshConnectionLost' });
  expect(again.done).toBe(true);
  expect(reloads()).toEqual(['node-1', 'node-2', 'node-2', 'node-3']);
});

test('a new process that does not start fails at once, and the controllers after it are left alone', async () => {
  simulated.site.faults.haproxyWillNotStart('node-2');
  const before = pids();

  const failed = await step().catch((error: unknown) => error);

  expect(failed).toMatchObject({ name: 'CommandFailed' });
  expect(reloads()).toEqual(['node-1', 'node-2']);
  expect(pids().slice(1)).toEqual(before.slice(1));
});

test('a new process that pacemaker would not find is not taken for done', async () => {
  const { files } = simulated.site.controllers.get('node-3') ?? {};
  simulated.site.faults.onCommand((host, argv) => {
    if (host === 'node-3' && argv.join(' ') === 'cat /var/run/haproxy.pid') files?.seed('/var/run/haproxy.pid', '1\n');
    return undefined;
  });

  const waits = await step();

  expect(waits).toMatchObject({ done: false, firstAnswerAt: null });
  expect(waits.waitingFor).toBe('pacemaker to have the new haproxy on node-3');
});

test('where it does not run it is waited for; the silence of the VIP is measured across the steps', async () => {
  const { pacemaker } = simulated.site;
  simulated.site.faults.onCommand((host, argv) => {
    if (host === 'node-1' && argv.includes('reload')) pacemaker.setDisabled('node-2', 'p_haproxy', true);
    return undefined;
  });
  const stopped = await step();
  await simulated.pass(2_000);
  const from = stopped.answeredAt ?? NaN;
  pacemaker.setDisabled('node-2', 'p_haproxy', false);

  const back = await step(stopped);

  expect(stopped).toMatchObject({ done: false, firstAnswerAt: null });
  expect(stopped.waitingFor).toMatch(/ on node-1, node-2, node-3$/);
  expect(back).toMatchObject({ done: true, lastAnswerAt: from });
  expect((back.firstAnswerAt ?? NaN) - from).toBeGreaterThan(6_000);
  // What pacemaker has started since has read what is in place.
  expect(reloads()).toEqual(ALL);
});
