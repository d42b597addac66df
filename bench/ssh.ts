import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { Inspection } from '../domain/controller/inspect';
import type { Report } from '../domain/report/report';
import type { Invocation } from '../domain/tasks';
import { allSecretNames } from '../domain/secrets/references';
import { labEnvironment } from '../lab/enter';
import { type Lab, startLab } from '../lab/lab';
import { synthesized } from '../local/emulator/assembly';
import type { Deployment } from '../local/emulator/aws/deployment';
import { siteAt } from '../cli/files';
import { deploy } from '../local/deploy';
import { median, table } from './figures';
import { installAnsible, writeAnsible } from './ssh/ansible';
import { type DesiredFile, settle, siteOf } from './ssh/controllers';
import { delayed } from './ssh/delay-line';
import { type Cost, measured } from './ssh/measure';

// npm run bench:ssh -- [RUNS [CONTROLLERS,...]]
/** Runs of each kind, in turn. */
const RUNS = Number(process.argv[2] ?? 3);
const SIZES = (process.argv[3] ?? '3,12,48').split(',').map(Number);
/** Round-trip times between operator and bastion, in seconds. */
const ROUND_TRIPS = [0, 0.02];
/** So long that little else counts: the bench counts how often it passes. */
const COUNTING = 0.5;
const COUNTING_RUNS = 3;
/** Wall time as a share of Ansible's that is aimed at, by controllers: at the first round trip, and at the second. */
const GOALS: Readonly<Record<number, readonly [number, number]>> = {
  3: [0.08, 0.1],
  12: [0.05, 0.06],
  48: [0.035, 0.04],
};
const ROUND_TRIPS_GOAL = 11;

/** When what happened in an invocation, in milliseconds since its process started. */
interface Marks {
  readonly started: number;
  readonly imported: number;
  /** The connection to the bastion was asked for. */
  readonly dialled: number;
  /** The first command was answered. */
  readonly first: number;
  /** The last one. */
  readonly last: number;
  readonly returned: number;
}

/** A site, and what is to be measured on it. */
interface Bench {
  readonly lab: Lab;
  readonly workflow: () => Promise<Cost & { readonly marks: Marks }>;
  /** Ansible's modules, and a shell by Ansible. */
  readonly modules: () => Promise<Cost>;
  readonly shell: () => Promise<Cost>;
}

/**
 * Compares the workflow's Inspect controllers, its bundle as it is deployed and a process for each run, with tuned
 * Ansible that makes the same checks: on controllers on which nothing is to change, through the same bastion, and both
 * from cold.
 */
async function main(): Promise<void> {
  await installAnsible();
  const golden = siteAt(join(__dirname, '..', 'sites', 'golden.json'));
  const template = await synthesized();
  const compared: (string | number)[][] = [
    ['controllers', 'RTT ms', '', 'wall s', "client's CPU s", "workflow's share of wall", 'goal', 'of CPU'],
  ];
  const parts: (string | number)[][] = [
    ['controllers', 'RTT ms', 'node', 'import', 'secrets', 'connect to first answer', 'further answers', 'rest'],
  ];
  let counted = NaN;
  for (const size of SIZES) {
    const { bench, close } = await start(siteOf(golden, size), template);
    try {
      for (const roundTrip of ROUND_TRIPS) {
        const { workflow, modules, shell } = await delayed(bench.lab, roundTrip, () => inTurn(bench));
        const of = (costs: readonly Cost[], key: keyof Cost) => median(costs.map((cost) => cost[key]));
        const [wall, cpu] = [of(workflow, 'wall'), of(workflow, 'cpu')];
        const row = (what: string, costs: readonly Cost[], goal: number | string = '') => {
          const [theirWall, theirCpu] = [of(costs, 'wall'), of(costs, 'cpu')];
          const ratios = costs === workflow ? ['', '', ''] : [wall / theirWall, goal, cpu / theirCpu];
          compared.push([String(size), String(roundTrip * 1000), what, theirWall, theirCpu, ...ratios]);
        };
        row('workflow', workflow);
        row('Ansible', modules, GOALS[size]?.[ROUND_TRIPS.indexOf(roundTrip)]);
        row('Ansible, one shell task', shell);
        parts.push([String(size), String(roundTrip * 1000), ...partsOf(workflow.map(({ marks }) => marks))]);
      }
      if (size === SIZES[0]) counted = await countRoundTrips(bench);
    } finally {
      await close();
    }
  }
  console.log(
    `Medians of ${RUNS} runs each, in turn. All controllers share this machine's ${cpus().length} processors with ` +
      `their client.\nThe workflow's time has in it the start of its process and the import of the bundle.\n`,
  );
  console.log(table(compared));
  console.log(`\nWhere the workflow's time goes, in milliseconds:\n`);
  console.log(table(parts));
  console.log(
    `\nRound trips from the connection to the bastion to the first command's answer: ${counted.toFixed(1)}, ` +
      `goal ${ROUND_TRIPS_GOAL}`,
  );
}

/** Starts a lab on which nothing is to change, and prepares both sides. */
async function start(
  document: Bench['lab']['document'],
  template: Awaited<ReturnType<typeof synthesized>>,
): Promise<{ bench: Bench; close: () => Promise<void> }> {
  console.error(`${document.controllers.length} controllers …`);
  const { image, directory } = labEnvironment();
  const secrets = Object.fromEntries(
    allSecretNames(document).map((name) => [name, randomBytes(18).toString('base64url')]),
  );
  let desired: ReadonlyMap<string, readonly DesiredFile[]> = new Map();
  const adapt = async (seeds: string) => {
    desired = await settle(seeds, document, secrets);
  };
  const lab = await startLab({ document, image, directory: join(directory, 'lab'), secrets, adapt });
  const deployment = await deploy({ template, site: lab, log: () => undefined });
  // What Inspect controllers gets from the states before it.
  const { output, error, cause } = await deployment.start('magnum-ha', {
    input: { site: document.name, mode: 'check' },
  }).result;
  if (error !== undefined) throw new Error(`The check before: ${error}: ${cause ?? ''}`);
  const { platforms, document: version } = output as Report;
  const inspection: Invocation<'inspectControllers'> = {
    envelope: {
      execution: 'arn:aws:states:us-east-1:000000000000:execution:magnum-ha:bench',
      state: 'Inspect controllers',
      attempt: 0,
      redrives: 0,
    },
    input: { site: { name: document.name, version: version.version }, platforms },
  };
  const ansibleDirectory = join(directory, 'ansible');
  const commands = writeAnsible(ansibleDirectory, lab.document, lab.privateKey, desired);
  return {
    bench: {
      lab,
      workflow: () => workflowRun(directory, lab, deployment, inspection),
      modules: () => ansibleRun(directory, ansibleDirectory, lab, commands.modules),
      shell: () => ansibleRun(directory, ansibleDirectory, lab, commands.shell),
    },
    close: async () => {
      await deployment.close();
      await lab.stop();
    },
  };
}

/** One after the other, as often as is to be measured. */
async function inTurn({ workflow, modules, shell }: Bench) {
  const all = { workflow: [] as Awaited<ReturnType<typeof workflow>>[], modules: [] as Cost[], shell: [] as Cost[] };
  for (let index = 1; index <= RUNS; index++) {
    all.workflow.push(await workflow());
    all.modules.push(await modules());
    all.shell.push(await shell());
    const walls = [all.workflow, all.modules, all.shell].map((costs) => costs.at(-1)?.wall.toFixed(2));
    console.error(`run ${index} of ${RUNS}: workflow, Ansible, Ansible with one shell task: ${walls.join(', ')} s`);
  }
  return all;
}

/** A process of its own, from its start to its end, and in it one invocation. */
async function workflowRun(
  directory: string,
  { document }: Lab,
  deployment: Deployment,
  inspection: Invocation<'inspectControllers'>,
) {
  const inspect = [...deployment.functions.values()].find(({ name }) => name.startsWith('FunctionsInspectControllers'));
  if (!inspect) throw new Error('The stack has no function InspectControllers');
  const [event, answer] = [join(directory, 'event.json'), join(directory, 'answer.json')];
  writeFileSync(event, JSON.stringify(inspection));
  const { host } = document.bastion;
  const cold = require.resolve('./ssh/cold.mjs');
  const argv = [process.execPath, cold, inspect.file, inspect.exportName, event, host, answer];
  const cost = await measured(directory, argv, { env: { ...inspect.environment, PATH: process.env['PATH'] ?? '' } });
  const { result, marks } = JSON.parse(readFileSync(answer, 'utf8')) as { result: Inspection; marks: Marks };
  for (const { name, files, firewall, stale, haproxy } of result.controllers) {
    const same = files.every(({ state }) => state === 'same') && firewall === 'same';
    if (same && stale.length === 0 && haproxy === 'current') continue;
    throw new Error(`Something is to change on ${name}: ${JSON.stringify(result.controllers)}`);
  }
  return { ...cost, marks };
}

async function ansibleRun(directory: string, cwd: string, { document }: Lab, argv: readonly string[]): Promise<Cost> {
  const { printed, ...cost } = await measured(directory, argv, { cwd, env: { PATH: '/usr/bin:/bin', HOME: cwd } });
  const good = [...printed.matchAll(/ok=[1-4]\s+changed=0\s+unreachable=0\s+failed=0/g)];
  if (good.length === document.controllers.length) return cost;
  throw new Error(`Ansible did not find what it should on all controllers: ${printed}`);
}

/** How many round trips it takes until a first command is answered. */
async function countRoundTrips({ lab, workflow }: Bench): Promise<number> {
  const first = async (roundTrip: number) => {
    const all: number[] = [];
    await delayed(lab, roundTrip, async () => {
      for (let index = 0; index < COUNTING_RUNS; index++) {
        const { marks } = await workflow();
        all.push(marks.first - marks.dialled);
      }
    });
    // Other work of the machine only adds to it.
    return Math.min(...all);
  };
  return ((await first(COUNTING)) - (await first(0))) / 1000 / COUNTING;
}

/** Where the time goes, in milliseconds, as the columns of the table name it. */
function partsOf(all: readonly Marks[]): number[] {
  const part = (length: (marks: Marks) => number) => median(all.map(length));
  return [
    part(({ started }) => started),
    part(({ started, imported }) => imported - started),
    part(({ imported, dialled }) => dialled - imported),
    part(({ dialled, first }) => first - dialled),
    part(({ first, last }) => last - first),
    part(({ last, returned }) => returned - last),
  ];
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
