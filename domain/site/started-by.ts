/** Who started an execution, as its input says: CloudTrail proves it (StartExecution). */
export interface StartedBy {
  readonly kind: 'execution' | 'person' | 'unknown';
  /** ARN of the parent execution, or who a person says to be; null if the input does not tell. */
  readonly who: string | null;
}

/** The field that Step Functions' console knows. */
export const PARENT_EXECUTION = 'AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID';

/** Reads it from an execution's input. */
export function startedByOf(input: unknown): StartedBy {
  const { [PARENT_EXECUTION]: parent, startedBy } = (input ?? {}) as Record<string, unknown>;
  if (typeof parent === 'string') return { kind: 'execution', who: parent };
  return typeof startedBy === 'string' ? { kind: 'person', who: startedBy } : { kind: 'unknown', who: null };
}

/** The same for people. */
export function startedByText({ kind, who }: StartedBy): string {
  if (who === null) return 'not in its input; CloudTrail has it (StartExecution)';
  return `${kind} ${who}, as its input says; CloudTrail has the proof (StartExecution)`;
}
