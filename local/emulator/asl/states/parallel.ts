import { sideBySide } from '../branches';
import type { Json, ParallelState } from '../definition';
import { withRecovery } from '../recovery';
import { Variables } from '../variables';
import type { Step, Visit } from '../visit';
import { runStates } from './index';

/** Runs all branches side by side on the same input; the result is the array of their outputs. */
export function parallel(visit: Visit<ParallelState>): Promise<Step> {
  const { scope, state } = visit;
  return withRecovery(
    visit,
    async () => {
      const input = await visit.arguments();
      scope.trail.add('ParallelStateStarted');
      const result = await sideBySide(
        scope,
        state.Branches.map((branch) => async ({ trail, signal }): Promise<Json> => {
          const variables = new Variables(scope.variables);
          return runStates(branch, input, { ...scope, trail, variables, signal });
        }),
      );
      scope.trail.note('ParallelStateSucceeded');
      return { output: await visit.leave(result, state, '', { result }), next: state.Next };
    },
    () => {
      scope.trail.add('ParallelStateFailed');
    },
  );
}
