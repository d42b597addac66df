/** A JSON value. The runner never changes one in place, so values may be shared. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = Record<string, Json>;

export type QueryLanguage = 'JSONata' | 'JSONPath';

/** What a state, a choice rule or a catcher leaves behind: its output and the variables it sets. */
export interface Outcome {
  Output?: Json;
  Assign?: JsonObject;
}

export interface Retrier {
  ErrorEquals: string[];
  IntervalSeconds?: number;
  MaxAttempts?: number;
  BackoffRate?: number;
  MaxDelaySeconds?: number;
  JitterStrategy?: 'FULL' | 'NONE';
}

interface Catcher extends Outcome {
  ErrorEquals: string[];
  Next: string;
}

interface Transition {
  Next?: string;
  End?: true;
}

interface Recovery {
  Retry?: Retrier[];
  Catch?: Catcher[];
}

/** Fields of a JSONPath state; see jsonpath.ts. */
interface JsonPathFields {
  Parameters?: Json;
  Result?: Json;
  ResultPath?: string | null;
  OutputPath?: string | null;
}

interface Common extends Outcome {
  QueryLanguage?: QueryLanguage;
}

export interface PassState extends Common, Transition, JsonPathFields {
  Type: 'Pass';
}
export interface TaskState extends Common, Transition, Recovery, JsonPathFields {
  Type: 'Task';
  Resource: string;
  Arguments?: Json;
  TimeoutSeconds?: Json;
  HeartbeatSeconds?: Json;
}
export interface ChoiceState extends Common {
  Type: 'Choice';
  Choices: (Outcome & { Condition: Json; Next: string })[];
  Default?: string;
}
export interface WaitState extends Common, Transition {
  Type: 'Wait';
  Seconds?: Json;
  Timestamp?: Json;
}
interface SucceedState extends Common {
  Type: 'Succeed';
}
export interface FailState extends Common {
  Type: 'Fail';
  Error?: string;
  Cause?: string;
}
export interface MapState extends Common, Transition, Recovery {
  Type: 'Map';
  Items?: Json;
  ItemSelector?: Json;
  ItemProcessor: States;
  MaxConcurrency?: Json;
  ToleratedFailureCount?: Json;
  ToleratedFailurePercentage?: Json;
}
export interface ParallelState extends Common, Transition, Recovery {
  Type: 'Parallel';
  Arguments?: Json;
  Branches: States[];
}

export type State =
  PassState | TaskState | ChoiceState | WaitState | SucceedState | FailState | MapState | ParallelState;

/** A chain of states: the state machine's, a branch's, or a Map's iterations'. */
export interface States {
  StartAt: string;
  States: Record<string, State>;
}

export interface StateMachine extends States {
  QueryLanguage?: QueryLanguage;
  TimeoutSeconds?: number;
}
