import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue } from '../../domain/commands/catalogue';
import { armBanCommand, banCommand, END_BAN } from '../../domain/commands/ban';
import { armCommand, disableCommand, END_DISABLE, TIMER, timerCommand } from '../../domain/commands/disable';
import { haproxyProcesses } from '../../domain/commands/haproxy-processes';
import { parseProcesses } from '../../domain/commands/process-list';
import { parseCib } from '../../domain/pacemaker/cib';
import { resourceForm } from '../../domain/pacemaker/resource-form';
import { downWith, parseSimulation, withDisabled } from '../../domain/pacemaker/simulation';
import { parseClusterStatus } from '../../domain/pacemaker/status';
import { all, child, type Element, parseXml } from '../../domain/pacemaker/xml';
import { type Command, withInput } from '../../domain/ssh/command';
import { document } from '../workflow/local';
import { type ContractSite, startContractSite } from './site';
import { PCS_DISABLE } from '../pcs-disable';

const golden = document('golden');
const c = catalogue(golden);
const ALL = golden.controllers.map(({ name }) => name);
const [ONE = '', TWO = '', THREE = ''] = ALL;

let site: ContractSite;
beforeAll(async () => {
  site = await startContractSite();
});
afterAll(() => site.close());
beforeEach(() => site.settled());

const silent = { exitCode: 0, stdout: '', stderr: '' };
const pcs = (...argv: string[]): Command => ({ argv: ['pcs', ...argv], root: true, timeoutSeconds: 20 });

describe('crm_mon', () => {
  it('everything up, seen from anywhere', async () => {
    const outcomes = await Promise.all(ALL.map((name) => site.run(name, c.clusterStatus)));

    expect(outcomes.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual(ALL.map(() => [0, '']));
    for (const { stdout } of outcomes) expect(comparable(stdout)).toEqual(truth('healthy'));
  });

  it.each([
    ['the resource unmanaged', 'unmanaged', ['resource', 'unmanage', 'p_haproxy'], ['resource', 'manage', 'p_haproxy']],
    [
      'maintenance mode',
      'maint',
      ['property', 'set', 'maintenance-mode=true'],
      ['property', 'set', 'maintenance-mode=false'],
    ],
  ])('%s', async (_what, name, set, unset) => {
    await site.run(ONE, pcs(...set));
    const seen = await eventually(TWO, truth(name));
    const disable = await site.run(ONE, PCS_DISABLE);
    const enable = await site.run(ONE, c.enableHaproxy);
    const running = await haproxyOn();
    await site.run(ONE, pcs(...unset));

    expect(seen).toEqual(truth(name));
    // Exit 0, and nothing happens.
    expect(disable).toEqual({ ...silent, stderr: "Warning: 'p_haproxy' is unmanaged\n" });
    // In either order.
    expect({ ...enable, stderr: enable.stderr.trimEnd().split('\n').sort() }).toEqual({
      ...silent,
      stderr: ["Warning: 'clone_p_haproxy' is unmanaged", "Warning: 'p_haproxy' is unmanaged"],
    });
    expect(running).toEqual(ALL);
  });

  it('one node lost: its HAProxy too, and the VIP goes on; back again when it boots', async () => {
    await site.powerOff(THREE);

    const seen = await eventually(ONE, truth('nodelost'));
    await site.settled([ONE, TWO]);
    const vip = await site.reaches(ONE, golden.virtualIp, 5000);
    await site.powerOn(THREE);
    await site.settled();

    expect(seen).toEqual(truth('nodelost'));
    expect(vip).toBe(true);
    expect(await eventually(THREE, truth('healthy'))).toEqual(truth('healthy'));
  });

  it('no quorum on one that is cut off, where a disable says that all is well; the others go on', async () => {
    await site.partition(ONE);

    const alone = await eventually(ONE, truth('noquorum'));
    const others = await eventually(
      TWO,
      (view) => !view.nodes.some(({ name, online }) => name === ONE && online === 'true'),
    );
    const disable = await site.run(ONE, PCS_DISABLE);
    const elsewhere = await haproxyOn([TWO, THREE]);
    await site.run(ONE, c.enableHaproxy);
    await site.rejoin();

    expect(alone).toEqual(truth('noquorum'));
    expect(others.quorum).toBe('true');
    expect(disable).toEqual(silent);
    expect(elsewhere).toEqual([TWO, THREE]);
  });

  it('a node on which pacemaker does not run: exit 102, and pcs gets no CIB', async () => {
    await site.stopCluster(TWO);

    const status = await site.run(TWO, c.clusterStatus);
    const enable = await site.run(TWO, c.enableHaproxy);
    const cib = await site.run(TWO, c.cib);
    const running = await haproxyOn();
    await site.startCluster(TWO);

    expect(status).toEqual({
      exitCode: 102,
      stdout: `<pacemaker-result api-version="2.25" request="crm_mon -1 -r --output-as=xml">
  <status code="102" message="Not connected">
    <errors>
      <error>error: Could not connect to launcher: Connection refused</error>
      <error>crm_mon: Connection to cluster failed: Connection refused</error>
    </errors>
  </status>
</pacemaker-result>
`,
      stderr: '',
    });
    expect(enable).toEqual({ exitCode: 1, stdout: '', stderr: 'Error: unable to get cib\n' });
    expect(cib).toEqual({
      exitCode: 102,
      stdout: '',
      stderr:
        'Could not connect to the CIB: Transport endpoint is not connected\nInit failed, could not perform requested operations\n',
    });
    expect(running).toEqual([ONE, THREE]);
  });
});

describe('the CIB', () => {
  it('says that the VIP goes where HAProxy runs, and that HAProxy is a clone', async () => {
    const { exitCode, stdout, stderr } = await site.run(TWO, c.cib);

    const cib = parseCib(stdout, 0, TWO);
    const [colocation, ...more] = cib.constraints.filter(({ name }) => name === 'rsc_colocation');
    expect([exitCode, stderr, more]).toEqual([0, '', []]);
    expect(colocation?.attributes).toMatchObject({
      rsc: 'vip__management',
      'with-rsc': 'clone_p_haproxy',
      score: 'INFINITY',
    });
    expect(resourceForm(cib, 'p_haproxy').kind).toBe('clone');
    expect(cib.nodes.map(({ name }) => name)).toEqual(ALL);
  });

  it('with HAProxy disabled, as pacemaker’s scheduler would take it: the VIP goes down with it, and nothing is changed', async () => {
    const { stdout: text } = await site.run(TWO, c.cib);

    const disabled = await site.run(TWO, withInput(c.simulate, withDisabled(text, 'p_haproxy')));
    const anyway = await site.run(TWO, withInput(c.simulate, text));

    const down = downWith('p_haproxy', parseSimulation(disabled.stdout, TWO), parseSimulation(anyway.stdout, TWO));
    expect([disabled.exitCode, anyway.exitCode, down]).toEqual([0, 0, ['vip__management']]);
    expect(await haproxyOn()).toEqual(ALL);
  });

  it('of a cleanup after which nothing is left to do', async () => {
    const { exitCode } = await site.run(TWO, c.cleanupHaproxy);

    expect(exitCode).toBe(0);
    expect(await haproxyOn()).toEqual(ALL);
  });
});

describe('pcs resource disable and enable', () => {
  it('of a resource that nobody made: exit 1', async () => {
    const failure = {
      exitCode: 1,
      stdout: '',
      stderr:
        "Error: bundle/clone/group/resource/tag 'p_nothing' does not exist\n" +
        'Error: Errors have occurred, therefore pcs is unable to continue\n',
    };

    const disable = await site.run(ONE, pcs('resource', 'disable', 'p_nothing'));
    const enable = await site.run(ONE, pcs('resource', 'enable', 'p_nothing'));

    expect([disable, enable]).toEqual([failure, failure]);
    expect(await haproxyOn()).toEqual(ALL);
  });

  it('of what is so already: exit 0, and nothing happens', async () => {
    const before = await site.daemons(ONE);

    const enabled = await site.run(ONE, c.enableHaproxy);
    const unchanged = await site.daemons(ONE);
    await site.run(ONE, PCS_DISABLE);
    await site.until('HAProxy has ended', async () => (await haproxyOn()).length === 0);
    const disabledAgain = await site.run(TWO, PCS_DISABLE);
    await site.run(ONE, c.enableHaproxy);

    expect(enabled).toEqual(silent);
    expect(unchanged).toEqual(before);
    expect(disabledAgain).toEqual(silent);
  });

  it('of the primitive or the clone are seen on the clone; enabling the primitive clears both', async () => {
    await site.run(ONE, pcs('resource', 'disable', 'clone_p_haproxy'));
    const clone = await eventually(TWO, truth('disabledclone'));
    await site.run(ONE, PCS_DISABLE);
    await site.run(ONE, c.enableHaproxy);
    const healthy = await eventually(TWO, truth('healthy'));
    await site.run(ONE, PCS_DISABLE);
    const primitive = await eventually(TWO, truth('disabled'));
    await site.run(ONE, c.enableHaproxy);

    expect(clone).toEqual(truth('disabledclone'));
    expect(healthy).toEqual(truth('healthy'));
    expect(primitive).toEqual(truth('disabled'));
  });

  it('in this order: the processes end, pacemaker says so, the VIP is gone; they run, pacemaker says so, it answers', async () => {
    const vip = () => site.reaches(TWO, golden.virtualIp, 5000);

    const disable = await site.run(ONE, PCS_DISABLE);
    const stopping = await looksUntil(({ active }) => active === 0);
    const without = await vip();
    const enable = await site.run(ONE, c.enableHaproxy);
    const starting = await looksUntil(({ started }) => started === ALL.length);
    await site.until('the VIP answers', vip);

    expect([disable, enable]).toEqual([silent, silent]);
    // Whatever pacemaker says has happened before it says so.
    for (const { active, processes } of stopping) expect(processes).toBeLessThanOrEqual(active);
    expect(without).toBe(false);
    for (const { started, processes } of starting) expect(processes).toBeGreaterThanOrEqual(started);
  });

  /** Looks at pacemaker, then at the processes pacemaker is where it should be. */
  async function looksUntil(there: (look: Look) => boolean): Promise<Look[]> {
    const looks: Look[] = [];
    await site.until('pacemaker has done what it was told', async () => {
      const { stdout } = await site.run(TWO, c.clusterStatus);
      const { instances } = parseClusterStatus(stdout, 'p_haproxy', TWO);
      const look = {
        active: instances.filter(({ active }) => active).length,
        started: instances.filter(({ role }) => role === 'Started').length,
        processes: (await haproxyOn()).length,
      };
      looks.push(look);
      return there(look);
    });
    return looks;
  }

  interface Look {
    readonly active: number;
    readonly started: number;
    readonly processes: number;
  }
});

/** So many seconds from now by a controller's clock, as pacemaker writes it. */
async function inSeconds(seconds: number): Promise<string> {
  const { stdout } = await site.run(ONE, c.date);
  return `${new Date((Number(stdout) + seconds) * 1000).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

describe('a ban from one controller that ends by itself', () => {
  const NUMBER = 1_764_205_409_000;
  /** Of node-3 in the cluster. */
  const NODE = '3';
  const others = ALL.filter((name) => name !== THREE);
  afterEach(async () => {
    await site.run(ONE, END_BAN);
    await site.settled();
  });

  const gone = () =>
    site.until('HAProxy has ended on one controller', async () => (await haproxyOn()).length === others.length);

  it('needs to be armed with its number, of which there is one, and is over once it is taken away', async () => {
    const unarmed = await site.run(ONE, banCommand(NUMBER));
    const armed = await site.run(ONE, armBanCommand(golden, NUMBER, NODE, await inSeconds(120)));
    const again = await site.run(TWO, armBanCommand(golden, NUMBER + 1, '1', await inSeconds(120)));
    const other = await site.run(TWO, banCommand(NUMBER + 1));
    await site.settled();
    const running = await haproxyOn();
    const banned = await site.run(TWO, banCommand(NUMBER));
    await gone();
    const left = await haproxyOn();
    const ended = [await site.run(THREE, END_BAN), await site.run(ONE, END_BAN)];
    await site.settled();
    const late = await site.run(TWO, banCommand(NUMBER));

    expect([unarmed.exitCode, again.exitCode, other.exitCode, late.exitCode]).toEqual([105, 108, 105, 105]);
    expect([armed, banned, ...ended]).toEqual(Array(4).fill(silent));
    expect([running, left]).toEqual([ALL, others]);
    expect(await haproxyOn()).toEqual(ALL);
  });

  it('ends when its time is over, and does nothing after that', async () => {
    await site.run(ONE, armBanCommand(golden, NUMBER, NODE, await inSeconds(8)));
    await site.run(ONE, banCommand(NUMBER));
    await gone();
    await site.until('HAProxy is back', async () => (await haproxyOn()).length === ALL.length);
    // The one that pacemaker starts is there before the one that it leaves running.
    await site.settled();
    const before = await site.daemons(THREE);
    const late = await site.run(ONE, banCommand(NUMBER));
    await site.sleep(2_000);

    expect(late).toEqual(silent);
    expect(await site.daemons(THREE)).toEqual(before);
  });
});

describe('a disable that ends by itself', () => {
  const CYCLE = 1_764_205_409_000;
  afterEach(() => site.run(ONE, END_DISABLE));

  const gone = () => site.until('HAProxy has ended', async () => (await haproxyOn()).length === 0);
  /** Before pacemaker 2.1 with a number behind. */
  const failed = (exitCode: number, why: string) => ({
    exitCode,
    stderr: expect.stringMatching(new RegExp(`^Call cib_modify failed(?: \\(-\\d+\\))?: ${why}\n$`)) as unknown,
  });
  const isDisabled = async () => {
    const { stdout } = await site.run(THREE, c.clusterStatus);
    return parseClusterStatus(stdout, golden.haproxy.resource, THREE).disabled;
  };

  it('needs to be armed for its cycle, and is over once the set is taken away', async () => {
    const unarmed = await site.run(ONE, disableCommand(CYCLE));
    const armed = await site.run(ONE, armCommand(golden, CYCLE, await inSeconds(120)));
    const others = await site.run(TWO, disableCommand(CYCLE + 1));
    const running = await haproxyOn();
    const disabled = await site.run(TWO, disableCommand(CYCLE));
    await gone();
    const seen = await isDisabled();
    const byPcs = await site.run(ONE, c.enableHaproxy);
    const stillGone = await haproxyOn();
    const ended = [await site.run(THREE, END_DISABLE), await site.run(ONE, END_DISABLE)];
    await site.settled();
    const late = await site.run(TWO, disableCommand(CYCLE));

    expect(unarmed).toMatchObject(failed(105, 'No such device or address'));
    expect([armed, disabled, byPcs, ...ended]).toEqual(Array(5).fill(silent));
    expect(others).toMatchObject(failed(78, 'Update does not conform to the configured schema'));
    expect([running, stillGone]).toEqual([ALL, []]);
    expect(seen).toBe(true);
    expect(late).toMatchObject(failed(105, 'No such device or address'));
    expect(await haproxyOn()).toEqual(ALL);
  });

  it('ends when its time is over, and does nothing after that', async () => {
    await site.run(ONE, armCommand(golden, CYCLE, await inSeconds(8)));
    await site.run(ONE, disableCommand(CYCLE));
    await gone();
    await site.settled();
    const still = await isDisabled();
    const before = await site.daemons(ONE);
    const late = await site.run(ONE, disableCommand(CYCLE));
    await site.sleep(2_000);

    expect(still).toBe(false);
    expect(late).toEqual(silent);
    expect(await site.daemons(ONE)).toEqual(before);
  });

  it('is ended by a timer of a controller, too', async () => {
    const soon = { ...golden, haproxy: { ...golden.haproxy, deadManSeconds: 5 } };
    await site.run(ONE, armCommand(golden, CYCLE, await inSeconds(120)));

    const started = await site.run(TWO, timerCommand(soon, CYCLE));
    const number = await site.run(TWO, TIMER.look);
    await site.run(ONE, disableCommand(CYCLE));
    await gone();
    await site.settled();
    const over = await site.run(TWO, TIMER.look);

    expect([started, number]).toEqual([silent, { ...silent, stdout: `${CYCLE}\n` }]);
    expect(over.exitCode).toBe(1);
  });
});

/** The controllers on which HAProxy runs. */
async function haproxyOn(controllers = ALL): Promise<string[]> {
  const lists = await Promise.all(controllers.map((name) => site.run(name, c.processes)));
  const { configFile } = golden.haproxy;
  return controllers.filter((name, index) => {
    const list = parseProcesses(lists[index]?.stdout ?? '', `controller ${name}`);
    return haproxyProcesses(list, { configFile }).own.length > 0;
  });
}

/** What crm_mon printed there, without what differs from run to run. */
type View = ReturnType<typeof comparable>;

/** Looks until crm_mon says this. @returns what it said last */
async function eventually(controller: string, wanted: View | ((view: View) => boolean)): Promise<View> {
  const reached =
    typeof wanted === 'function' ? wanted : (view: View) => JSON.stringify(view) === JSON.stringify(wanted);
  let view: View | undefined;
  const end = site.now() + 40_000;
  do {
    const { exitCode, stdout } = await site.run(controller, c.clusterStatus);
    view = exitCode === 0 ? comparable(stdout) : undefined;
    await site.sleep(50);
  } while ((!view || !reached(view)) && site.now() < end);
  if (!view) throw new Error(`crm_mon on ${controller} does not answer`);
  return view;
}

/** What crm_mon 2.1.5 printed for three nodes of the same names. */
function truth(name: string): View {
  return comparable(readFileSync(join(__dirname, `../local/simulated-site/truth/crm_mon-${name}.xml`), 'utf8'));
}

/**
 * Without times and versions, what depends on how the cluster came about (who is its DC, on which node the VIP is, who
 * was expected to be there) and on how it was installed (the agents).
 */
function comparable(xml: string) {
  const result = parseXml(xml);
  const summary = child(result, 'summary');
  const resources = child(result, 'resources');
  const clone = child(resources, 'clone');
  const plain = (element: Element | undefined, ...without: string[]) =>
    Object.fromEntries(Object.entries(element?.attributes ?? {}).filter(([name]) => !without.includes(name)));
  return {
    quorum: child(summary, 'current_dc')?.attributes['with_quorum'],
    configured: [plain(child(summary, 'nodes_configured')), plain(child(summary, 'resources_configured'))],
    options: plain(child(summary, 'cluster_options')),
    nodes: all(child(result, 'nodes'), 'node').map((node) =>
      plain(node, 'is_dc', 'feature_set', 'expected_up', 'resources_running'),
    ),
    virtualIp: plain(child(resources, 'resource'), 'resource_agent', 'pending'),
    clone: plain(clone),
    instances: all(clone, 'resource')
      .map((one) => ({ ...plain(one, 'resource_agent', 'pending'), on: all(one, 'node').map((node) => plain(node)) }))
      .sort((one, other) => JSON.stringify(one.on).localeCompare(JSON.stringify(other.on))),
    failures: all(child(result, 'failures'), 'failure').length,
    status: plain(child(result, 'status')),
  };
}
