import { cycle, type CycleAction, type CycleStep } from '../../../domain/pacemaker/cycle';
import { SshConnectionLost } from '../../../domain/ssh/errors';
import { site } from '../sites';
import { type FakeSite, fakeSession } from '../fake-session';
import { crmMon, type Instance } from './crm-mon';

// The same sleep, by the timers that this test turns: a poll looks for 15 seconds.
jest.mock('node:timers/promises', () => ({
  setTimeout: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)),
}));

beforeEach(() => {
  jest.useFakeTimers({ now: Date.parse('2030-01-01T00:00:00Z') });
});
afterEach(() => {
  jest.useRealTimers();
});

const golden = site('golden');
const STARTED_AT = Date.parse('2030-01-01T00:00:00Z');

/** HAProxy under pacemaker as controllers see it, and what becomes of it by the commands. */
class Cluster implements FakeSite {
  /** Controllers with a haproxy process. */
  processes = new Set(['node-1', 'node-2', 'node-3']);
  /** Pacemaker's view of the instances. */
  instances: Instance[] = [...this.processes].map((node) => ({ node }));
  vipAnswers = true;
  /** Controllers without quorum, and those whose cluster does not run. */
  withoutQuorum: string[] = [];
  withoutCluster: string[] = [];
  unreachable: string[] = [];
  /** Controllers that see HAProxy disabled, and those on which a disable still runs. */
  disabledOn: string[] = [];
  disablingOn: string[] = [];
  onDisable: () => void = () => undefined;
  onEnable: () => void = () => undefined;

  answer(controller: string, [program, , action]: readonly string[]) {
    const offline = this.withoutCluster.includes(controller);
    if (program === 'ps') {
      const disabling = '3 timeout -k 2 20 pcs resource disable p_haproxy\n';
      return `${this.processes.has(controller) ? '12 haproxy -D -f /etc/haproxy/haproxy.cfg\n' : ''}${this.disablingOn.includes(controller) ? disabling : ''}`;
    }
    if (program === 'crm_mon') {
      if (offline) return { exitCode: 102 };
      const target = this.disabledOn.includes(controller) ? { targetRole: 'Stopped' } : {};
      const instances = this.instances.map((one) => ({ ...one, ...target }));
      return crmMon({ instances, quorum: !this.withoutQuorum.includes(controller) });
    }
    if (offline) return { exitCode: 1, stderr: 'Error: unable to get cib' };
    if (action === 'disable') this.onDisable();
    if (action === 'enable') this.onEnable();
    return undefined;
  }

  listens(): boolean {
    return this.vipAnswers;
  }

  /** All of it is stopped. */
  stop(): this {
    this.processes.clear();
    this.instances = [{}, {}, {}];
    this.vipAnswers = false;
    return this;
  }

  /** All of it runs. */
  start(): this {
    this.processes = new Set(['node-1', 'node-2', 'node-3']);
    this.instances = [...this.processes].map((node) => ({ node }));
    this.vipAnswers = true;
    return this;
  }
}

type Before = Pick<CycleStep, 'lastAnswerAt' | 'firstAnswerAt'>;

/** Takes a step and lets time pass until it returns. */
async function take(cluster: Cluster, action: CycleAction, before: Before | null = null) {
  const { session, ran } = fakeSession(cluster);
  const under = { way: true };
  const step = cycle(session, golden, action, before).finally(() => (under.way = false));
  const passed = (async () => {
    while (under.way) await jest.advanceTimersByTimeAsync(10);
  })();
  await Promise.allSettled([step, passed]);
  return { step, ran, commands: ran.filter((one) => one.includes('pcs')), milliseconds: Date.now() - STARTED_AT };
}

const after = (milliseconds: number, happens: () => void) => () => setTimeout(happens, milliseconds);

describe('disable', () => {
  test('is done when HAProxy is gone everywhere, and knows when the VIP last answered', async () => {
    const cluster = new Cluster();
    cluster.onDisable = after(300, () => cluster.stop());

    const { step, commands, milliseconds } = await take(cluster, 'disable');

    const { lastAnswerAt, ...rest } = await step;
    expect(rest).toEqual({ done: true, waitingFor: '', firstAnswerAt: null });
    expect(Number(lastAnswerAt) - STARTED_AT).toBeGreaterThan(270);
    expect(Number(lastAnswerAt) - STARTED_AT).toBeLessThanOrEqual(310);
    expect(milliseconds).toBeLessThan(400);
    expect(commands).toEqual(['node-1: pcs resource disable p_haproxy']);
  });

  test.each(['node-1', 'node-3'])('is refused before it is run where %s has no quorum', async (name) => {
    const cluster = new Cluster();
    cluster.withoutQuorum = [name];

    const { step, commands } = await take(cluster, 'disable');

    await expect(step).rejects.toMatchObject({ name: 'NoQuorum' });
    expect(commands).toEqual([]);
  });

  test('is not run where a controller cannot be asked', async () => {
    const [cutOff, withoutCluster] = [new Cluster(), new Cluster()];
    cutOff.unreachable = ['node-3'];
    withoutCluster.withoutCluster = ['node-2'];

    const results = [await take(cutOff, 'disable'), await take(withoutCluster, 'disable')];

    await expect(results[0]?.step).rejects.toMatchObject({ name: 'ControllerUnreachable' });
    await expect(results[1]?.step).rejects.toMatchObject({ name: 'PacemakerUnavailable' });
    expect(results.flatMap(({ commands }) => commands)).toEqual([]);
  });

  test('done before is done again', async () => {
    const { step } = await take(new Cluster().stop(), 'disable');

    await expect(step).resolves.toMatchObject({ done: true });
  });

  test('counts the outage from the first attempt where a lost one disabled HAProxy already', async () => {
    const first = { lastAnswerAt: STARTED_AT - 3_000, firstAnswerAt: null };

    const { step } = await take(new Cluster().stop(), 'disable', first);

    await expect(step).resolves.toMatchObject({ lastAnswerAt: STARTED_AT - 3_000 });
  });

  test('counts the outage from its beginning where the VIP did not answer before either', async () => {
    const { step } = await take(new Cluster().stop(), 'disable');

    await expect(step).resolves.toMatchObject({ lastAnswerAt: STARTED_AT });
  });
});

describe('stopped is what processes and pacemaker agree on', () => {
  test('not where a process lives on although pacemaker says stopped', async () => {
    const cluster = new Cluster().stop();
    cluster.processes.add('node-2');

    const { step, milliseconds } = await take(cluster, 'poll-stopped');

    await expect(step).resolves.toMatchObject({ done: false, waitingFor: 'haproxy to stop on node-2' });
    expect(milliseconds).toBeGreaterThanOrEqual(5_000);
    expect(milliseconds).toBeLessThan(6_000);
  });

  test('not where pacemaker still has an instance although no process runs', async () => {
    const cluster = new Cluster().stop();
    cluster.instances = [{ node: 'node-3', role: 'Stopping' }, {}, {}];

    const { step } = await take(cluster, 'poll-stopped');

    await expect(step).resolves.toMatchObject({ done: false, waitingFor: 'pacemaker to see HAProxy stopped' });
  });

  test('as soon as the last of them is', async () => {
    const cluster = new Cluster().stop();
    cluster.processes.add('node-2');
    setTimeout(() => cluster.stop(), 4_000);

    const { step, milliseconds } = await take(cluster, 'poll-stopped');

    await expect(step).resolves.toMatchObject({ done: true, waitingFor: '' });
    expect(milliseconds).toBeLessThan(4_200);
  });

  test('never again where pacemaker gave up: which controller, and what to do there', async () => {
    const cluster = new Cluster().stop();
    cluster.processes.add('node-2');
    cluster.instances = [{ node: 'node-2', failed: true, blocked: true, managed: false }, {}, {}];

    const { step, milliseconds } = await take(cluster, 'poll-stopped');

    await expect(step).rejects.toMatchObject({ name: 'HAProxyStopBlocked' });
    await expect(step).rejects.toThrow(/on node-2 of site golden.*pcs resource cleanup p_haproxy/);
    expect(milliseconds).toBeLessThan(1_000);
  });
});

describe('a controller that is lost while HAProxy stops is not waited for', () => {
  test('nor asked again, whose connection breaks', async () => {
    const cluster = new Cluster();
    cluster.onDisable = () => {
      throw new SshConnectionLost('The connection to node-1 was lost.');
    };

    const { step, commands } = await take(cluster, 'disable');

    await expect(step).rejects.toMatchObject({ name: 'HAProxyStopInterrupted' });
    await expect(step).rejects.toThrow('The connection to node-1 was lost.');
    expect(commands).toHaveLength(1);
  });

  test('once pacemaker on another one sees it offline', async () => {
    const cluster = new Cluster().stop();
    cluster.processes.add('node-3');
    // That one sees node-3 offline.
    setTimeout(() => (cluster.withoutQuorum = ['node-2']), 2_000);

    const { step, milliseconds } = await take(cluster, 'poll-stopped');

    await expect(step).rejects.toMatchObject({ name: 'HAProxyStopInterrupted' });
    await expect(step).rejects.toThrow(/node-3 of site golden went offline, as pacemaker on node-2 sees it/);
    expect(milliseconds).toBeLessThan(2_500);
  });
});

describe('what pacemaker does not manage any more', () => {
  test('is not disabled', async () => {
    const cluster = new Cluster();
    cluster.instances = cluster.instances.map((one) => ({ ...one, managed: false }));

    const { step, commands } = await take(cluster, 'disable');

    await expect(step).rejects.toMatchObject({ name: 'HAProxyResourceUnmanaged' });
    expect(commands).toEqual([]);
  });

  test('is not waited for', async () => {
    const cluster = new Cluster();
    cluster.instances = cluster.instances.map((one) => ({ ...one, managed: false }));

    const { step, milliseconds } = await take(cluster, 'poll-stopped');

    await expect(step).rejects.toMatchObject({ name: 'HAProxyResourceUnmanaged' });
    expect(milliseconds).toBeLessThan(1_000);
  });
});

describe('poll-stopped', () => {
  test('runs no command of pcs', async () => {
    const { commands } = await take(new Cluster().stop(), 'poll-stopped');

    expect(commands).toEqual([]);
  });

  test('keeps when the VIP last answered where it does not answer any more', async () => {
    const { step } = await take(new Cluster().stop(), 'poll-stopped', { lastAnswerAt: 4711, firstAnswerAt: null });

    await expect(step).resolves.toMatchObject({ lastAnswerAt: 4711, firstAnswerAt: null });
  });

  test('knows better where the VIP answered meanwhile', async () => {
    const cluster = new Cluster();
    setTimeout(() => cluster.stop(), 1_000);

    const { step } = await take(cluster, 'poll-stopped', { lastAnswerAt: 4711, firstAnswerAt: null });

    const { lastAnswerAt } = await step;
    expect(Number(lastAnswerAt) - STARTED_AT).toBeGreaterThan(950);
  });
});

describe('enable', () => {
  const before = { lastAnswerAt: STARTED_AT - 500, firstAnswerAt: null };

  test('is done when HAProxy runs everywhere and the VIP answers, and knows since when', async () => {
    const cluster = new Cluster().stop();
    cluster.onEnable = after(300, () => cluster.start());

    const { step, commands } = await take(cluster, 'enable', before);

    const { firstAnswerAt, ...rest } = await step;
    expect(rest).toEqual({ done: true, waitingFor: '', lastAnswerAt: STARTED_AT - 500 });
    expect(Number(firstAnswerAt) - STARTED_AT).toBeGreaterThanOrEqual(300);
    expect(Number(firstAnswerAt) - STARTED_AT).toBeLessThan(350);
    expect(commands).toEqual(['node-1: pcs resource enable p_haproxy']);
  });

  test('is tried on another controller when the first refuses', async () => {
    const cluster = new Cluster().stop();
    cluster.withoutCluster = ['node-1', 'node-2'];
    cluster.onEnable = () => cluster.start();

    const { step, commands } = await take(cluster, 'enable', before);

    await expect(step).resolves.toMatchObject({ done: true });
    expect(commands.map((one) => one.split(':')[0])).toEqual(['node-1', 'node-2', 'node-3']);
  });

  test('fails with the reason where every controller refuses', async () => {
    const cluster = new Cluster().stop();
    cluster.withoutCluster = ['node-1', 'node-2', 'node-3'];

    const { step, commands } = await take(cluster, 'enable', before);

    await expect(step).rejects.toMatchObject({ name: 'CommandFailed' });
    await expect(step).rejects.toThrow('unable to get cib');
    expect(commands).toHaveLength(3);
  });

  test('goes on without controllers that are gone: HAProxy comes back on the others', async () => {
    const cluster = new Cluster().stop();
    cluster.unreachable = ['node-1'];
    cluster.onEnable = () => {
      cluster.start();
      cluster.processes.delete('node-1');
      cluster.instances = [{ node: 'node-2' }, { node: 'node-3' }, {}];
    };

    const { step, commands } = await take(cluster, 'enable', before);

    await expect(step).resolves.toMatchObject({ done: true });
    expect(commands).toEqual(['node-2: pcs resource enable p_haproxy']);
  });

  test('fails with the reason where no controller can be reached', async () => {
    const cluster = new Cluster().stop();
    cluster.unreachable = ['node-1', 'node-2', 'node-3'];

    const { step } = await take(cluster, 'enable', before);

    await expect(step).rejects.toMatchObject({ name: 'ControllerUnreachable' });
  });
});

describe('enabled is what no disable undoes', () => {
  const before = { lastAnswerAt: STARTED_AT - 500, firstAnswerAt: null };

  test('again where a disable that lost its connection acts after the enable', async () => {
    const cluster = new Cluster();
    cluster.disablingOn = ['node-1'];
    cluster.onEnable = () => {
      cluster.disabledOn = [];
      cluster.start();
    };
    setTimeout(() => {
      cluster.disablingOn = [];
      cluster.disabledOn = ['node-1', 'node-2', 'node-3'];
      cluster.stop();
    }, 2_000);

    const { step, commands, milliseconds } = await take(cluster, 'enable', before);

    await expect(step).resolves.toMatchObject({ done: true });
    expect(milliseconds).toBeGreaterThanOrEqual(2_000);
    expect(commands.length).toBeGreaterThan(1);
  });

  test('not while a disable runs on a controller', async () => {
    const cluster = new Cluster();
    cluster.disablingOn = ['node-2'];

    const { step } = await take(cluster, 'poll-started', before);

    await expect(step).resolves.toMatchObject({
      done: false,
      waitingFor: 'pcs resource disable p_haproxy to end on node-2',
    });
  });

  test("also on a controller that is cut off and sees it disabled: its view may become everybody's", async () => {
    const cluster = new Cluster();
    cluster.withoutQuorum = ['node-3'];
    cluster.disabledOn = ['node-3'];
    cluster.onEnable = () => (cluster.disabledOn = []);

    const { step, commands } = await take(cluster, 'poll-started', before);

    await expect(step).resolves.toMatchObject({ done: true });
    expect(commands).toEqual(['node-3: pcs resource enable p_haproxy']);
  });
});

describe('started is what processes, pacemaker and the VIP agree on', () => {
  test.each<[string, (cluster: Cluster) => void, string]>([
    ['a process is missing', ({ processes }) => processes.delete('node-3'), 'haproxy to start on node-3'],
    [
      'pacemaker has no instance there',
      (cluster) => (cluster.instances = [{ node: 'node-1' }, { node: 'node-3' }, {}]),
      'haproxy to start on node-2',
    ],
    [
      'pacemaker is still starting it',
      (cluster) => (cluster.instances = cluster.instances.map((one) => ({ ...one, role: 'Starting' }))),
      'haproxy to start on node-1, node-2, node-3',
    ],
    [
      'pacemaker is still stopping it',
      ({ instances }) => (instances[2] = { node: 'node-3', role: 'Stopping' }),
      'haproxy to start on node-3',
    ],
    [
      'its start failed: pacemaker may try again',
      (cluster) => {
        cluster.processes.delete('node-2');
        cluster.instances[1] = { node: 'node-2', failed: true };
      },
      'haproxy to start on node-2',
    ],
    [
      'nobody manages it any more, and what to do about it',
      (cluster) => (cluster.stop().instances = [{ managed: false }, { managed: false }, { managed: false }]),
      'pacemaker to manage p_haproxy again (pcs resource manage p_haproxy), and haproxy to start on node-1, node-2, node-3',
    ],
    ['the VIP does not answer', (cluster) => (cluster.vipAnswers = false), 'an answer of the VIP 10.21.22.2'],
  ])('not where %s', async (_, change, waitingFor) => {
    const cluster = new Cluster();
    change(cluster);

    const { step } = await take(cluster, 'poll-started', { lastAnswerAt: 1, firstAnswerAt: null });

    await expect(step).resolves.toMatchObject({ done: false, waitingFor });
  });

  test('as soon as the last of them is', async () => {
    const cluster = new Cluster();
    cluster.processes.delete('node-3');
    setTimeout(() => cluster.start(), 2_000);

    const { step, milliseconds } = await take(cluster, 'poll-started', { lastAnswerAt: 1, firstAnswerAt: null });

    await expect(step).resolves.toMatchObject({ done: true, waitingFor: '' });
    expect(milliseconds).toBeLessThan(2_200);
  });
});

describe('poll-started', () => {
  test('keeps both times that are known already', async () => {
    const { step, commands } = await take(new Cluster(), 'poll-started', { lastAnswerAt: 4711, firstAnswerAt: 4712 });

    await expect(step).resolves.toMatchObject({ done: true, lastAnswerAt: 4711, firstAnswerAt: 4712 });
    expect(commands).toEqual([]);
  });

  test('knows no last answer where there was no step before', async () => {
    const { step } = await take(new Cluster(), 'poll-started');

    await expect(step).resolves.toMatchObject({ done: true, lastAnswerAt: null });
  });

  test('asks a controller whose cluster runs', async () => {
    const cluster = new Cluster();
    cluster.withoutCluster = ['node-1'];
    cluster.processes.delete('node-1');
    cluster.instances = [{ node: 'node-2' }, { node: 'node-3' }, {}];

    const { step } = await take(cluster, 'poll-started', { lastAnswerAt: 1, firstAnswerAt: 2 });

    await expect(step).resolves.toMatchObject({ done: false, waitingFor: 'haproxy to start on node-1' });
  });
});
