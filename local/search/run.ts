import { createHash } from 'node:crypto';
import type { ExecutionResult } from '../emulator/asl';
import { type SiteFacts, factsOf, lockedBy } from './facts';
import { Hazards } from './hazards';
import {
  filesWhole,
  honest,
  mends,
  oldOrNew,
  secretsKept,
  servesAgain,
  underLock,
  untouched,
  type Violation,
} from './invariants';
import { KINDS } from './kinds';
import type { Point, PointKind } from './points';
import type { Scenario } from './scenarios';
import type { Fault } from './schedule';
import { Watch } from './watch';
import { type Listener, type SearchWorld, startWorld, type Tampering } from './world';

/** After so long HAProxy must be back, and nothing of an execution is under way any more, in milliseconds. */
const AFTERMATH_MS = 600_000;
/** What an apply has set in motion has come up by then. */
const SETTLE_MS = 30_000;

/** How a scenario goes where nothing goes wrong. */
export interface Reference {
  readonly scenario: Scenario;
  readonly points: readonly Point[];
  /** The site before. */
  readonly old: SiteFacts;
  /** The site as it should be in the end. */
  readonly wanted: SiteFacts;
}

/** What came of a run. */
export interface RunResult {
  readonly violations: readonly Violation[];
  /** The points that were struck, in order. */
  readonly struck: readonly { readonly point: Point; readonly kind: string }[];
  /** How the execution ended: its status, or its error. */
  readonly outcome: string;
  /** Digest of all that happened. */
  readonly digest: string;
}

/** Runs a scenario in which nothing goes wrong, and an apply after it. @throws Error if one of them fails */
export async function referenceOf(scenario: Scenario): Promise<Reference> {
  const points: Point[] = [];
  const run = await startRun(scenario, { faults: [], onPoint: (point) => points.push(point) });
  const { clock, site } = run.world;
  const old = factsOf(site);
  const wanted = await clock.drive(
    (async () => {
      const first = await run.begin().result;
      await run.othersEnded();
      for (const result of [first, await run.world.execute('apply').result]) {
        const { status, error = '', cause = '' } = result;
        if (status !== 'SUCCEEDED') throw new Error(`${scenario.name} without any fault: ${status} ${error} ${cause}`);
        await clock.sleep(SETTLE_MS);
      }
      return factsOf(site);
    })(),
  );
  await run.world.close();
  return { scenario, points, old, wanted };
}

/** What a run can be told. */
export interface RunOptions {
  readonly tampering?: Tampering;
  /** What followed from states that were seen before. @default nothing is known */
  readonly known?: Map<string, readonly Violation[]>;
}

/** Runs a scenario with faults, then an apply without any, and looks at what must hold. */
export async function runWith(
  { scenario, points, old, wanted }: Reference,
  faults: readonly Fault[],
  { tampering = {}, known }: RunOptions = {},
): Promise<RunResult> {
  const struck: { point: Point; kind: string }[] = [];
  const limit = faults.find(({ kind }) => kind === 'timed-out');
  const entered = points.find(({ at, number }) => at === 'state' && number === limit?.number)?.after;
  const run = await startRun(scenario, {
    faults,
    tampering,
    onStrike: (point, kind) => struck.push({ point, kind }),
    ...(entered !== undefined && { seconds: Math.floor(entered / 1000) + 1 }),
  });
  const { world, watch, hazards } = run;
  const { site, clock } = world;
  try {
    return await clock.drive(
      (async () => {
        const execution = run.begin();
        const result = await execution.result;
        watch.end();
        const { outageMs } = watch;
        const { lasts } = hazards;
        const effects = watch.effects(execution.executionArn);
        await run.othersEnded();
        await clock.sleep(AFTERMATH_MS);
        const cutOff = scenario.name === 'left-disabled' && struck.some(({ kind }) => KINDS.get(kind)?.cutsOff);
        // What was down before is down until an apply gets that far.
        const stillDown = scenario.name === 'down-on-one' && result.status !== 'SUCCEEDED';
        const serves = () => (cutOff || stillDown ? [] : servesAgain(site));
        const before = serves();
        await hazards.mend();
        await clock.sleep(SETTLE_MS);
        const serving = before.length > 0 ? before : serves();
        const facts = factsOf(site);
        const truth = { mode: scenario.mode, facts, wanted, effects, outageMs };
        const violations = [
          ...serving,
          ...filesWhole(facts, old, wanted),
          ...(scenario.mode === 'check'
            ? untouched(watch.effects(execution.executionArn), 'a check changes the site')
            : []),
          ...honest(result, truth),
          // What was stopped from outside cannot undo anything.
          ...(result.status === 'FAILED' ? oldOrNew(result, [facts, old, wanted], lasts) : []),
          ...(await followUp(run, { facts, wanted, ...(known && { known }) })),
        ];
        watch.look();
        return {
          violations: [
            ...violations,
            ...watch.violations.slice(0, 1),
            ...secretsKept(textsOf(world), Object.values(scenario.secrets)),
            ...underLock(watch.effects(), watch.tenures),
          ],
          struck,
          outcome: result.status === 'FAILED' ? (result.error ?? 'FAILED') : result.status,
          digest: digestOf(world, result),
        };
      })(),
    );
  } finally {
    await world.close();
  }
}

/** An apply without any fault, unless what follows from such a state is known. */
async function followUp(
  { world, watch }: Run,
  { facts, wanted, known }: { facts: SiteFacts; wanted: SiteFacts; known?: Map<string, readonly Violation[]> },
): Promise<readonly Violation[]> {
  const key = createHash('sha256')
    .update(JSON.stringify([facts, lockedBy(world.deployment)]))
    .digest('hex');
  const before = known?.get(key);
  if (before) return before;
  const execution = world.execute('apply');
  const result = await execution.result;
  await world.clock.sleep(SETTLE_MS);
  const isWanted = JSON.stringify(facts) === JSON.stringify(wanted);
  const violations = [
    ...mends(result, factsOf(world.site), wanted),
    ...(isWanted ? untouched(watch.effects(execution.executionArn), 'an apply changes a site that is as wanted') : []),
  ];
  known?.set(key, violations);
  return violations;
}

interface Run {
  readonly world: SearchWorld;
  readonly watch: Watch;
  readonly hazards: Hazards;
  /** Starts the execution that faults strike. */
  begin(): ReturnType<SearchWorld['execute']>;
  /** When those have ended that faults, or the check itself, have started. */
  othersEnded(): Promise<void>;
}

interface RunSetup {
  readonly faults: readonly Fault[];
  readonly tampering?: Tampering;
  readonly onPoint?: (point: Point) => void;
  readonly onStrike?: (point: Point, kind: string) => void;
  /** After so long the execution times out. @default its machine's own limit */
  readonly seconds?: number;
}

async function startRun(scenario: Scenario, setup: RunSetup): Promise<Run> {
  const { faults, tampering, onPoint = () => undefined, onStrike = () => undefined, seconds } = setup;
  const numbers: Record<PointKind, number> = { command: 0, call: 0, state: 0 };
  let armed: { readonly executionArn: string; readonly at: number } | undefined;
  /** The kinds that strike this point. */
  const strikes = (at: PointKind, what: string, more: Pick<Point, 'input'> = {}) => {
    if (!armed) return [];
    const point: Point = { at, what, ...more, number: ++numbers[at], after: world.clock.now() - armed.at };
    onPoint(point);
    return faults.flatMap((fault) => {
      const kind = KINDS.get(fault.kind);
      if (fault.at !== at || fault.number !== point.number || kind?.at !== at) return [];
      // After an earlier fault something else may be there.
      if (kind.fits?.(point) === false) return [];
      onStrike(point, fault.kind);
      return [kind];
    });
  };
  const secrets = Object.values(scenario.secrets);
  const listener: Listener = {
    command: (begun) => {
      const { host, argv, command, sender } = begun;
      watch.command(begun);
      const input = command?.stdin !== undefined;
      const [kind] = strikes('command', `${host} ${argv.join(' ')}`, { input });
      if (kind?.at !== 'command') return undefined;
      return kind.strike({ host, timeoutSeconds: command?.timeoutSeconds ?? 0, sender, secrets }, hazards);
    },
    call: async (what, proceed, executionArn) => {
      const watched = async () => {
        const answer = await proceed();
        watch.called(what, executionArn);
        return answer;
      };
      const [kind] = strikes('call', what);
      if (kind?.at === 'call') return kind.strike({ what, proceed: watched, clock: world.clock }, hazards);
      const error = hazards.errorOf(what);
      if (error) throw error;
      return watched();
    },
    state: (name) => {
      watch.state(name);
      for (const kind of strikes('state', name)) if (kind.at === 'state') kind.strike(hazards);
    },
  };
  const world = await startWorld(scenario, listener, tampering, seconds);
  const watch = new Watch(world.site, world.clock, secrets);
  let stop: () => void = () => undefined;
  const others: Promise<unknown>[] = [];
  const mending = () =>
    world.deployment
      .listExecutions({ machine: 'magnum-ha' })
      .some(({ name, status }) => name?.endsWith('-mend') && status === 'RUNNING');
  const hazards = new Hazards(
    world.site,
    world.clock,
    () => {
      stop();
    },
    () => others.push(world.execute('apply').result),
  );
  return {
    world,
    watch,
    hazards,
    othersEnded: async () => {
      await Promise.all(others);
      while (mending()) await world.clock.sleep(1000);
    },
    begin: () => {
      const execution = world.execute(scenario.mode);
      armed = { executionArn: execution.executionArn, at: world.clock.now() };
      stop = () => {
        execution.stop();
      };
      // What comes after its end is no point of this run.
      const disarm = () => (armed = undefined);
      execution.result.then(disarm, disarm);
      return execution;
    },
  };
}

/** Every text that people can see of what happened. */
function textsOf({ deployment, logs, site }: SearchWorld): Record<string, string> {
  const executions = deployment.listExecutions({ machine: 'magnum-ha' });
  return {
    histories: JSON.stringify(executions.map(({ executionArn = '' }) => deployment.getExecutionHistory(executionArn))),
    logs: logs.map(({ text }) => text).join('\n'),
    'command lines': site.record.commands.map(({ command }) => command).join('\n'),
  };
}

function digestOf({ site }: SearchWorld, { events }: ExecutionResult): string {
  const commands = site.record.commands.map(({ at, host, argv, exitCode, endedAt }) => [
    at,
    host,
    argv,
    exitCode,
    endedAt,
  ]);
  return createHash('sha256')
    .update(JSON.stringify([events, commands]))
    .digest('hex');
}
