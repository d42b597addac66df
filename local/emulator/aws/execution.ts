import type { DescribeExecutionOutput, HistoryEvent } from '@aws-sdk/client-sfn';
import { type ExecutionResult, type ExecutionType, type Identity, StatesError } from '../asl';

/** What an execution is of. */
export interface ExecutionOptions extends Identity {
  readonly type: ExecutionType;
  /** JSON. */
  readonly input: string;
  readonly startDate: Date;
  /** Of the Map run that it is a child of. */
  readonly mapRunArn?: string;
}

export type EventListener = (event: HistoryEvent) => void;

/** What runs an execution to its end. */
export type Runner = (signal: AbortSignal, onEvent: EventListener) => Promise<ExecutionResult>;

/** One execution, running or ended. */
export class Execution {
  readonly executionArn: string;
  readonly type: ExecutionType;
  /** Its events so far. */
  readonly events: HistoryEvent[] = [];
  /** Its end; rejects with what an integration threw that is not an error of a task. */
  readonly result: Promise<ExecutionResult>;
  readonly #listeners: EventListener[] = [];
  readonly #stop = new AbortController();
  #ended: ExecutionResult | undefined;

  constructor(
    private readonly options: ExecutionOptions,
    runner: Runner,
    onStatusChange: (description: DescribeExecutionOutput) => void,
  ) {
    this.executionArn = options.executionArn;
    this.type = options.type;
    onStatusChange(this.describe());
    this.result = this.#run(runner, onStatusChange);
  }

  /** Tells each event from now on as it is recorded. There is none before the caller that starts it has had its turn. */
  onEvent(listener: EventListener): void {
    this.#listeners.push(listener);
  }

  /** JSON. */
  get input(): string {
    return this.options.input;
  }

  /** Ends it, as StopExecution does. One that has ended stays as it is. */
  stop(error?: string, cause?: string): void {
    this.#stop.abort(new StatesError(error, cause));
  }

  /** What DescribeExecution answers now. */
  describe(): DescribeExecutionOutput {
    const { executionArn, stateMachineArn, name, input, startDate, mapRunArn } = this.options;
    const ended = this.#ended;
    const output = ended?.status === 'SUCCEEDED' ? JSON.stringify(ended.output) : undefined;
    return {
      executionArn,
      stateMachineArn,
      name,
      status: ended?.status ?? 'RUNNING',
      startDate,
      ...(ended && { stopDate: ended.stopDate }),
      input,
      inputDetails: { included: true },
      ...(output !== undefined && { output, outputDetails: { included: true } }),
      ...(mapRunArn !== undefined && { mapRunArn }),
      ...(ended?.error !== undefined && { error: ended.error }),
      ...(ended?.cause !== undefined && { cause: ended.cause }),
      ...this.#redrive(),
    };
  }

  async #run(runner: Runner, onStatusChange: (description: DescribeExecutionOutput) => void): Promise<ExecutionResult> {
    await Promise.resolve();
    const ended = await runner(this.#stop.signal, (event) => {
      this.events.push(event);
      for (const listener of this.#listeners) listener(event);
    });
    this.#ended = ended;
    onStatusChange(this.describe());
    return ended;
  }

  #redrive(): Partial<DescribeExecutionOutput> {
    if (this.type === 'EXPRESS') return {};
    const status = this.#ended?.status ?? 'RUNNING';
    if (status === 'RUNNING' || status === 'SUCCEEDED') {
      const redriveStatusReason = `Execution is ${status} and cannot be redriven`;
      return { redriveCount: 0, redriveStatus: 'NOT_REDRIVABLE', redriveStatusReason };
    }
    const isChild = this.options.mapRunArn !== undefined;
    return { redriveCount: 0, redriveStatus: isChild ? 'REDRIVABLE_BY_MAP_RUN' : 'REDRIVABLE' };
  }
}
