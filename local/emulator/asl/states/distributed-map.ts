import { createHash } from 'node:crypto';
import { uuid } from '../../uuid';
import type { Json, MapState } from '../definition';
import { errorDetails, StatesError, Stopped } from '../errors';
import { readItems } from '../item-reader';
import { withRecovery } from '../recovery';
import { resultOf } from '../result-writer';
import type { Child, ChildDescription } from '../run';
import type { Step, Visit } from '../visit';
import { inputsOf, itemsOf } from './map';

/** The most child executions of a Map run that the service runs at a time. */
const MAX_CONCURRENCY = 10_000;

/** Runs a child execution for each item. It fails when more of them fail than are tolerated. */
export function distributedMap(visit: Visit<MapState>): Promise<Step> {
  const { scope, state } = visit;
  const { trail } = scope;
  return withRecovery(
    visit,
    async () => {
      const given = state.ItemReader === undefined ? await itemsOf(visit) : undefined;
      const limits = await limitsOf(visit);
      const mapRun = identify(visit);
      trail.add('MapStateStarted', { mapStateStartedEventDetails: { length: given?.length ?? 0 } });
      const started = trail.add('MapRunStarted', { mapRunStartedEventDetails: { mapRunArn: mapRun.arn } });
      const result = await mapRunResult(visit, mapRun, given, limits);
      trail.note('MapStateSucceeded', {}, trail.note('MapRunSucceeded', {}, started));
      return { output: await visit.leave(result, state, '', { result }), next: state.Next };
    },
    () => {
      trail.add('MapStateFailed');
    },
  );
}

interface MapRun {
  readonly arn: string;
  readonly label: string;
  readonly id: string;
}

function identify({ scope, state, name }: Visit<MapState>): MapRun {
  const { stateMachineArn, random } = scope.run;
  const id = uuid(random);
  // Without one, the service makes a label that stays the same for the state machine.
  const label = state.Label ?? createHash('sha256').update(name).digest('hex').slice(0, 32);
  return { id, label, arn: `${stateMachineArn.replace(':stateMachine:', ':mapRun:')}/${label}:${id}` };
}

interface Limits {
  readonly concurrency: number;
  /** Whether this many failures are more than are tolerated. */
  exceededBy(failed: number, total: number): boolean;
}

async function limitsOf(visit: Visit<MapState>): Promise<Limits> {
  const concurrency = await visit.wholeNumber('MaxConcurrency', 0, Number.MAX_SAFE_INTEGER);
  const count = await visit.wholeNumber('ToleratedFailureCount', 0, Number.MAX_SAFE_INTEGER);
  const percentage = await visit.number('ToleratedFailurePercentage', 0, 100);
  const counted = count ?? (percentage === undefined ? 0 : Infinity);
  return {
    concurrency: Math.min(concurrency || MAX_CONCURRENCY, MAX_CONCURRENCY),
    exceededBy: (failed, total) => failed > counted || (failed / total) * 100 > (percentage ?? Infinity),
  };
}

async function mapRunResult(
  visit: Visit<MapState>,
  mapRun: MapRun,
  given: Json[] | undefined,
  limits: Limits,
): Promise<Json> {
  const { trail } = visit.scope;
  try {
    const items = given ?? (await readItems(visit));
    const inputs = await inputsOf(visit, items);
    const results = await runChildren(visit, mapRun, inputs, limits);
    const result = await resultOf(visit, { ...mapRun, inputs, results });
    const failed = results.filter((one) => one !== undefined && one.Status !== 'SUCCEEDED').length;
    if (!limits.exceededBy(failed, inputs.length)) return result;
    const cause = 'The specified tolerated failure threshold was exceeded';
    throw new StatesError('States.ExceedToleratedFailureThreshold', cause);
  } catch (error) {
    if (error instanceof StatesError) trail.add('MapRunFailed', { mapRunFailedEventDetails: errorDetails(error) });
    if (error instanceof Stopped && error.after !== undefined) trail.note('MapRunAborted', {}, error.after);
    throw error;
  }
}

/** @returns what came of each; undefined for those that were not started because too many failed before */
async function runChildren(
  { scope, state }: Visit<MapState>,
  { arn: mapRunArn, label }: MapRun,
  inputs: Json[],
  limits: Limits,
): Promise<(ChildDescription | undefined)[]> {
  const { service } = scope.run;
  const { ItemProcessor: processor } = state;
  const type = processor.ProcessorConfig?.ExecutionType ?? 'STANDARD';
  const results = inputs.map((): ChildDescription | undefined => undefined);
  const running = new Set<Child>();
  const remaining = inputs.entries();
  let failed = 0;
  let stopped = false;
  const stop = () => {
    stopped = true;
    for (const child of running) child.stop();
  };

  const worker = async () => {
    while (!stopped) {
      const { value, done } = remaining.next();
      if (done) return;
      const [index, input] = value;
      const child = service.startChild({ processor, type, label, mapRunArn, input });
      running.add(child);
      const described = await child.described;
      running.delete(child);
      results[index] = described;
      if (described.Status !== 'SUCCEEDED' && limits.exceededBy(++failed, inputs.length)) stop();
    }
  };

  scope.signal.addEventListener('abort', stop);
  try {
    await Promise.all(Array.from({ length: Math.min(limits.concurrency, inputs.length) }, worker));
    scope.signal.throwIfAborted();
    return results;
  } finally {
    scope.signal.removeEventListener('abort', stop);
    stop();
  }
}
