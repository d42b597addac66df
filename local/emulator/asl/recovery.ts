import type { Random } from '../../../domain/world';
import type { JsonObject, MapState, ParallelState, Retrier, TaskState } from './definition';
import { HeartbeatMissed, StatesError } from './errors';
import type { Step, Visit } from './visit';

/**
 * Runs a state's work under its Retry and Catch.
 * @param attempt does the work once and leaves the state
 * @param onFailed is told when no further attempt is made, before a catcher is looked for
 * @throws StatesError that no catcher matches; anything else as it comes
 */
export async function withRecovery(
  visit: Visit<TaskState | MapState | ParallelState>,
  attempt: () => Promise<Step>,
  onFailed: () => void = () => undefined,
): Promise<Step> {
  const { scope, state, context } = visit;
  const attempts = new Map<Retrier, number>();
  for (let retries = 1; ; retries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof StatesError) || error.isTerminal) throw error;
      const retrier = state.Retry?.find((candidate) => matches(candidate.ErrorEquals, error));
      const done = retrier === undefined ? 0 : (attempts.get(retrier) ?? 0);
      if (retrier === undefined || done >= (retrier.MaxAttempts ?? 3)) {
        onFailed();
        return caught(visit, error);
      }
      attempts.set(retrier, done + 1);
      await scope.run.clock.sleep(retryDelay(retrier, done, scope.run.random) * 1000, scope.signal);
      scope.signal.throwIfAborted();
      if (context.State['RetryCount'] !== undefined) context.State['RetryCount'] = retries;
    }
  }
}

async function caught(visit: Visit<TaskState | MapState | ParallelState>, error: StatesError): Promise<Step> {
  const index = visit.state.Catch?.findIndex((candidate) => matches(candidate.ErrorEquals, error)) ?? -1;
  const catcher = visit.state.Catch?.[index];
  if (catcher === undefined) throw error;
  const errorOutput: JsonObject = { Error: error.error ?? '', Cause: error.cause ?? '' };
  return { output: await visit.leave(errorOutput, catcher, `Catch[${index}]/`, { errorOutput }), next: catcher.Next };
}

/** Seconds before the next attempt, after `done` retries of the same retrier. */
function retryDelay(retrier: Retrier, done: number, random: Random): number {
  const { IntervalSeconds = 1, BackoffRate = 2, MaxDelaySeconds = Infinity, JitterStrategy } = retrier;
  const delay = Math.min(IntervalSeconds * BackoffRate ** done, MaxDelaySeconds);
  return JitterStrategy === 'FULL' ? delay * random.number() : delay;
}

function matches(names: string[], failure: StatesError): boolean {
  const { error } = failure;
  return names.some(
    (name) =>
      name === 'States.ALL' ||
      name === error ||
      (name === 'States.TaskFailed' && error !== 'States.Timeout') ||
      (name === 'States.HeartbeatTimeout' && failure instanceof HeartbeatMissed),
  );
}
