import type { Clock, Random } from '../../../domain/world';
import type { Json, JsonObject } from './definition';
import type { Trail } from './history';
import type { Variables } from './variables';

/** What an integration learns of the task that calls it. */
interface TaskCall {
  stateName: string;
  executionArn: string;
  timeoutSeconds?: number;
  /** Aborted when nobody waits for the answer any more: the task timed out, or its branch or execution was stopped. */
  signal: AbortSignal;
}

/**
 * Does what a task's Resource names and gives the result, which must be representable as JSON.
 * @throws StatesError to make the task fail; any other error is taken for a defect of the integration and ends `execute`
 */
export type Integration = (args: unknown, call: TaskCall) => Promise<unknown>;

/** What all states of one execution share. */
export interface Run {
  readonly executionArn: string;
  readonly region: string;
  readonly clock: Clock;
  readonly random: Random;
  /** The context object, without the part that differs from state to state. */
  readonly context: JsonObject;
  readonly functions: Record<string, unknown>;
  integrationFor(resource: string): Integration;
}

/** Where a chain of states runs: the top level, a branch, or an iteration. */
export interface Scope {
  readonly run: Run;
  readonly trail: Trail;
  readonly variables: Variables;
  /** Aborted with a Stopped when the chain has to end. */
  readonly signal: AbortSignal;
  /** The context object's `Map`, inside an iteration. */
  readonly map?: { Item: { Index: number; Value: Json } };
}
