import { connectSite } from '../../../domain/commands/site-connection';
import { startDown } from '../../../domain/controller/start-down';
import { type Simulated, simulate } from '../simulated';
import { site } from '../sites';

const golden = site('golden');
const FRAGMENT = '/etc/haproxy/conf.d/180-magnum.cfg';

let simulated: Simulated;
beforeEach(() => {
  simulated = simulate(golden);
});
afterEach(() => simulated.end());

/** One step, and which commands that change something it ran. */
async function step(on: readonly string[]) {
  const { clock, world } = simulated;
  const connection = await clock.drive(connectSite(world, golden, {}));
  const before = simulated.site.record.commands.length;
  const { done, waitingFor } = await clock.drive(startDown(connection, on));
  const changing = simulated.site.record.commands
    .slice(before)
    .filter(({ argv }) => /--cleanup|enable|disable/.test(argv.join(' ')));
  return { done, waitingFor, changing: changing.map(({ host }) => host) };
}

/** HAProxy dies there and does not start, until pacemaker has given up. */
async function givenUp(name: string): Promise<void> {
  const { faults } = simulated.site;
  faults.haproxyWillNotStart(name);
  faults.haproxyDies(name);
  await simulated.pass(60_000);
}

test('what pacemaker has given up on one controller it is made to start again, by one cleanup', async () => {
  await givenUp('node-3');
  simulated.site.faults.haproxyWillNotStart('node-3', false);

  const started = await step(['node-3']);

  expect(started).toEqual({ done: true, waitingFor: '', changing: ['node-1'] });
  expect(simulated.site.controllers.get('node-3')?.runsHaproxy).toBe(true);
});

test('what pacemaker does not know of yet is waited for: it starts it by itself', async () => {
  simulated.site.faults.haproxyDies('node-2');

  const first = await step(['node-2']);
  await simulated.pass(30_000);
  const later = await step(['node-2']);

  expect(first).toEqual({ done: false, waitingFor: 'haproxy to start on node-2', changing: [] });
  expect(later).toEqual({ done: true, waitingFor: '', changing: [] });
});

test('what does not start is waited for', async () => {
  await givenUp('node-3');

  expect(await step(['node-3'])).toMatchObject({ done: false, waitingFor: 'haproxy to start on node-3' });
});

test('what came up before its fragment was written has not read it', async () => {
  await simulated.pass(60_000);
  for (const name of ['node-2', 'node-3']) {
    const files = simulated.site.controllers.get(name)?.files;
    files?.seed(FRAGMENT, 'listen magnum\n');
    files?.setModified(FRAGMENT, simulated.clock.now());
  }
  await simulated.pass(60_000);

  const seen = await step(['node-3']);

  expect(seen).toMatchObject({ done: false, waitingFor: 'haproxy on node-3 to read its fragment, which is newer' });
});
