/** A JSON value. The runner never changes one in place, so values may be shared. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = Record<string, Json>;

/** What a state, a choice rule or a catcher produces: its output and the variables it sets. */
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

export interface PassState extends Outcome, Transition {
  Type: 'Pass';
}
export interface TaskState extends Outcome, Transition, Recovery {
  Type: 'Task';
  Resource: string;
  Arguments?: Json;
  TimeoutSeconds?: Json;
  HeartbeatSeconds?: Json;
}
export interface ChoiceState extends Outcome {
  Type: 'Choice';
  Choices: (Outcome & { Condition: Json; Next: string })[];
  Default?: string;
}
export interface WaitState extends Outcome, Transition {
  Type: 'Wait';
  Seconds?: Json;
  Timestamp?: Json;
}
interface SucceedState extends Outcome {
  Type: 'Succeed';
}
export interface FailState extends Outcome {
  Type: 'Fail';
  Error?: string;
  Cause?: string;
}
/** Where a distributed Map's items are. */
export interface ItemReader {
  Resource: string;
  Arguments?: Json;
  ReaderConfig?: { InputType?: 'JSON'; MaxItems?: Json };
}

/** Where the results of a distributed Map go, and in which form. */
export interface ResultWriter {
  Resource?: string;
  Arguments?: Json;
  WriterConfig?: { OutputType?: 'JSON'; Transformation?: 'NONE' | 'COMPACT' | 'FLATTEN' };
}

/** Whether an execution keeps a history and may last a year, or lasts five minutes at most. */
export type ExecutionType = 'STANDARD' | 'EXPRESS';

export interface ItemProcessor extends States {
  ProcessorConfig?: { Mode?: 'INLINE' | 'DISTRIBUTED'; ExecutionType?: ExecutionType };
}

export interface MapState extends Outcome, Transition, Recovery {
  Type: 'Map';
  Items?: Json;
  ItemSelector?: Json;
  ItemProcessor: ItemProcessor;
  ItemReader?: ItemReader;
  ResultWriter?: ResultWriter;
  Label?: string;
  MaxConcurrency?: Json;
  ToleratedFailureCount?: Json;
  ToleratedFailurePercentage?: Json;
}
export interface ParallelState extends Outcome, Transition, Recovery {
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
  TimeoutSeconds?: number;
}
