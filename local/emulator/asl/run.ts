import type { HistoryEvent } from '@aws-sdk/client-sfn';
import type { Clock, Random } from '../../../domain/world';
import type { ExecutionType, Json, JsonObject, States } from './definition';
import type { Trail } from './history';
import type { TaskTokens } from './task-tokens';
import type { Variables } from './variables';

/** What an integration learns of the task that calls it. */
export interface TaskCall {
  stateName: string;
  executionArn: string;
  stateMachineArn: string;
  timeoutSeconds?: number;
  /** Aborted when nobody waits for the answer any more: the task timed out, or its branch or execution was stopped. */
  signal: AbortSignal;
  /** Records that what takes longer than the call has begun; the integration's result is then that of its end. */
  submitted(output: unknown): void;
}

/**
 * Does what a task's Resource names and gives the result, which must be representable as JSON.
 * @throws StatesError to make the task fail; any other error is taken for a defect of the integration and ends `execute`
 */
export type Integration = (args: unknown, call: TaskCall) => Promise<unknown>;

/** What DescribeExecution and GetExecutionHistory would say at the end. */
export interface ExecutionResult {
  executionArn: string;
  status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  /** Only of an execution that succeeded. */
  output?: unknown;
  /** Only of one that failed or was aborted, and if there is one. */
  error?: string;
  cause?: string;
  events: HistoryEvent[];
  startDate: Date;
  stopDate: Date;
}

/** The execution of one item of a distributed Map. */
export interface ChildOptions {
  readonly processor: States;
  readonly type: ExecutionType;
  /** What tells this Map from the others of the state machine. */
  readonly label: string;
  readonly mapRunArn: string;
  readonly input: Json;
}

/** A child execution on its way. */
export interface Child {
  /** What the service writes of it into a Map's results, once it has ended. */
  readonly described: Promise<ChildDescription>;
  stop(): void;
}

/** DescribeExecution's answer as a Map's results have it. */
export interface ChildDescription extends JsonObject {
  Status: string;
}

/** What an execution needs of the service around it. */
export interface Service {
  readonly tokens: TaskTokens;
  startChild(child: ChildOptions): Child;
}

/** What all states of one execution share. */
export interface Run {
  readonly executionArn: string;
  readonly stateMachineArn: string;
  readonly region: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly service: Service;
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
