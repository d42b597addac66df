import { connectSite } from '../../../domain/commands/site-connection';
import { startsNowhere, takeFragmentBack } from '../../../domain/controller/take-back';
import { type Simulated, simulate } from '../simulated';
import { site } from '../sites';

const golden = site('golden');
const ALL = ['node-1', 'node-2', 'node-3'];
const FRAGMENT = '/etc/haproxy/conf.d/180-magnum.cfg';
const KEPT = `${FRAGMENT}.magnum-ha-previous`;

let simulated: Simulated;
beforeEach(() => {
  simulated = simulate(golden);
});
afterEach(() => simulated.end());

const filesOf = (name: string) => simulated.site.controllers.get(name)?.files;
const contents = () => ALL.map((name) => filesOf(name)?.files.get(FRAGMENT)?.content);

/** Our fragment is on every controller, and one that was kept on some of them. */
function committed(kept: readonly string[]): void {
  for (const name of ALL) filesOf(name)?.seed(FRAGMENT, 'ours');
  for (const name of kept) filesOf(name)?.seed(KEPT, 'before');
}

const taken = async () => {
  const connection = await simulated.clock.drive(connectSite(simulated.world, golden, {}));
  const [result] = await Promise.allSettled([simulated.clock.drive(takeFragmentBack(connection))]);
  return result;
};

test('what was kept is put back, and ours is taken away where there was none', async () => {
  committed(['node-1', 'node-3']);

  const result = await taken();

  expect(result).toEqual({ status: 'fulfilled', value: ALL });
  expect(contents()).toEqual(['before', undefined, 'before']);
});

test('it can be repeated', async () => {
  committed(['node-1']);

  const [first, second] = [await taken(), await taken()];

  expect([first, second]).toEqual(Array(2).fill({ status: 'fulfilled', value: ALL }));
  expect(contents()).toEqual(['before', undefined, undefined]);
});

test('a controller that cannot be reached does not keep the others from it', async () => {
  committed(ALL);
  simulated.site.faults.unreachable('node-2');

  const result = await taken();

  expect(result).toEqual({ status: 'fulfilled', value: ['node-1', 'node-3'] });
  expect(contents()).toEqual(['before', 'ours', 'before']);
});

test('pacemaker tries again where it had given up', async () => {
  const { faults, pacemaker } = simulated.site;
  pacemaker.setDisabled('node-1', 'p_haproxy', true);
  await simulated.pass(2_000);
  for (const name of ALL) faults.haproxyWillNotStart(name);
  pacemaker.setDisabled('node-1', 'p_haproxy', false);
  await simulated.pass(2_000);
  const before = pacemaker.nodes.map(({ state }) => state);
  for (const name of ALL) faults.haproxyWillNotStart(name, false);

  await taken();
  await simulated.pass(2_000);

  expect(before).toEqual(Array(3).fill('start-failed'));
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

test.each([
  [
    'is in maintenance',
    () => {
      simulated.site.faults.maintenanceMode();
    },
  ],
  [
    'has no quorum',
    () => {
      simulated.site.faults.loseQuorum();
    },
  ],
])('nothing is put back if the cluster %s: the fragment is not the cause', async (_, happens) => {
  committed(ALL);
  happens();
  await simulated.pass(8_000);

  const result = await taken();

  expect(result).toEqual({ status: 'fulfilled', value: [] });
  expect(contents()).toEqual(['ours', 'ours', 'ours']);
});
