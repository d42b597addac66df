import type { ChoiceState } from '../definition';
import type { Step, Visit } from '../visit';

/** The first rule whose Condition holds decides, with its own Output and Assign; else Default, with the state's. */
export async function choice(visit: Visit<ChoiceState>): Promise<Step> {
  const { state, input } = visit;
  for (const [i, rule] of state.Choices.entries()) {
    if (await visit.evaluate(rule.Condition, `Choices[${i}]/Condition`, {}, 'boolean')) {
      return { output: await visit.leave(input, rule, `Choices[${i}]/`), next: rule.Next };
    }
  }
  if (state.Default === undefined) {
    const reason = 'Failed to transition out of the state. The state does not point to a next state.';
    throw visit.failure('States.Runtime', reason);
  }
  return { output: await visit.leave(input), next: state.Default };
}
