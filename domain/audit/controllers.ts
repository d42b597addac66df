import type { Committed } from '../controller/commit';
import type { ControllerState, FileState } from '../controller/inspect';
import { differenceKey, generalized, linesOf } from '../controller/same-differences';
import type { Plan } from '../controller/plan';
import type { CycleStep } from '../pacemaker/cycle';
import { turnTimes, type TurnTimes } from '../pacemaker/step';
import type { Site } from '../site/document';
import type { Restart } from '../controller/restart';
import type { StagedFile, ToldDigests } from '../controller/stage';
import { type ControllerProgress, progress } from '../report/progress';
import type { Report } from '../report/report';
import { outputs } from './outputs';
import type { Step } from './trace';
import { listed } from './verdict';

/** A managed file on a controller, as it was found and left. */
export interface AuditedFile extends FileState {
  readonly written: boolean;
  /** Digest of what was there before; null if nothing was, undefined if it was not staged. */
  readonly before?: string | null;
  /** Of what was staged, and is in place if it was written. */
  readonly after?: string;
  /** With which key they were made; null if they are the plain SHA-256. */
  readonly key?: string | null;
}

/** What was found and done on one controller. */
export interface AuditedController extends Omit<ControllerState, 'files'> {
  readonly files: readonly AuditedFile[];
  readonly firewallChanged: boolean;
  readonly restarted: Omit<Restart, 'controller'> | null;
  /** What was planned besides. */
  readonly toRestart: boolean;
  readonly toStart: boolean;
  readonly toCycle: boolean;
  readonly started: boolean;
  readonly cycled: boolean;
  /** When HAProxy was told to end or reload here, and when a new process served; null if it was not updated on one controller after another. */
  readonly haproxyTurn: TurnTimes | null;
  /** What cycled means on this site. */
  readonly update: Site['haproxy']['update'];
  /** Whether what was planned for it is in place. */
  readonly state: ControllerProgress;
}

/** What a report says of it; an execution that was stopped has none. */
type Reported = Partial<Pick<Report, 'controllers'>> | undefined;

/** Everything that happened on the controllers. @param cycled whether HAProxy was updated, and serves again */
export function auditedControllers(
  steps: readonly Step[],
  { cycled, update }: Pick<AuditedController, 'cycled' | 'update'>,
  reported: Reported,
): AuditedController[] {
  const { controllers: found = [] } = (outputs(steps, 'Inspect controllers').at(-1) ?? {}) as {
    controllers?: ControllerState[];
  };
  const staged = outputs(steps, 'Stage files') as { controller: string; files: StagedFile[] }[];
  const committed = outputs(steps, 'Commit files') as Committed[];
  const restarts = outputs(steps, 'Restart Magnum') as Restart[];
  // Executions of releases before have none of what came later.
  const plan = outputs(steps, 'Plan').at(-1) as (Omit<Plan, 'start'> & Partial<Plan>) | undefined;
  const last = outputs(steps, 'Start HAProxy').at(-1) as CycleStep | undefined;
  const { turns = {} } = (outputs(steps, update === 'reload' ? 'Reload HAProxy' : 'Roll HAProxy').at(-1) ??
    {}) as Partial<CycleStep>;
  return found.map((one) => {
    const of = <T extends { readonly controller: string }>(all: readonly T[]) =>
      all.findLast(({ controller }) => controller === one.name);
    const commit = of(committed);
    const files = one.files.map((file): AuditedFile => {
      const digests = of(staged)?.files.find(({ path }) => path === file.path);
      const written = commit?.files.includes(file.path) === true;
      return { ...file, written, ...(digests && toldOf(digests)) };
    });
    const firewallChanged = commit !== undefined && (commit.firewall || one.firewall === 'differs');
    const { controller, ...restarted } = of(restarts) ?? { controller: undefined };
    const toRestart = plan?.restart.includes(one.name) === true;
    const toStart = plan?.start?.includes(one.name) === true;
    const toCycle = plan?.cycle === true;
    const done = [
      ...files.filter(({ state }) => state !== 'same').map(({ written }) => written),
      ...(one.firewall === 'differs' ? [firewallChanged] : []),
      ...(toRestart ? [controller !== undefined] : []),
      ...(toStart ? [last?.done === true] : []),
      ...(toCycle ? [cycled] : []),
    ];
    return {
      ...one,
      files,
      firewallChanged,
      ...{ toRestart, toStart, toCycle, started: toStart && last?.done === true, cycled: toCycle && cycled, update },
      haproxyTurn: turnTimes(turns[one.name]),
      restarted: controller === undefined ? null : (restarted as Omit<Restart, 'controller'>),
      state: reported?.controllers?.find(({ name }) => name === one.name)?.progress ?? progress(done),
    };
  });
}

/** What was done with HAProxy where it was updated, in a word or a few. */
export function updatedText({ haproxyTurn: turn, update }: Pick<AuditedController, 'haproxyTurn' | 'update'>): string {
  const done = update === 'reload' ? 'reloaded' : 'cycled';
  if (turn === null) return done;
  if (turn.to === null) return `${done}, not seen to serve again`;
  return `${done} in ${Date.parse(turn.to) - Date.parse(turn.from)} ms`;
}

/** Records of releases before this one have keyed digests of all files. */
function toldOf({ told, digest, replaces }: Omit<StagedFile, 'told'> & Partial<StagedFile>): ToldDigests {
  return told ?? { before: replaces, after: digest, key: 'ssh-private-key' };
}

/** A difference that several controllers have alike. */
export interface Change {
  readonly path: string;
  readonly state: 'differs' | 'absent' | 'access';
  readonly diff: readonly string[];
  readonly controllers: readonly string[];
  /** Those on which it was written. */
  readonly written: readonly string[];
}

/** What was done with a difference, in a word or a few. */
export function doneWith({ controllers, written }: Change, mode: string): string {
  if (written.length === controllers.length) return 'changed';
  if (written.length > 0) return `changed on ${listed(written)} only`;
  return mode === 'check' ? 'differs' : 'not applied';
}

/** Groups equal differences. What each controller has of its own, its name and its address, counts as equal. */
export function changesOf(
  controllers: readonly AuditedController[],
  own: ReadonlyMap<string, readonly string[]>,
): Change[] {
  const groups = new Map<string, { change: Omit<Change, 'controllers' | 'written'>; members: [string, boolean][] }>();
  for (const { name, files } of controllers) {
    for (const { written, ...file } of files) {
      const { path, state } = file;
      if (state === 'same') continue;
      const general = linesOf(file, controllers).map((line) => generalized(line, own.get(name) ?? []));
      const key = differenceKey({ path, state, diff: general });
      const group = groups.get(key) ?? { change: { path, state, diff: general }, members: [] };
      group.members.push([name, written]);
      groups.set(key, group);
    }
  }
  return [...groups.values()].map(({ change, members }) => ({
    ...change,
    controllers: members.map(([name]) => name),
    written: members.flatMap(([name, written]) => (written ? [name] : [])),
  }));
}
