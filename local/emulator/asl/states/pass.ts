import type { PassState } from '../definition';
import type { Step, Visit } from '../visit';

export async function pass(visit: Visit<PassState>): Promise<Step> {
  return { output: await visit.leave(visit.input), next: visit.state.Next };
}
