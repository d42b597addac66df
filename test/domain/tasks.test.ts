import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { secretNames } from '../../domain/secrets/references';
import { BastionUnreachable } from '../../domain/ssh/errors';
import {
  fileOf,
  TASK_NAMES,
  type TaskFunction,
  type TaskInput,
  type TaskName,
  TASKS,
  type TaskSpecification,
} from '../../domain/tasks';
import { fakeWorld } from './fakes';
import { site } from './sites';

const LAMBDAS = join(__dirname, '../../lambdas');
const golden = site('golden', (document) => (document.bootstrap = ['database', 'schema', 'rabbitmq', 'keystone']));

/** What each task is given that needs something of a site. */
const inputs = {
  lookAtHaproxy: { site: golden },
  clearStaging: { site: golden, platforms: [] },
  lookAtSite: { site: golden },
  preflight: { site: golden },
  preflightCloud: { site: golden, findings: [] },
  bootstrap: { site: golden, mode: 'check' },
  upgradeSchema: { site: golden, mode: 'check' },
  inspectControllers: { site: golden, platforms: [] },
  stage: { site: golden, platforms: [], controller: 'node-2', execution: 'one' },
  commit: { site: golden, platforms: [], controller: 'node-2', files: [], execution: 'one' },
  restart: { site: golden, platforms: [], controller: 'node-2', afterRollBack: false },
  reach: { site: golden, platforms: [] },
  cycle: { site: golden, platforms: [], action: 'disable', before: null },
  verify: { site: golden, platforms: [], restarts: [], changed: [], execution: 'one' },
  rollBack: { site: golden, platforms: [], execution: 'one', staged: [], scope: 'everything' },
  ensureClusterTemplate: { site: golden, mode: 'check', clusterTemplate: 'swarm-mode-cluster-template' },
  ensureCluster: { site: golden, mode: 'check', cluster: 'swarm-mode-cluster' },
  pollCluster: {
    site: golden,
    cluster: { name: 'swarm-mode-cluster', action: 'created', managers: 3, workers: 5, differences: [] },
    overdue: false,
  },
} as const satisfies { [T in TaskName]?: TaskInput<T> };

const specifications: Readonly<Record<string, TaskSpecification>> = TASKS;
const handlers = async (task: string) =>
  (await import(join(LAMBDAS, fileOf(task as TaskName)))) as { run: TaskFunction<TaskName>; handler: unknown };

test.each<[TaskName, string]>([
  ['plan', 'plan'],
  ['ensureClusterTemplate', 'ensure-cluster-template'],
  ['preflightCloud', 'preflight-cloud'],
])('the file of %s is %s', (task, file) => {
  expect(fileOf(task)).toBe(file);
});

test('each task has a handler, and each handler is of a task', async () => {
  // An event invokes the archive's, the fleet machine two more, and a schedule that of the weekly summary.
  const others = ['archive.ts', 'archive-look.ts', 'fleet-matrix.ts', 'weekly-summary.ts'];
  const files = readdirSync(LAMBDAS).flatMap((file) =>
    file.endsWith('.ts') && !others.includes(file) ? [file.slice(0, -3)] : [],
  );

  const modules = await Promise.all(TASK_NAMES.map(handlers));

  expect(files.toSorted()).toEqual(TASK_NAMES.map(fileOf).toSorted());
  expect(modules.every(({ run, handler }) => typeof run === 'function' && typeof handler === 'function')).toBe(true);
});

test('the tasks that connect to a site are those that are given one to work on', () => {
  const connecting = TASK_NAMES.filter((task) => specifications[task]?.connects);

  expect(connecting.toSorted()).toEqual(Object.keys(inputs).toSorted());
});

test.each(Object.entries(inputs))('%s reads the secrets of its purposes, and no other one', async (task, input) => {
  const world = fakeWorld();
  const read: string[] = [];
  const watched = {
    ...world,
    secrets: {
      ...world.secrets,
      read: (names: readonly string[], further: readonly string[] = []) => {
        read.push(...names, ...further);
        return world.secrets.read(names);
      },
    },
    connect: () => Promise.reject(new BastionUnreachable('That far, and no further.')),
  };
  const { run } = await handlers(task);

  await expect(run(input as never, watched)).rejects.toMatchObject({ name: 'BastionUnreachable' });

  const allowed = specifications[task]?.secrets.flatMap((purpose) => secretNames(golden)[purpose]);
  expect([...new Set(read)].toSorted()).toEqual([...new Set(allowed)].toSorted());
});

test.each(['plan', 'report'] as const)('%s only computes: it needs no secret, and no way out', (task) => {
  expect(specifications[task]).toMatchObject({ secrets: [], connects: false });
});

test('only Load site looks whether secrets exist, and reads none', () => {
  const loading = TASK_NAMES.filter((task) => specifications[task]?.checksSecrets);

  expect(loading).toEqual(['loadSite']);
  expect(specifications['loadSite']?.secrets).toEqual([]);
});

test('no task takes longer than Lambda lets it', () => {
  const minutes = TASK_NAMES.map((task) => specifications[task]?.minutes ?? NaN);

  expect(minutes.every((one) => one > 0 && one <= 15)).toBe(true);
});
