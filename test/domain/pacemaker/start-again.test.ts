import { connectSite } from '../../../domain/commands/site-connection';
import { startAgain, startsNowhere } from '../../../domain/pacemaker/start-again';
import { type Simulated, simulate } from '../simulated';
import { site } from '../sites';

const golden = site('golden');
const ALL = ['node-1', 'node-2', 'node-3'];

let simulated: Simulated;
beforeEach(() => {
  simulated = simulate(golden);
});
afterEach(() => simulated.end());

test('pacemaker tries again where it had given up', async () => {
  const { faults, pacemaker } = simulated.site;
  pacemaker.setDisabled('node-1', 'p_haproxy', true);
  await simulated.pass(2_000);
  for (const name of ALL) faults.haproxyWillNotStart(name);
  pacemaker.setDisabled('node-1', 'p_haproxy', false);
  await simulated.pass(2_000);
  const before = pacemaker.nodes.map(({ state }) => state);
  for (const name of ALL) faults.haproxyWillNotStart(name, false);

  const connection = await simulated.clock.drive(connectSite(simulated.world, golden, {}));
  await simulated.clock.drive(startAgain(connection));
  await simulated.pass(2_000);

  expect(before).toEqual(Array(3).fill('given-up'));
  expect(pacemaker.nodes.map(({ state }) => state)).toEqual(Array(3).fill('started'));
});

describe('pacemaker has given up', () => {
  const told = async () => {
    const connection = await simulated.clock.drive(connectSite(simulated.world, golden, {}));
    return simulated.clock.drive(startsNowhere(connection));
  };
  /** HAProxy was stopped, and starts no more on these controllers. */
  async function failing(names: readonly string[]): Promise<void> {
    const { faults, pacemaker } = simulated.site;
    for (const name of names) faults.haproxyWillNotStart(name);
    pacemaker.setDisabled('node-1', 'p_haproxy', true);
    await simulated.pass(2_000);
    pacemaker.setDisabled('node-1', 'p_haproxy', false);
    await simulated.pass(2_000);
  }

  test('if its start failed on every controller', async () => {
    await failing(ALL);

    expect(await told()).toBe(true);
  });

  test.each<[string, () => unknown]>([
    ['it runs', () => undefined],
    ['it runs on one controller', () => failing(['node-1', 'node-3'])],
    [
      'it is disabled',
      async () => {
        simulated.site.pacemaker.setDisabled('node-1', 'p_haproxy', true);
        await simulated.pass(2_000);
      },
    ],
    [
      'it is just starting',
      async () => {
        await failing([]);
        simulated.site.pacemaker.setDisabled('node-1', 'p_haproxy', true);
        await simulated.pass(2_000);
        simulated.site.pacemaker.setDisabled('node-1', 'p_haproxy', false);
        await simulated.pass(100);
      },
    ],
    [
      'a controller is gone',
      async () => {
        await failing(ALL);
        simulated.site.faults.powerOff('node-3');
        await simulated.pass(6_000);
      },
    ],
  ])('not if %s', async (_, happens) => {
    await happens();

    expect(await told()).toBe(false);
  });
});
