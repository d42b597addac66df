import { connectSite, type SiteConnection } from '../../../domain/commands/site-connection';
import { type Platforms, presumedPlatform } from '../../../domain/commands/platform';
import { cycle, type CycleAction } from '../../../domain/pacemaker/cycle';
import { fuel9 } from '../../../local/simulated-site/generations/fuel';
import { type Simulated, simulate } from '../simulated';
import { site } from '../sites';

// Pacemaker before 2.0.3 does not notice that the time of a rule is over: it looks every 15 minutes.

const golden = site('golden', ({ haproxy }) => (haproxy.include = 'statement'));
const ALL = golden.controllers.map(({ name }) => name);
const PLATFORMS: Platforms = [
  {
    controllers: ALL,
    platform: {
      ...presumedPlatform(golden),
      pacemaker: fuel9.pacemaker.version,
      haproxy: fuel9.haproxy.version,
      include: 'statement',
      pidFile: fuel9.haproxy.pidFile,
      namespace: 'haproxy',
      python: 'python',
    },
  },
];
const FILE = '/run/magnum-ha-dead-man';
const DEAD_MAN_MS = golden.haproxy.deadManSeconds * 1000;

let simulated: Simulated;
let connection: SiteConnection;
beforeEach(async () => {
  simulated = simulate(golden, { generation: 'fuel-9' });
  connection = await simulated.clock.drive(connectSite(simulated.world, golden, { platforms: PLATFORMS }));
});
afterEach(() => simulated.end());

const take = (action: CycleAction, number: number) =>
  simulated.clock.drive(cycle(connection, action, { lastAnswerAt: 1, firstAnswerAt: null, cycle: number }));
/** Where the resource's own HAProxy runs: there are others beside it. */
const running = () =>
  simulated.site.pacemaker.nodes.filter(({ state, running: up }) => up && state === 'started').map(({ name }) => name);
const armed = () =>
  ALL.map((name) => simulated.site.controllers.get(name)?.files.files.get(FILE)?.content.trimEnd() ?? 'none');

/** HAProxy is disabled by a cycle, and nobody comes back. */
async function disabled(): Promise<number> {
  const number = simulated.clock.now();
  await take('arm', number);
  await take('disable', number);
  return number;
}

test('every controller gets a timer of its own before HAProxy is disabled', async () => {
  const number = simulated.clock.now();

  await take('arm', number);

  expect(armed()).toEqual(ALL.map(() => String(number)));
  expect(running()).toEqual(ALL);
});

test.each([
  ['all are there', []],
  ['the one that was told is gone', ['node-1']],
])('HAProxy comes back when its time is over, though nobody enables it: %s', async (_, gone) => {
  await disabled();
  const stopped = running();
  for (const name of gone) simulated.site.faults.powerOff(name);

  await simulated.pass(DEAD_MAN_MS - 10_000);
  const before = running();
  await simulated.pass(15_000);

  expect([stopped, before]).toEqual([[], []]);
  expect(running()).toEqual(ALL.filter((name) => !gone.includes(name)));
});

test('without timers it would be a quarter of an hour', async () => {
  await disabled();
  for (const { files } of simulated.site.controllers.values()) files.files.delete(FILE);

  await simulated.pass(DEAD_MAN_MS + 60_000);

  expect(running()).toEqual([]);
});

test('all are ended once HAProxy serves, and one that was missed does nothing to the next cycle', async () => {
  await disabled();
  await take('enable', simulated.clock.now());
  const ended = armed();
  await simulated.pass(DEAD_MAN_MS - 20_000);
  const next = await disabled();

  // The first cycle's timers would have taken its set away by then.
  await simulated.pass(30_000);

  expect(ended).toEqual(ALL.map(() => 'none'));
  expect(running()).toEqual([]);
  expect(armed()).toEqual(ALL.map(() => String(next)));
});

test('HAProxy is not done as long as one is armed', async () => {
  const number = await disabled();
  simulated.site.faults.onCommand((host, [program, , path]) =>
    program === 'rm' && path === FILE && host === 'node-2' ? { exit: 0 } : undefined,
  );

  const step = await take('enable', number);

  expect(step).toMatchObject({ done: false, waitingFor: 'the timer of the dead-man to end on node-2' });
});
