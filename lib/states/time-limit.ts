import { Duration } from 'aws-cdk-lib';
import { QueryLanguage, State } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { REFUSALS } from './retries';

/** What the time limit depends on and the definition does not say. */
interface Bound {
  /** How often it is entered at most, or a Map begins again with its items. @default once */
  readonly times?: number;
  /** For a wait, a task that waits for somebody, or a Map of executions: how long it takes at most, all its rounds together. @default as its definition says */
  readonly seconds?: number;
}

const bounds = new WeakMap<State, Bound>();

/** Notes what the state's definition does not say, for the time limit. @returns the state */
export function bounded<T extends State>(state: T, bound: Bound): T {
  bounds.set(state, bound);
  return state;
}

const rounds = new WeakMap<State, number>();

/** Notes that an execution comes up to `times` times by the states that `make` makes in a scope. @returns what it makes */
export function repeated<T>(scope: Construct, times: number, make: () => T): T {
  const before = new Set(scope.node.children);
  const made = make();
  for (const child of scope.node.children) {
    if (child instanceof State && !before.has(child)) rounds.set(child, times);
  }
  return made;
}

/** A state as the definition has it, as far as time is concerned. */
interface Timed {
  readonly Type: string;
  readonly TimeoutSeconds?: number;
  readonly Seconds?: number;
  readonly Retry?: readonly {
    readonly ErrorEquals: readonly string[];
    readonly MaxAttempts?: number;
    readonly IntervalSeconds?: number;
    readonly BackoffRate?: number;
    readonly MaxDelaySeconds?: number;
  }[];
  readonly ItemProcessor?: { readonly States: Readonly<Record<string, unknown>> };
}

/**
 * How long an execution of the states made in this scope can take at most: every state is entered, each task is tried as
 * often as its Retry says and timed out each time unless Lambda refused it, and every wait takes all its time. Step Functions ends an execution then
 * without any Catch, so this must never happen while HAProxy is disabled. Usual executions take a minute, and as long as
 * Magnum needs for the clusters.
 */
export function timeLimit(scope: Construct): Duration {
  const states = scope.node.children.filter((child): child is State => child instanceof State);
  const timed = states.map((state) => ({
    name: state.stateId,
    bound: bounds.get(state) ?? {},
    round: rounds.get(state) ?? 1,
    json: state.toStateJson(QueryLanguage.JSONATA) as Timed,
  }));
  const repetitions = new Map(
    timed.flatMap(({ json, bound }) =>
      Object.keys(json.ItemProcessor?.States ?? {}).map((name) => [name, bound.times ?? 1] as const),
    ),
  );
  const seconds = timed.map(({ name, bound, round, json }) => {
    const times = round * (repetitions.get(name) ?? 1) * (json.Type === 'Map' ? 1 : (bound.times ?? 1));
    return times * secondsOf(json, bound);
  });
  return Duration.minutes(Math.ceil(seconds.reduce((sum, one) => sum + one, 0) / 60));
}

function secondsOf({ Type, TimeoutSeconds = 0, Seconds = 0, Retry = [] }: Timed, bound: Bound): number {
  if (bound.seconds !== undefined) return bound.seconds;
  if (Type === 'Wait') return Seconds;
  if (Type !== 'Task') return 0;
  const attempts = Retry.flatMap(
    ({ ErrorEquals, MaxAttempts = 3, IntervalSeconds = 1, BackoffRate = 2, MaxDelaySeconds = Infinity }) => {
      // Whoever is refused is told at once.
      const takes = ErrorEquals.every((error) => REFUSALS.includes(error)) ? 0 : TimeoutSeconds;
      return Array.from(
        { length: MaxAttempts },
        (_, attempt) => takes + Math.min(IntervalSeconds * BackoffRate ** attempt, MaxDelaySeconds),
      );
    },
  );
  return attempts.reduce((sum, seconds) => sum + seconds, TimeoutSeconds);
}
