import { restart } from '../../../domain/controller/restart';
import { node1, site } from '../sites';
import { fakeSession } from '../fake-session';

// The same sleep, by the timers that this test turns.
jest.mock('node:timers/promises', () => ({
  setTimeout: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)),
}));

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

test.each(['magnum-api', 'magnum-conductor'])(
  'a %s that its init script left as it was counts as not restarted',
  async (service) => {
    const golden = site('golden');
    const began = Date.now();
    const { session } = fakeSession({
      answer: (_controller, [program]) => {
        const elapsed = Math.floor((Date.now() - began) / 1000);
        const age = (name: string) => elapsed + (name === service ? 3600 : 0);
        if (program === 'ps') {
          return ['magnum-api', 'magnum-conductor'].map((name) => `${age(name)} python3 /usr/bin/${name}\n`).join('');
        }
        return program === 'date' ? '1893456000' : undefined;
      },
    });

    const under = { way: true };
    const restarted = session
      .controller(node1(golden))
      .then((remote) => restart(remote, node1(golden), golden))
      .finally(() => (under.way = false));
    const passed = (async () => {
      while (under.way) await jest.advanceTimersByTimeAsync(1_000);
    })();
    await Promise.allSettled([restarted, passed]);

    await expect(restarted).rejects.toMatchObject({ name: 'MagnumServiceDown' });
    await expect(restarted).rejects.toThrow(`on node-1 of site golden: a process of ${service} from before still runs`);
  },
);
