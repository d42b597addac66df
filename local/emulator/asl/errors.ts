/**
 * A failure that has a States Language error name. An integration throws it to make its task fail; the runner throws it
 * itself for the service's own errors (`States.Timeout`, `States.QueryEvaluationError`, …).
 */
export class StatesError extends Error {
  override readonly name: string = 'StatesError';
  override readonly cause: string | undefined;

  /**
   * @param error the name that `ErrorEquals` is compared with; a Fail state may have none
   * @param cause free text; for a Lambda function's error the JSON of its errorType, errorMessage and trace
   */
  constructor(
    readonly error: string | undefined,
    cause?: string,
  ) {
    super(`${error ?? 'error without a name'}${cause === undefined ? '' : `: ${cause}`}`);
    this.cause = cause;
  }

  /** States.Runtime ends the execution: no Retry and no Catch sees it, nor does the Map or Parallel state around it. */
  get isTerminal(): boolean {
    return this.error === 'States.Runtime';
  }
}

/**
 * A task with a token sent no heartbeat for too long. The service records it as States.Timeout; Retry and Catch can also
 * know it by a name of its own.
 */
export class HeartbeatMissed extends StatesError {
  constructor() {
    super('States.Timeout');
  }
}

/** An error's name and cause as the service's answers have them: each only if there is one. */
export function errorDetails(error: unknown): { error?: string; cause?: string } {
  if (!(error instanceof StatesError)) return {};
  return {
    ...(error.error !== undefined && { error: error.error }),
    ...(error.cause !== undefined && { cause: error.cause }),
  };
}

/** The definition asks for something that this runner does not do, or that the service would not accept. */
export class DefinitionRefused extends Error {
  override readonly name = 'DefinitionRefused';

  /**
   * @param state the state's name, or undefined if the state machine itself is refused
   * @param field the field's path inside the state, such as `Catch[0]/Next`
   * @param reason one sentence
   */
  constructor(
    readonly state: string | undefined,
    readonly field: string,
    readonly reason: string,
  ) {
    super(`${state === undefined ? 'state machine' : `state '${state}'`}, ${field}: ${reason}`);
  }
}

/**
 * The reason with which running work is aborted; not an error of the execution, so nothing catches it.
 * @internal
 */
export class Stopped extends Error {
  override readonly name = 'Stopped';

  /** @param after the event that stopped a Map's or Parallel's other branches; undefined when the whole execution ends */
  constructor(readonly after?: number) {
    super('stopped');
  }
}
