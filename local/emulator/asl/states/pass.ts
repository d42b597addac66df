import type { PassState } from '../definition';
import type { Step, Visit } from '../visit';

export async function pass(visit: Visit<PassState>): Promise<Step> {
  const { state, input, language } = visit;
  const output =
    language === 'JSONata'
      ? await visit.leave(input)
      : visit.leaveOnPaths(state.Result === undefined ? await visit.effectiveInput() : state.Result);
  return { output, next: state.Next };
}
