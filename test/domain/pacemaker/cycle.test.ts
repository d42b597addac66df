import { connectSite, type SiteConnection } from '../../../domain/commands/site-connection';
import { TRANSIENT_ERRORS } from '../../../domain/error-catalogue';
import { type Before, cycle, type CycleAction, type CycleStep } from '../../../domain/pacemaker/cycle';
import { armCommand, disableCommand, DISABLING_SET } from '../../../domain/commands/disable';
import type { Command } from '../../../domain/ssh/command';
import { run as cycleTask } from '../../../lambdas/cycle';
import type { CommandFault } from '../../../local/simulated-site';
import { element, modify, parse, print, remove } from '../../../local/simulated-site/cib';
import type { Timings } from '../../../local/simulated-site/timings';
import { type Simulated, simulate } from '../simulated';
import { site as siteOf } from '../sites';

// All of this happens at the product's own constants and at the timings that were measured in the lab, on virtual time.

const golden = siteOf('golden');
const ALL = ['node-1', 'node-2', 'node-3'];
const NO_CIB: CommandFault = { exit: 1, stderr: 'Error: unable to get cib' };
/** The number of the cycle. */
let cycleNumber: number;

/** What a command does about HAProxy, in words; undefined if nothing. */
function meaning([program, verb, ...words]: readonly string[]): string | undefined {
  if (program === 'pcs') return [program, verb, ...words].join(' ');
  if (program !== 'cibadmin' || verb === '-Q') return undefined;
  if (verb === '-D') return 'end disable';
  return words.at(-1)?.startsWith('<primitive') === true ? 'arm' : 'disable';
}

/** What can happen to a command. */
const COMMAND_FAULTS: Record<string, CommandFault> = {
  'fails at once': { exit: 1, stderr: 'Error: injected' },
  'fails although it had its effect': { exit: 1, stderr: 'Error: injected', when: 'after' },
  'loses its connection before it runs': { disconnect: 'before' },
  'loses its connection when it has run': { disconnect: 'after' },
  'never ends': { hang: true },
};

let simulated: Simulated;
afterEach(() => simulated.end());

/** So many seconds from now, as pacemaker writes it. */
function inSeconds(seconds: number): string {
  const at = new Date(Math.floor(simulated.clock.now() / 1000 + seconds) * 1000);
  return `${at.toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

/** HAProxy under pacemaker, the dead-man armed, and a task that works on it. */
class Scene {
  private connection: SiteConnection | undefined;

  constructor(timings: Partial<Timings> = {}) {
    simulated = simulate(golden, { timings });
    cycleNumber = simulated.clock.now();
    this.applies(armCommand(golden, cycleNumber, inSeconds(golden.haproxy.deadManSeconds)));
  }

  /** A command of cibadmin that modifies takes its effect. */
  private applies({ argv }: Command): void {
    const xml = parse(argv.at(-1) ?? '');
    this.site.pacemaker.change('node-1', (cib) =>
      cib.change((configuration) => {
        if (xml) modify(configuration, xml, false);
      }),
    );
  }

  /** Nothing is armed. */
  unarmed(): this {
    this.site.pacemaker.change('node-1', (cib) =>
      cib.change((configuration) => {
        remove(configuration, element('meta_attributes', { id: DISABLING_SET }));
      }),
    );
    return this;
  }

  /** What is armed, as the CIB has it. */
  get armed(): string {
    const set = this.site.pacemaker.view('node-1')?.cib.find('meta_attributes', DISABLING_SET);
    return set ? print(set) : '';
  }

  get site() {
    return simulated.site;
  }

  get faults() {
    return simulated.site.faults;
  }

  /** Connects to every controller, as the first step of a cycle does. */
  async connected(): Promise<this> {
    this.connection = await simulated.clock.drive(connectSite(simulated.world, golden, {}));
    await simulated.clock.drive(Promise.all(this.connection.nodes.map((node) => node.ready())));
    return this;
  }

  /** HAProxy is disabled, and stopped everywhere. */
  async stopped(): Promise<this> {
    this.disable();
    await simulated.pass(2_000);
    return this;
  }

  /** HAProxy is disabled, and about to stop. */
  disable(): void {
    this.applies(disableCommand(cycleNumber));
  }

  /** HAProxy is enabled, and about to start. */
  enable(): void {
    this.unarmed();
  }

  /** Makes something of each command that does this about HAProxy. */
  when(does: string, fault: (host: string) => CommandFault | undefined): void {
    this.faults.onCommand((host, argv) => (meaning(argv) === does ? fault(host) : undefined));
  }

  /** Does something so many milliseconds from now. */
  after(milliseconds: number, happens: () => void): void {
    simulated.clock.after(milliseconds, happens);
  }

  /** Makes something of each command of a program, from a certain one on. */
  on(program: string, fault: (host: string, argv: readonly string[]) => CommandFault | undefined): void {
    this.faults.onCommand((host, argv) => (argv[0] === program ? fault(host, argv) : undefined));
  }

  /** Changes what a controller sees of the cluster. */
  sees(host: string, change: (printed: string) => string): void {
    this.on('crm_mon', (on) => (on === host ? { stdout: change } : undefined));
  }

  /** Takes a step. */
  async take(action: CycleAction, before: Before | null = null) {
    const { clock, world } = simulated;
    this.site.record.clear();
    const began = clock.now();
    const taken = async () => {
      this.connection ??= await connectSite(world, golden, {});
      return cycle(this.connection, action, { lastAnswerAt: null, firstAnswerAt: null, cycle: cycleNumber, ...before });
    };
    const [result] = await Promise.allSettled([clock.drive(taken())]);
    return {
      result,
      step: result.status === 'fulfilled' ? result.value : undefined,
      began,
      milliseconds: clock.now() - began,
      commands: this.site.record.commands.flatMap(({ host, argv }) => {
        const does = meaning(argv);
        return does === undefined ? [] : [`${host}: ${does}`];
      }),
    };
  }

  /** The controllers on which HAProxy runs. */
  get running(): string[] {
    return [...this.site.controllers.values()]
      .filter(({ processes }) => processes.some(({ name }) => name === 'haproxy'))
      .map(({ name }) => name);
  }
}

/** An error of a step, as a test expects it. */
const failure = (name: string, message: RegExp = /./) => ({
  reason: { name, message: expect.stringMatching(message) as string },
});

describe('arm', () => {
  test('lets HAProxy run on, and says when pacemaker ends the disable by itself', async () => {
    const scene = new Scene().unarmed();

    const { step, commands } = await scene.take('arm');

    const endsAt = inSeconds(golden.haproxy.deadManSeconds);
    expect(step).toMatchObject({ done: true, cycle: cycleNumber, endsAt, lastAnswerAt: null, firstAnswerAt: null });
    expect(commands).toEqual(['node-1: arm']);
    expect(scene.armed).toContain(`operation="lt" end="${endsAt}"`);
    expect([scene.site.pacemaker.disabled, scene.running]).toEqual([false, ALL]);
  });

  test('goes by the clock of the controller that decides', async () => {
    const scene = new Scene().unarmed();
    scene.faults.setClock('node-1', 3_600_000);
    scene.faults.setClock('node-3', -3_600_000);

    const { step } = await scene.take('arm');

    expect(step).toMatchObject({ endsAt: inSeconds(3_600 + golden.haproxy.deadManSeconds) });
  });

  test('done before changes nothing, also while HAProxy is disabled', async () => {
    const scene = await new Scene().stopped();
    const { armed } = scene;

    const { step, commands } = await scene.take('arm');

    expect(armed).toContain(`end="${step?.endsAt ?? ''}"`);
    expect(commands).toEqual([]);
    expect(scene.running).toEqual([]);
  });

  test('takes away what an earlier cycle has left', async () => {
    const scene = new Scene();

    const { commands } = await scene.take('arm', { lastAnswerAt: null, firstAnswerAt: null, cycle: cycleNumber + 1 });

    expect(commands).toEqual(['node-1: end disable', 'node-1: arm']);
    expect(scene.armed).toContain(`magnum-ha-cycle-${cycleNumber + 1}`);
    expect(scene.armed).not.toContain(`magnum-ha-cycle-${cycleNumber}"`);
  });

  test('that comes when its cycle is over does nothing', async () => {
    const scene = new Scene().unarmed();
    const cycle = simulated.clock.now();
    scene.site.pacemaker.setDisabled('node-1', 'p_haproxy', true);
    await simulated.pass(1_000);
    scene.site.pacemaker.setDisabled('node-1', 'p_haproxy', false);
    await simulated.pass(4_000);

    const { result, commands } = await scene.take('arm', { lastAnswerAt: null, firstAnswerAt: null, cycle });

    expect(result).toMatchObject(failure('HAProxyCycledMeanwhile', /every controller of site golden/));
    expect(commands).toEqual([]);
  });

  test('is no cycle that was over before if HAProxy was started anew on one controller alone', async () => {
    const scene = new Scene().unarmed();
    const cycle = simulated.clock.now();
    scene.faults.powerOff('node-3');
    await simulated.pass(5_000);
    await simulated.clock.drive(scene.faults.powerOn('node-3'));
    await simulated.pass(3_000);

    const { step } = await scene.take('arm', { lastAnswerAt: null, firstAnswerAt: null, cycle });

    expect(step).toMatchObject({ done: true });
  });
});

describe('a disable ends by itself', () => {
  test.each<[string, (scene: Scene) => unknown]>([
    ['though nobody comes back', () => undefined],
    [
      'though the controller that was told is gone',
      (scene) => {
        scene.faults.powerOff('node-1');
      },
    ],
    [
      'though somebody enables HAProxy by pcs, which does not end it',
      ({ site }) => site.pacemaker.setDisabled('node-1', 'p_haproxy', false),
    ],
  ])('%s', async (_, happens) => {
    const scene = await new Scene().connected();
    await scene.take('disable');
    await happens(scene);

    await simulated.pass((golden.haproxy.deadManSeconds - 5) * 1000);
    const before = scene.running;
    await simulated.pass(10_000);

    expect(before).toEqual([]);
    expect(scene.running).toEqual(expect.arrayContaining(['node-2', 'node-3']));
  });

  test('one that comes when its time is over does nothing', async () => {
    const scene = await new Scene().connected();
    await simulated.pass((golden.haproxy.deadManSeconds + 1) * 1000);

    const { step } = await scene.take('disable');

    expect(step).toMatchObject({ done: false });
    expect(scene.running).toEqual(ALL);
  });
});

describe('disable', () => {
  test('is done when HAProxy is gone everywhere, and knows when the VIP last answered', async () => {
    const scene = await new Scene().connected();

    const { step, began, milliseconds, commands } = await scene.take('disable');

    expect(step).toMatchObject({ done: true, waitingFor: '', firstAnswerAt: null });
    // crm_mon takes 20 ms, cibadmin 50 until the CIB is changed, and the VIP 100 until it is gone.
    expect(Number(step?.lastAnswerAt) - began).toBeGreaterThan(140);
    expect(Number(step?.lastAnswerAt) - began).toBeLessThanOrEqual(180);
    expect(milliseconds).toBeLessThan(400);
    expect(commands).toEqual(['node-1: disable']);
    expect(scene.running).toEqual([]);
  });

  test.each(['node-1', 'node-3'])('is refused before it is run if %s has no quorum', async (name) => {
    const scene = new Scene();
    scene.faults.cutOff(name);
    await simulated.pass(5_000);

    const { result, commands } = await scene.take('disable');

    expect(result).toMatchObject(failure('NoQuorum', /site golden lost its quorum; HAProxy was not disabled/));
    expect(commands).toEqual([]);
  });

  test.each([
    ['reached', 'unreachable', 'ControllerUnreachable'],
    ['asked', 'stopCluster', 'PacemakerUnavailable'],
  ] as const)('is not run if a controller cannot be %s', async (_, fault, name) => {
    const scene = new Scene();
    scene.faults[fault]('node-3');

    const { result, commands } = await scene.take('disable');

    expect(result).toMatchObject(failure(name));
    expect(commands).toEqual([]);
  });

  test('done before is done again', async () => {
    const scene = await new Scene().stopped();

    const { step } = await scene.take('disable');

    expect(step).toMatchObject({ done: true });
  });

  test('counts the outage from the first attempt if a lost one disabled HAProxy already', async () => {
    const scene = await new Scene().stopped();
    const lastAnswerAt = simulated.clock.now() - 1_500;

    const { step } = await scene.take('disable', { lastAnswerAt, firstAnswerAt: null });

    expect(step).toMatchObject({ lastAnswerAt });
  });

  test('counts the outage from its beginning if the VIP did not answer before either', async () => {
    const scene = await (await new Scene().stopped()).connected();

    const { step, began } = await scene.take('disable');

    expect(step).toMatchObject({ lastAnswerAt: began });
  });

  test('that fails is no loss of a controller: the error is its own', async () => {
    const scene = await new Scene().connected();
    scene.when('disable', () => NO_CIB);

    const { result } = await scene.take('disable');

    expect(result).toMatchObject(failure('CommandFailed', /cibadmin -M.*unable to get cib/));
  });
});

/** A process of HAProxy's as ps shows it. */
const LINGERING = '   99 1 108 108 12 Ss haproxy -D -f /etc/haproxy/haproxy.cfg\n';

describe('stopped is what processes and pacemaker agree on', () => {
  test('not if a process lives on although pacemaker says stopped', async () => {
    const scene = await (await new Scene().stopped()).connected();
    scene.on('ps', (host) => (host === 'node-2' ? { stdout: (printed) => printed + LINGERING } : undefined));

    const { step, milliseconds } = await scene.take('poll-stopped');

    expect(step).toMatchObject({ done: false, waitingFor: 'haproxy to stop on node-2' });
    expect(milliseconds).toBeGreaterThanOrEqual(5_000);
    expect(milliseconds).toBeLessThan(6_000);
  });

  test('not if pacemaker still has an instance although no process runs', async () => {
    const scene = await new Scene({ agentStop: 20_000 }).connected();

    const { step } = await scene.take('disable');

    expect(step).toMatchObject({ done: false, waitingFor: 'pacemaker to see HAProxy stopped' });
    expect(scene.running).toEqual([]);
  });

  test('as soon as the last of them is', async () => {
    const scene = await new Scene({ haproxyStop: 4_000 }).connected();
    scene.disable();

    const { step, milliseconds } = await scene.take('poll-stopped');

    expect(step).toMatchObject({ done: true, waitingFor: '' });
    expect(milliseconds).toBeLessThan(4_200);
  });

  test('never again if pacemaker gave up: which controller, and what to do there', async () => {
    const scene = await new Scene().connected();
    scene.faults.haproxyWillNotStop('node-2');
    scene.disable();
    await simulated.pass(61_000);

    const { result, milliseconds } = await scene.take('poll-stopped');

    expect(result).toMatchObject(
      failure('HAProxyStopBlocked', /on node-2 of site golden.*pcs resource cleanup p_haproxy/),
    );
    expect(milliseconds).toBeLessThan(1_000);
  });

  test('nor if it says of no controller where', async () => {
    const scene = await (await new Scene().stopped()).connected();
    scene.sees('node-1', (printed) => printed.replace(/(id="p_haproxy".*?)blocked="false"/, '$1blocked="true"'));

    const { result } = await scene.take('poll-stopped');

    expect(result).toMatchObject(failure('HAProxyStopBlocked', /p_haproxy on a controller of site golden/));
  });
});

describe('a controller that is lost while HAProxy stops is not waited for', () => {
  test('nor asked again, if its connection breaks', async () => {
    const scene = await new Scene().connected();
    scene.when('disable', () => ({ disconnect: 'after' }));

    const { result, commands } = await scene.take('disable');

    expect(result).toMatchObject(failure('HAProxyStopInterrupted', /through the bastion 198\.51\.100\.10: .*was lost/));
    expect(commands).toHaveLength(1);
  });

  test.each([
    ['one of the others', 'node-3', /node-3 of site golden went offline, as pacemaker on node-1 sees it/],
    ['the one that was told', 'node-1', /node-1 of site golden went offline, as pacemaker on node-2 sees it/],
  ])('%s that goes silent is lost once pacemaker on another one sees it', async (_, lost, message) => {
    const scene = await new Scene().connected();
    scene.when('disable', () => {
      // The CIB is changed by then.
      scene.after(80, () => {
        scene.faults.powerOff(lost);
      });
      return undefined;
    });

    const { result, milliseconds } = await scene.take('disable');

    expect(result).toMatchObject(failure('HAProxyStopInterrupted', message));
    // Corosync takes 4.1 s; the connection would be given up after 8.
    expect(milliseconds).toBeGreaterThan(4_000);
    expect(milliseconds).toBeLessThan(5_500);
  });

  test('one that only SSH does not reach is lost when its connection is given up', async () => {
    const scene = await new Scene().connected();
    scene.when('disable', () => {
      scene.faults.unreachable('node-3');
      return undefined;
    });

    const { result, milliseconds } = await scene.take('disable');

    expect(result).toMatchObject(failure('HAProxyStopInterrupted', /cannot be seen to stop.*node-3/));
    expect(milliseconds).toBeLessThan(10_000);
  });

  test('one that was lost between two steps neither', async () => {
    const scene = new Scene();
    scene.disable();
    scene.faults.unreachable('node-2');

    const { result } = await scene.take('poll-stopped');

    expect(result).toMatchObject(failure('HAProxyStopInterrupted', /through the bastion.*node-2/));
  });

  test('one that stops slowly is not lost: all are asked, and nothing is said', async () => {
    const scene = await new Scene({ haproxyStop: 3_000 }).connected();

    const { step } = await scene.take('disable');

    expect(step).toMatchObject({ done: true });
  });
});

describe('what pacemaker does not manage any more', () => {
  test.each([
    ['a resource', 'unmanaged', /pcs resource manage p_haproxy/],
    ['anything, in maintenance mode', 'maintenanceMode', /maintenance-mode=false/],
  ] as const)('is not disabled: %s', async (_, fault, remedy) => {
    const scene = await new Scene().connected();
    scene.faults[fault]();

    const { result, commands } = await scene.take('disable');

    expect(result).toMatchObject(failure('HAProxyResourceUnmanaged', remedy));
    expect(commands).toEqual([]);
  });

  test('is not waited for', async () => {
    const scene = await new Scene().connected();
    scene.faults.unmanaged();

    const { result, milliseconds } = await scene.take('poll-stopped');

    expect(result).toMatchObject(failure('HAProxyResourceUnmanaged'));
    expect(milliseconds).toBeLessThan(1_000);
  });
});

describe('poll-stopped', () => {
  test('changes nothing', async () => {
    const scene = await (await new Scene().stopped()).connected();

    const { commands } = await scene.take('poll-stopped');

    expect(commands).toEqual([]);
  });

  test('keeps when the VIP last answered if it does not answer any more', async () => {
    const scene = await (await new Scene().stopped()).connected();

    const { step } = await scene.take('poll-stopped', { lastAnswerAt: 4711, firstAnswerAt: null });

    expect(step).toMatchObject({ lastAnswerAt: 4711, firstAnswerAt: null });
  });

  test('knows better if the VIP answered meanwhile', async () => {
    const scene = await new Scene().connected();
    scene.after(1_000, () => {
      scene.disable();
    });

    const { step, began } = await scene.take('poll-stopped', { lastAnswerAt: 4711, firstAnswerAt: null });

    expect(Number(step?.lastAnswerAt) - began).toBeGreaterThan(1_050);
    expect(Number(step?.lastAnswerAt) - began).toBeLessThan(1_150);
  });
});

describe('enable', () => {
  const before = { lastAnswerAt: 4711, firstAnswerAt: null };

  test('is done when HAProxy runs everywhere and the VIP answers, and knows since when', async () => {
    const scene = await (await new Scene().stopped()).connected();

    const { step, began, commands } = await scene.take('enable', before);

    expect(step).toMatchObject({ done: true, waitingFor: '', lastAnswerAt: 4711 });
    // cibadmin takes 50 ms until the CIB is changed, HAProxy 450 until it listens, and the VIP 20.
    expect(Number(step?.firstAnswerAt) - began).toBeGreaterThanOrEqual(520);
    expect(Number(step?.firstAnswerAt) - began).toBeLessThan(560);
    expect(commands).toEqual(['node-1: end disable']);
    expect(scene.running).toEqual(ALL);
  });

  test('is tried on another controller when the first refuses', async () => {
    const scene = await (await new Scene().stopped()).connected();
    scene.when('end disable', (host) => (host === 'node-3' ? undefined : NO_CIB));

    const { step, milliseconds, commands } = await scene.take('enable', before);

    expect(step).toMatchObject({ done: true });
    expect(commands.map((one) => one.split(':')[0])).toEqual(ALL);
    expect(milliseconds).toBeLessThan(1_500);
  });

  test('fails with the reason if every controller refuses', async () => {
    const scene = await (await new Scene().stopped()).connected();
    scene.when('end disable', () => NO_CIB);

    const { result, commands } = await scene.take('enable', before);

    expect(result).toMatchObject(failure('CommandFailed', /node-1 of site golden.*unable to get cib/));
    expect(commands).toHaveLength(3);
  });

  test.each([
    ['lost power', 'powerOff'],
    ['was cut off', 'unplug'],
  ] as const)('is handed over to another controller if the first has not answered for 2 s: it %s', async (_, fault) => {
    const scene = await (await new Scene().stopped()).connected();
    scene.faults[fault]('node-1');

    const { step, began } = await scene.take('enable', before);
    const told = scene.site.record.commands.find(({ argv }) => meaning(argv) === 'end disable');
    const { step: next } = await scene.take('poll-started', step);

    expect(told).toMatchObject({ host: 'node-2', at: began + 2_000 });
    // The other one sees the VIP answer: the connection to the first one is given up after 8 s only.
    expect(Number(step?.firstAnswerAt) - began).toBeLessThan(4_500);
    expect(next).toEqual({ ...step, done: true, waitingFor: '' });
    expect(scene.running).toEqual(expect.arrayContaining(['node-2', 'node-3']));
  });

  test('goes on without controllers that are gone: HAProxy comes back on the others', async () => {
    const scene = await new Scene().stopped();
    scene.faults.powerOff('node-1');
    await simulated.pass(5_000);

    const { step, commands } = await scene.take('enable', before);

    expect(step).toMatchObject({ done: true });
    expect(commands).toEqual(['node-2: end disable']);
    expect(scene.running).toEqual(['node-2', 'node-3']);
  });

  test('asks one more if the next one is gone as well', async () => {
    const scene = await new Scene().stopped();
    scene.faults.unreachable('node-2');
    scene.when('end disable', (host) => (host === 'node-1' ? NO_CIB : undefined));

    const { step, commands } = await scene.take('enable', before);

    expect(step).toMatchObject({ done: true });
    expect(commands.map((one) => one.split(':')[0])).toEqual(['node-1', 'node-3']);
  });

  test('fails with the reason if no controller can be reached', async () => {
    const scene = await new Scene().stopped();
    for (const name of ALL) scene.faults.unreachable(name);

    const { result } = await scene.take('enable', before);

    expect(result).toMatchObject(failure('ControllerUnreachable', /node-1/));
  });
});

describe('enabled is what no disable undoes', () => {
  const before = { lastAnswerAt: 1, firstAnswerAt: null };

  test('one of this cycle that comes after it: nothing is armed any more', async () => {
    const scene = await (await new Scene().stopped()).connected();
    await scene.take('enable', before);

    const { result } = await scene.take('disable');

    expect(result).toMatchObject(failure('CommandFailed', /exit code 105: No such device or address/));
    expect([scene.site.pacemaker.disabled, scene.running]).toEqual([false, ALL]);
  });

  test('one of this cycle that comes in the next: another one is armed', async () => {
    const scene = await new Scene().unarmed().connected();
    await scene.take('arm', { ...before, cycle: cycleNumber + 1 });

    const { result } = await scene.take('disable');

    expect(result).toMatchObject(failure('CommandFailed', /exit code 78: Update does not conform/));
    expect([scene.site.pacemaker.disabled, scene.running]).toEqual([false, ALL]);
  });

  test('one that somebody else has left: by pcs, too', async () => {
    const scene = await new Scene().connected();
    scene.site.pacemaker.setDisabled('node-1', 'p_haproxy', true);
    await simulated.pass(2_000);

    const { step, commands } = await scene.take('enable', before);

    expect(step).toMatchObject({ done: true });
    expect(commands).toEqual(['node-1: end disable', 'node-1: pcs resource enable p_haproxy']);
    expect([scene.site.pacemaker.disabled, scene.running]).toEqual([false, ALL]);
  });

  test("also on a controller that is cut off and sees it disabled: its view may become everybody's", async () => {
    const scene = await new Scene().connected();
    scene.faults.cutOff('node-3');
    await simulated.pass(5_000);
    scene.site.pacemaker.setDisabled('node-3', 'p_haproxy', true);

    const { commands } = await scene.take('poll-started');

    expect(commands).toEqual(['node-3: end disable', 'node-3: pcs resource enable p_haproxy']);
    expect(scene.running).toEqual(['node-1', 'node-2']);
  });
});

describe('started is what processes, pacemaker and the VIP agree on', () => {
  const started = (change: (printed: string) => string) => (scene: Scene) => {
    for (const host of ALL) scene.sees(host, change);
  };
  const onNode3 = (attribute: string, found: string) => (printed: string) =>
    printed.replace(new RegExp(`${found}([^>]*>\\n\\s*<node name="node-3")`), `${attribute}$1`);

  test.each<[string, (scene: Scene) => unknown, string, Partial<Timings>?]>([
    [
      'a process is missing',
      (scene) => {
        scene.on('ps', (host) =>
          host === 'node-3' ? { stdout: (printed) => printed.replace(/^.* \S*haproxy -.*\n/gm, '') } : undefined,
        );
      },
      'haproxy to start on node-3',
    ],
    ['pacemaker is still starting it', startAgain, `haproxy to start on ${ALL.join(', ')}`, { haproxyStart: 20_000 }],
    [
      'its start failed: pacemaker tries again after two minutes',
      async (scene) => {
        scene.faults.haproxyWillNotStart('node-2');
        await startAgain(scene);
      },
      'haproxy to start on node-2',
    ],
    [
      'pacemaker is still stopping it',
      started(onNode3('role="Stopping"', 'role="Started"')),
      'haproxy to start on node-3',
    ],
    ['pacemaker sees it failed', started(onNode3('failed="true"', 'failed="false"')), 'haproxy to start on node-3'],
    [
      'nobody manages it any more, and what to do about it',
      async (scene) => {
        await scene.stopped();
        scene.faults.unmanaged();
        scene.enable();
      },
      `pacemaker to manage p_haproxy again (pcs resource manage p_haproxy), and haproxy to start on ${ALL.join(', ')}`,
    ],
    [
      'the cluster has lost its quorum',
      async (scene) => {
        scene.faults.loseQuorum();
        scene.faults.cutOff('node-1');
        scene.faults.cutOff('node-2');
        await simulated.pass(8_000);
      },
      `the cluster to have quorum again, and haproxy to start on ${ALL.join(', ')}`,
    ],
    [
      'the VIP does not answer',
      ({ site }) => {
        site.network.setVirtualIp(undefined);
      },
      'an answer of the VIP 10.21.22.2',
    ],
  ])('not if %s', async (_, change, waitingFor, timings = {}) => {
    const scene = await new Scene(timings).connected();
    await change(scene);

    const { step } = await scene.take('poll-started', { lastAnswerAt: 1, firstAnswerAt: null });

    expect(step).toMatchObject({ done: false, waitingFor });
  });

  test('as soon as the last of them is', async () => {
    const scene = await (await new Scene({ haproxyStart: 2_000 }).stopped()).connected();
    scene.enable();

    const { step, milliseconds } = await scene.take('poll-started', { lastAnswerAt: 1, firstAnswerAt: null });

    expect(step).toMatchObject({ done: true, waitingFor: '' });
    expect(milliseconds).toBeLessThan(2_200);
  });

  test('on all but those on which it is blocked: pacemaker does nothing more about them', async () => {
    const scene = await new Scene().connected();
    scene.faults.haproxyWillNotStop('node-2');
    scene.disable();
    await simulated.pass(61_000);
    scene.enable();
    await simulated.pass(1_000);

    const { step } = await scene.take('poll-started', { lastAnswerAt: 1, firstAnswerAt: null });

    expect(step).toMatchObject({ done: true });
  });

  /** HAProxy was stopped, and is enabled just now. */
  async function startAgain(scene: Scene): Promise<void> {
    await scene.stopped();
    scene.enable();
  }
});

describe('poll-started', () => {
  test('keeps both times that are known already', async () => {
    const scene = await new Scene().connected();

    const { step, commands } = await scene.take('poll-started', { lastAnswerAt: 4711, firstAnswerAt: 4712 });

    expect(step).toMatchObject({ done: true, lastAnswerAt: 4711, firstAnswerAt: 4712 });
    expect(commands).toEqual([]);
  });

  test('knows no last answer if there was no step before', async () => {
    const scene = await new Scene().connected();

    const { step } = await scene.take('poll-started');

    expect(step).toMatchObject({ done: true, lastAnswerAt: null });
  });

  test('asks a controller whose cluster runs', async () => {
    const scene = await new Scene().connected();
    scene.faults.stopCluster('node-1');
    await simulated.pass(2_000);

    const { step } = await scene.take('poll-started', { lastAnswerAt: 1, firstAnswerAt: 2 });

    expect(step).toMatchObject({ done: false, waitingFor: 'haproxy to start on node-1' });
  });

  test('fails if the cluster runs nowhere', async () => {
    const scene = await new Scene().connected();
    for (const name of ALL) scene.faults.stopCluster(name);

    const { result } = await scene.take('poll-started');

    expect(result).toMatchObject(failure('PacemakerUnavailable', /node-1/));
  });
});

describe('HAProxy comes back', () => {
  /** The commands of the cycle, in the states in which they run. */
  const steps = [
    { state: 'Disable HAProxy', program: 'crm_mon', when: 'before it disables' },
    { state: 'Disable HAProxy', program: 'cibadmin', when: 'as it disables' },
    { state: 'Disable HAProxy', program: 'ps', when: 'as it looks for processes' },
    { state: 'Enable HAProxy', program: 'cibadmin', when: 'as it enables' },
    { state: 'Enable HAProxy', program: 'ps', when: 'as it looks for processes' },
    { state: 'Enable HAProxy', program: 'crm_mon', when: "as it asks for pacemaker's view" },
  ];

  /** Injects into a program's runs, before HAProxy is enabled or after. */
  function injectIn(scene: Scene, state: string, program: string, fault: () => CommandFault | undefined): void {
    let current = 'Disable HAProxy';
    scene.faults.onCommand((_host, argv) => {
      const does = meaning(argv);
      if (does === 'end disable') current = 'Enable HAProxy';
      return current === state && argv[0] === program ? fault() : undefined;
    });
  }

  test.each(steps.flatMap((step) => Object.keys(COMMAND_FAULTS).map((fault) => ({ ...step, fault }))))(
    'if $program in $state, $when, $fault',
    async ({ state, program, fault }) => {
      const scene = new Scene();
      // Always, before HAProxy is enabled; afterwards as long as a retry can outlive it.
      let left = state === 'Disable HAProxy' ? Infinity : 3;
      injectIn(scene, state, program, () => (left-- > 0 ? COMMAND_FAULTS[fault] : undefined));

      const failed = await cycled();

      expect([scene.site.pacemaker.disabled, scene.running]).toEqual([false, ALL]);
      // A fault before HAProxy is enabled ends the execution; one after is outlived by trying again.
      expect(failed === undefined).toBe(state === 'Enable HAProxy');
    },
  );

  test('if a controller loses power while HAProxy is disabled: on the others, and the error names it', async () => {
    const scene = new Scene();
    let on = true;
    injectIn(scene, 'Disable HAProxy', 'ps', () => {
      if (on) scene.faults.powerOff('node-3');
      on = false;
      return undefined;
    });

    const failed = await cycled();

    expect(failed?.message).toContain('node-3');
    expect([scene.site.pacemaker.disabled, scene.running]).toEqual([false, ['node-1', 'node-2']]);
  });

  test('if the bastion is gone for a while', async () => {
    const scene = new Scene();
    let on = true;
    injectIn(scene, 'Disable HAProxy', 'cibadmin', () => {
      if (on) void scene.faults.bastionDown();
      if (on) scene.after(5_000, () => void scene.faults.bastionUp());
      on = false;
      return undefined;
    });

    const failed = await cycled();

    expect(failed?.message).toContain('bastion');
    expect([scene.site.pacemaker.disabled, scene.running]).toEqual([false, ALL]);
  });

  test('if a disable outlives its connection, and comes after HAProxy was enabled', async () => {
    const scene = new Scene();
    let lost = false;
    injectIn(scene, 'Disable HAProxy', 'cibadmin', () => {
      if (lost) return undefined;
      lost = true;
      return { disconnect: 'during', lateEffect: 4_000 };
    });

    const failed = await cycled();

    expect(failed).toMatchObject({ name: 'HAProxyStopInterrupted' });
    expect([scene.site.pacemaker.disabled, scene.running]).toEqual([false, ALL]);
  });

  test('if HAProxy will not stop on one controller: enabled again, and the error says what to do', async () => {
    const scene = new Scene({ operationTimeout: 3_000 });
    scene.faults.haproxyWillNotStop('node-2');

    const failed = await cycled();

    expect(failed).toMatchObject({
      name: 'HAProxyStopBlocked',
      message: expect.stringMatching(/node-2.*pcs resource cleanup p_haproxy/s) as string,
    });
    expect([scene.site.pacemaker.disabled, scene.running]).toEqual([false, ALL]);
  });

  test('if HAProxy does not start on one controller: on the others, and the error names it', async () => {
    const scene = new Scene();
    scene.faults.haproxyWillNotStart('node-1');

    const failed = await cycled(1);

    expect(failed?.message).toBe('HAProxyStartTimeout: haproxy to start on node-1');
    expect([scene.site.pacemaker.disabled, scene.running]).toEqual([false, ['node-2', 'node-3']]);
  });

  test('if somebody left it disabled: the next execution enables it', async () => {
    const scene = await new Scene().stopped();

    const failed = await cycled();

    expect(failed).toBeUndefined();
    expect([scene.site.pacemaker.disabled, scene.running]).toEqual([false, ALL]);
  });
});

describe('HAProxy that does not come up with the fragment comes back once that is rolled back', () => {
  const FRAGMENT = '/etc/haproxy/conf.d/180-magnum.cfg';

  /** On all controllers. */
  const put = (scene: Scene, content: string) => {
    for (const { files } of scene.site.controllers.values()) files.seed(FRAGMENT, content);
  };
  /** A scene in which HAProxy does not start with the fragment that is in place. */
  const broken = () => {
    const scene = new Scene();
    put(scene, 'listen magnum-api\n nonsense\n');
    return scene;
  };

  test('on every controller', async () => {
    const scene = broken();

    const failed = await cycled(1, () => {
      put(scene, '');
    });

    expect(failed?.message).toContain('HAProxyStartTimeout');
    expect(scene.running).toEqual(ALL);
  });

  const steps = ['crm_mon', 'crm_resource', 'cibadmin', 'ps'];

  test.each(steps.flatMap((program) => Object.keys(COMMAND_FAULTS).map((fault) => ({ program, fault }))))(
    'though $program $fault',
    async ({ program, fault }) => {
      const scene = broken();
      let left = 0;
      scene.on(program, () => (left-- > 0 ? COMMAND_FAULTS[fault] : undefined));

      await cycled(1, () => {
        put(scene, '');
        left = 3;
      });

      expect(scene.running).toEqual(ALL);
    },
  );

  test.each(steps)('though %s fails on one controller once: that one gets it later', async (program) => {
    const scene = broken();
    let fails = false;
    scene.on(program, (host) => {
      if (!fails || host !== 'node-2') return undefined;
      fails = false;
      return { exit: 1, stderr: 'Error: injected' };
    });

    await cycled(1, () => {
      put(scene, '');
      fails = true;
    });

    expect(scene.running).toEqual(ALL);
  });

  test('on the controllers that can be reached', async () => {
    const scene = broken();

    await cycled(1, () => {
      put(scene, '');
      scene.faults.powerOff('node-2');
    });

    expect(scene.running).toEqual(['node-1', 'node-3']);
  });
});

/**
 * A whole cycle, the dead-man armed, with what the state machine does about steps that fail, and that are not done (lib/machines/site/cycle.ts);
 * then time for what is left to happen.
 *
 * @param startingAgain is told when the fragment of before is put back, before HAProxy is started again
 * @returns the first failure
 */
async function cycled(
  startTimeoutSeconds = golden.haproxy.startTimeoutSeconds,
  startingAgain: () => void = () => undefined,
): Promise<Error | undefined> {
  const { clock, world } = simulated;
  const failed = await clock.drive(procedure());
  await simulated.pass(30_000);
  return failed;

  async function procedure(): Promise<Error | undefined> {
    let step: Before | null = { lastAnswerAt: clock.now(), firstAnswerAt: null, cycle: cycleNumber };
    let first: Error | undefined;
    try {
      step = await untilDone('poll-stopped', await passing('disable', step), golden.haproxy.stopTimeoutSeconds);
    } catch (error) {
      first = error as Error;
    }
    const enabled = await tried(
      () => invoke('enable', step),
      10,
      () => true,
    );
    try {
      await untilDone('poll-started', enabled, startTimeoutSeconds);
    } catch (error) {
      first ??= error as Error;
      startingAgain();
      const back = await tried(
        () => invoke('start-again', enabled),
        10,
        () => true,
      );
      await untilDone('start-again', back, golden.haproxy.startTimeoutSeconds).catch(() => undefined);
    }
    return first;
  }

  function invoke(action: CycleAction | 'start-again', before: Before | null): Promise<CycleStep> {
    return cycleTask({ site: golden, platforms: [], action, before }, world);
  }

  function passing(action: CycleAction | 'start-again', before: Before | null): Promise<CycleStep> {
    const names: readonly string[] = TRANSIENT_ERRORS;
    return tried(
      () => invoke(action, before),
      2,
      ({ name }) => names.includes(name),
    );
  }

  async function untilDone(action: CycleAction | 'start-again', begun: CycleStep, seconds: number): Promise<CycleStep> {
    const deadline = clock.now() + seconds * 1000;
    let step = begun;
    while (!step.done) {
      if (clock.now() > deadline) {
        throw new Error(`HAProxy${action === 'poll-stopped' ? 'Stop' : 'Start'}Timeout: ${step.waitingFor}`);
      }
      await clock.sleep(2_000);
      step = await passing(action, step);
    }
    return step;
  }

  async function tried<T>(doing: () => Promise<T>, more: number, passes: (error: Error) => boolean): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await doing();
      } catch (error) {
        if (attempt >= more || !passes(error as Error)) throw error;
        await clock.sleep(Math.min(2_000 * 2 ** attempt, 60_000));
      }
    }
  }
}
