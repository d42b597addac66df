import type { ControllerState } from '../controller/inspect';
import type { ReportInput } from './report';

/** How far an execution came on a controller. */
export type ControllerProgress =
  | 'as wanted'
  | 'not applied'
  | 'partly applied'
  | 'applied'
  /** A commit failed there, and was not undone: some of its files may be in place. */
  | 'unknown'
  | 'rolled back'
  | 'partly rolled back';

type Input = Pick<
  ReportInput,
  'site' | 'plan' | 'staged' | 'changes' | 'restarts' | 'started' | 'cycle' | 'firstCycle' | 'rollBack' | 'failure'
>;

/** How far it came on one controller. */
export function progressOf(one: ControllerState, input: Input): ControllerProgress {
  const { name } = one;
  const { plan, staged, changes, restarts, rollBack } = input;
  const of = (all: readonly { readonly controller: string }[] = []) =>
    all.some(({ controller }) => controller === name);
  if (rollBack && input.site.onFailure !== 'keep' && of(staged)) {
    const undone = rollBack.controllers.find(({ controller }) => controller === name);
    return undone?.left.length === 0 ? 'rolled back' : 'partly rolled back';
  }
  const committed = changes.find(({ controller }) => controller === name);
  if (!committed && of(staged) && input.failure?.state.startsWith('Commit')) return 'unknown';
  const cycled = [input.cycle, input.firstCycle].some((cycle) => (cycle?.firstAnswerAt ?? null) !== null);
  return progress([
    ...one.files.filter(({ state }) => state !== 'same').map(({ path }) => committed?.files.includes(path) === true),
    ...(one.firewall === 'differs' ? [committed !== undefined] : []),
    ...(plan?.restart.includes(name) ? [of(restarts)] : []),
    ...(plan?.start.includes(name) ? [input.started?.done === true] : []),
    ...(plan?.cycle ? [cycled] : []),
  ]);
}

/** @param done for each thing that differed, whether it was mended */
export function progress(done: readonly boolean[]): 'as wanted' | 'not applied' | 'partly applied' | 'applied' {
  if (done.length === 0) return 'as wanted';
  if (!done.includes(true)) return 'not applied';
  return done.includes(false) ? 'partly applied' : 'applied';
}

/** Names of the controllers by how far it came there, in a sentence; empty if nothing is known of any. */
export function progressText(
  controllers: readonly { readonly name: string; readonly progress: ControllerProgress }[],
): string {
  const groups = new Map<ControllerProgress, string[]>();
  for (const { name, progress } of controllers) groups.set(progress, [...(groups.get(progress) ?? []), name]);
  return [...groups].map(([progress, names]) => `${progress} on ${names.join(', ')}`).join('; ');
}
