import { differences, factsOf, lockedBy } from '../../local/search/facts';
import { scenarioNamed } from '../../local/search/scenarios';
import { type Listener, startWorld } from '../../local/search/world';

// An execution is stopped as it enters a state: nothing of the site machine runs any more, and what was invoked goes on.

const SOON_MS = 15_000;
const LONG_MS = 900_000;

/** Runs an apply, which is stopped so many milliseconds after it enters a state, and lets time pass. */
async function stoppedAt(wanted: string, afterMs = 0) {
  const scenario = await scenarioNamed('fresh-apply');
  const states: string[] = [];
  let stop = (): void => undefined;
  const listener: Listener = {
    command: () => undefined,
    call: (_, proceed) => proceed(),
    state: (name) => {
      states.push(name);
      if (name !== wanted) return;
      if (afterMs === 0) stop();
      else
        world.clock.after(afterMs, () => {
          stop();
        });
    },
  };
  const world = await startWorld(scenario, listener);
  const { clock, deployment, site } = world;
  try {
    return await clock.drive(
      (async () => {
        const execution = world.execute('apply');
        stop = () => {
          stop = () => undefined;
          execution.stop();
        };
        const { status } = await execution.result;
        const entered = [...states];
        await clock.sleep(SOON_MS);
        const soon = site.pacemaker.disabled;
        await clock.sleep(LONG_MS);
        const { controllers } = factsOf(site);
        const litter = Object.values(controllers).flatMap((one) => one.litter);
        const lock = lockedBy(deployment);
        const [recovery] = deployment.listExecutions({ machine: 'magnum-ha-recovery' }).toReversed();
        const next = await world.execute('apply').result;
        await clock.sleep(30_000);
        return {
          ...{ status, states: entered, disabled: soon, litter, lock, recovery: recovery?.status },
          next: next.status,
          facts: factsOf(site),
        };
      })(),
    );
  } finally {
    await world.close();
  }
}

test('an apply that is stopped in any state is followed by a recovery, and then by an apply that does the whole job', async () => {
  const whole = await stoppedAt('none');
  const names = [...new Set(whole.states)];
  const failing: Record<string, object> = {};
  for (const name of names) {
    const { status, disabled, litter, lock, recovery, next, facts } = await stoppedAt(name);
    const ended = { status, disabled, litter, lock, recovery, next, differences: differences(facts, whole.facts) };
    const hoped = { status: 'ABORTED', disabled: false, litter: [], lock: '[]', recovery: 'SUCCEEDED' };
    const all = { ...hoped, next: 'SUCCEEDED', differences: [] };
    if (JSON.stringify(ended) !== JSON.stringify(all)) failing[name] = ended;
  }

  expect(whole).toMatchObject({ status: 'SUCCEEDED', recovery: undefined });
  expect(names.length).toBeGreaterThan(30);
  expect(failing).toEqual({});
}, 900_000);

test.each([200, 500, 800, 1_500])(
  'and so is one that is stopped %d ms after it entered Disable HAProxy: its function goes on',
  async (afterMs) => {
    const ended = await stoppedAt('Disable HAProxy', afterMs);

    expect(ended).toMatchObject({ status: 'ABORTED', disabled: false, lock: '[]', next: 'SUCCEEDED' });
  },
  120_000,
);

test('an apply that is started while the recovery holds the lock waits for it, and does the whole job', async () => {
  const states: string[] = [];
  let enters: (state: string) => void = () => undefined;
  const reached = (wanted: RegExp) =>
    new Promise<void>((resolve) => {
      enters = (state) => {
        if (wanted.test(state)) resolve();
      };
    });
  const world = await startWorld(await scenarioNamed('fresh-apply'), {
    command: () => undefined,
    call: (what, proceed) => {
      enters(what);
      return proceed();
    },
    state: (name) => states.push(name),
  });
  try {
    const ends = await world.clock.drive(
      (async () => {
        const stopped = world.execute('apply');
        await reached(/Preflight$/);
        stopped.stop();
        await reached(/Clear staging$/);
        states.length = 0;
        const { status } = await world.execute('apply').result;
        const [recovery] = world.deployment.listExecutions({ machine: 'magnum-ha-recovery' });
        return [status, recovery?.status];
      })(),
    );

    expect(ends).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    expect(states).toEqual(expect.arrayContaining(['Wait for the recovery', 'Commit', 'Release site lock']));
  } finally {
    await world.close();
  }
});
