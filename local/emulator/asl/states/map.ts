import { sideBySide, type Branch } from '../branches';
import type { Json, MapState } from '../definition';
import { StatesError, Stopped } from '../errors';
import { withRecovery } from '../recovery';
import type { Step, Visit } from '../visit';
import { Variables } from '../variables';
import { distributedMap } from './distributed-map';
import { runStates } from './index';

/** The most iterations of an inline Map that the service runs at a time. */
const MAX_CONCURRENCY = 40;

/** Runs the ItemProcessor once for each item, inside this execution or in executions of their own. */
export function map(visit: Visit<MapState>): Promise<Step> {
  const isDistributed = visit.state.ItemProcessor.ProcessorConfig?.Mode === 'DISTRIBUTED';
  return isDistributed ? distributedMap(visit) : inlineMap(visit);
}

/**
 * The first iteration to fail fails the state: the service gives
 * ToleratedFailureCount and ToleratedFailurePercentage a meaning in a distributed Map only, so here they are evaluated
 * and go no further.
 */
function inlineMap(visit: Visit<MapState>): Promise<Step> {
  const { scope, state } = visit;
  return withRecovery(
    visit,
    async () => {
      const items = await itemsOf(visit);
      const limit = (await visit.wholeNumber('MaxConcurrency', 0, Number.MAX_SAFE_INTEGER)) ?? 0;
      await visit.wholeNumber('ToleratedFailureCount', 0, Number.MAX_SAFE_INTEGER);
      await visit.wholeNumber('ToleratedFailurePercentage', 0, 100);
      const inputs = await inputsOf(visit, items);
      scope.trail.add('MapStateStarted', { mapStateStartedEventDetails: { length: items.length } });
      const result = await iterate(
        visit,
        items,
        inputs,
        Math.min(limit === 0 ? MAX_CONCURRENCY : limit, MAX_CONCURRENCY),
      );
      scope.trail.note('MapStateSucceeded');
      return { output: await visit.leave(result, state, '', { result }), next: state.Next };
    },
    () => {
      scope.trail.add('MapStateFailed');
    },
  );
}

/** The items that are given in the definition or by the input. */
export async function itemsOf(visit: Visit<MapState>): Promise<Json[]> {
  const { state, input } = visit;
  if (state.Items !== undefined) return (await visit.evaluate(state.Items, 'Items', {}, 'array')) as Json[];
  if (Array.isArray(input)) return input;
  const reason = `Map state input must be an array but was: ${JSON.stringify(input)}`;
  throw visit.evaluationFailure(undefined, reason, visit.enteredAfter);
}

/** What each item's processor gets. */
export async function inputsOf(visit: Visit<MapState>, items: Json[]): Promise<Json[]> {
  const { ItemSelector } = visit.state;
  if (ItemSelector === undefined) return items;
  const inputs: Json[] = [];
  for (const [Index, Value] of items.entries()) {
    const context = { ...visit.context, Map: { Item: { Index, Value } } };
    inputs.push(await visit.evaluate(ItemSelector, 'ItemSelector', { context }));
  }
  return inputs;
}

async function iterate(visit: Visit<MapState>, items: Json[], inputs: Json[], limit: number): Promise<Json[]> {
  const { name, scope, state } = visit;
  const outputs: Json[] = [];
  const remaining = items.entries();
  let lastSuccess = scope.trail.previous;

  // Each worker runs one iteration after another, on one trail: an iteration follows the last state of the one before.
  const worker = async ({ trail, signal }: Branch): Promise<void> => {
    for (const [Index, Value] of remaining) {
      signal.throwIfAborted();
      const which = { name, index: Index };
      trail.add('MapIterationStarted', { mapIterationStartedEventDetails: which });
      // The service starts all the iterations that it may before any of them enters a state.
      await Promise.resolve();
      try {
        const variables = new Variables(scope.variables);
        const inner = { run: scope.run, trail, variables, signal, map: { Item: { Index, Value } } };
        outputs[Index] = await runStates(state.ItemProcessor, inputs[Index] as Json, inner);
      } catch (error) {
        if (error instanceof StatesError && !error.isTerminal) {
          trail.note('MapIterationFailed', { mapIterationFailedEventDetails: which });
        }
        if (error instanceof Stopped && error.after !== undefined) {
          trail.note('MapIterationAborted', { mapIterationAbortedEventDetails: which }, error.after);
        }
        throw error;
      }
      lastSuccess = trail.note('MapIterationSucceeded', { mapIterationSucceededEventDetails: which });
    }
  };

  await sideBySide(
    scope,
    Array.from({ length: Math.min(limit, items.length) }, () => worker),
  );
  scope.trail.previous = lastSuccess;
  return outputs;
}
