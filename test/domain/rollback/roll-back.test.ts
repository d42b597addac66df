import { connectSite, type SiteConnection } from '../../../domain/commands/site-connection';
import { commit } from '../../../domain/controller/commit';
import { stage, type Staged } from '../../../domain/controller/stage';
import { discardStaged, promote } from '../../../domain/rollback/keep';
import { rollBack, type RollBackInput } from '../../../domain/rollback/roll-back';
import { secretNames } from '../../../domain/secrets/references';
import { type Simulated, simulate } from '../simulated';
import { site as siteOf } from '../sites';

const golden = siteOf('golden');
const ALL = ['node-1', 'node-2', 'node-3'];
const CONF = '/etc/magnum/magnum.conf';
const FRAGMENT = '/etc/haproxy/conf.d/180-magnum.cfg';
const RULES = '/etc/iptables/rules.v4';
const ONE = 'arn:aws:states:eu-west-1:1:execution:magnum-ha:one';

let simulated: Simulated;
let connection: SiteConnection;
beforeEach(async () => {
  simulated = simulate(golden);
  const secrets = secretNames(golden).magnumConf;
  connection = await simulated.clock.drive(connectSite(simulated.world, golden, { secrets }));
});
afterEach(() => simulated.end());

const filesOf = (name: string) => {
  const controller = simulated.site.controllers.get(name);
  if (!controller) throw new Error(name);
  return controller.files;
};
/** Content, owner and mode of the managed files everywhere, and the rules that run. */
const state = () =>
  ALL.map((name) => [
    [CONF, FRAGMENT, RULES].map((path) => {
      const { content, mode, owner, group } = filesOf(name).files.get(path) ?? {};
      return [content, mode, owner, group];
    }),
    simulated.site.controllers.get(name)?.input.print(),
  ]);
const kept = () =>
  ALL.flatMap((name) => [...filesOf(name).files.keys()].filter((path) => path.startsWith('/etc/magnum-ha')));

/** Stages everywhere, and puts it in place on these controllers. */
async function applied(committed: readonly string[] = ALL, execution = ONE): Promise<Staged[]> {
  const work = async () => {
    const { nodes, secrets } = connection;
    const staged = await Promise.all(nodes.map((node) => stage(node, secrets, execution)));
    for (const { controller, files } of staged.filter((one) => committed.includes(one.controller))) {
      await commit(connection.node(controller), files, execution, secrets.reveal(golden.ssh.privateKey.ssm));
    }
    return staged;
  };
  return simulated.clock.drive(work());
}

const back = (staged: readonly Staged[], scope: RollBackInput['scope'] = 'everything') =>
  simulated.clock.drive(rollBack(connection, { execution: ONE, staged, scope }));

test('every controller is as before, byte for byte, and nothing is left of the execution', async () => {
  const before = state();
  const staged = await applied();
  const between = state();

  const { controllers, failed } = await back(staged);

  expect(between).not.toEqual(before);
  expect(state()).toEqual(before);
  expect(failed).toEqual([]);
  expect(controllers.map(({ controller, asBefore, left }) => [controller, asBefore, left])).toEqual(
    ALL.map((name) => [name, [FRAGMENT, RULES, CONF], []]),
  );
  expect(kept()).toEqual([]);
});

test('also where only some of it was put in place', async () => {
  const before = state();
  const staged = await applied(['node-2']);

  await back(staged);

  expect(state()).toEqual(before);
  expect(kept()).toEqual([]);
});

test('it can be repeated', async () => {
  const before = state();
  const staged = await applied();

  await back(staged);
  const { controllers } = await back(staged);

  expect(controllers.flatMap(({ left }) => left)).toEqual([]);
  expect(state()).toEqual(before);
});

test('what somebody has changed since is theirs, and is told; what was there before stays kept', async () => {
  const staged = await applied();
  filesOf('node-2').seed(CONF, 'by hand', 0o640, 'root', 'magnum');

  const { controllers } = await back(staged);

  expect(controllers.map(({ left }) => left)).toEqual([[], [CONF], []]);
  expect(filesOf('node-2').files.get(CONF)?.content).toBe('by hand');
  expect(kept().map((path) => path.replace(/[0-9a-f]{16}/, 'ID'))).toEqual(['/etc/magnum-ha/ID/before/magnum.conf']);
});

test('nothing is put back that is not what was there before', async () => {
  const staged = await applied();
  const path = kept().find((one) => one.endsWith('magnum.conf')) ?? '';
  filesOf('node-1').seed(path, 'something else', 0o640, 'root', 'magnum');
  const between = filesOf('node-1').files.get(CONF)?.content;

  const { controllers } = await back(staged);

  expect(controllers[0]?.left).toEqual([CONF]);
  expect(filesOf('node-1').files.get(CONF)?.content).toBe(between);
});

test('a controller that cannot be reached does not keep the others from it, and is told', async () => {
  const staged = await applied();
  simulated.site.faults.unreachable('node-2');
  const fresh = await simulated.clock.drive(connectSite(simulated.world, golden, {}));

  const { controllers, failed } = await simulated.clock.drive(
    rollBack(fresh, { execution: ONE, staged, scope: 'everything' }),
  );

  expect(controllers.map(({ controller }) => controller)).toEqual(['node-1', 'node-3']);
  expect(failed).toEqual([{ controller: 'node-2', error: expect.stringContaining('node-2') as string }]);
});

test('services that have read what is not in place any more are told: also those that never came back', async () => {
  const staged = await applied();
  await simulated.pass(2_000);
  simulated.site.controllers.get('node-1')?.services.get('magnum-api')?.stop();

  const { controllers } = await back(staged);

  expect(controllers.map(({ stale }) => stale)).toEqual(
    ALL.map(() => [golden.magnum.apiService, golden.magnum.conductorService]),
  );
});

test('if only the fragment is to be put back, everything else stays', async () => {
  const staged = await applied();
  const conf = filesOf('node-1').files.get(CONF)?.content;

  const { controllers } = await back(staged, 'fragment');

  expect(filesOf('node-1').exists(FRAGMENT)).toBe(false);
  expect(filesOf('node-1').files.get(CONF)?.content).toBe(conf);
  expect(controllers.map(({ stale, firewall }) => [stale, firewall])).toEqual(ALL.map(() => [[], false]));
});

test('a fragment that HAProxy has read is told as such', async () => {
  const staged = await applied();
  const haproxy = simulated.site.pacemaker;
  haproxy.setDisabled('node-1', 'p_haproxy', true);
  await simulated.pass(2_000);
  haproxy.setDisabled('node-1', 'p_haproxy', false);
  await simulated.pass(2_000);

  const { controllers } = await back(staged);

  expect(controllers.map(({ haproxyStale }) => haproxyStale)).toEqual([true, true, true]);
});

test('what was staged and never put in place can be taken away alone, of an execution that was stopped', async () => {
  await applied([]);

  await simulated.clock.drive(Promise.all(connection.nodes.map((node) => discardStaged(node, ONE))));

  expect(kept().filter((path) => path.includes('/staged/'))).toEqual([]);
});

test('of five executions what was before is kept, and no longer', async () => {
  const executions = Array.from({ length: 7 }, (_, index) => `${ONE}-${index}`);
  const [node] = connection.nodes;

  for (const [index, execution] of executions.entries()) {
    filesOf('node-1').seed(CONF, `[DEFAULT]\n# ${index}\n`, 0o640, 'root', 'magnum');
    await applied(['node-1'], execution);
    await simulated.clock.drive(promote(node, execution));
    await simulated.pass(2_000);
  }

  const contents = [...filesOf('node-1').files].filter(([path]) => path.endsWith('before/magnum.conf'));
  expect(contents.map(([, { content }]) => content.slice(-2))).toEqual(['2\n', '3\n', '4\n', '5\n', '6\n']);
});

test('one that comes late, after the next apply, undoes nothing of that', async () => {
  const staged = await applied();
  await back(staged);
  await applied(ALL, `${ONE}-more`);
  const after = state();

  await back(staged);

  expect(state()).toEqual(after);
});
