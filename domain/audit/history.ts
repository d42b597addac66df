/**
 * An event of an execution's history, as GetExecutionHistory returns it. Only what is read here; a file has its times as
 * text.
 */
export interface HistoryEvent {
  readonly id?: number | undefined;
  readonly previousEventId?: number | undefined;
  readonly type?: string | undefined;
  readonly timestamp?: Date | string | undefined;
  readonly executionStartedEventDetails?: { readonly input?: string | undefined } | undefined;
  readonly stateEnteredEventDetails?: Named | undefined;
  readonly stateExitedEventDetails?: Named | undefined;
  readonly mapStateStartedEventDetails?: { readonly length?: number | undefined } | undefined;
  readonly mapIterationStartedEventDetails?: { readonly index?: number | undefined } | undefined;
  readonly taskScheduledEventDetails?: { readonly parameters?: string | undefined } | undefined;
  readonly taskSucceededEventDetails?: { readonly output?: string | undefined } | undefined;
  readonly taskFailedEventDetails?: Failed | undefined;
  readonly taskTimedOutEventDetails?: Failed | undefined;
  readonly executionSucceededEventDetails?: { readonly output?: string | undefined } | undefined;
  readonly executionFailedEventDetails?: Failed | undefined;
  readonly executionAbortedEventDetails?: Failed | undefined;
  readonly executionTimedOutEventDetails?: Failed | undefined;
}

interface Named {
  readonly name?: string | undefined;
  readonly input?: string | undefined;
}

interface Failed {
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
}

/** When an event happened, in milliseconds since 1970. */
export function timeOf({ timestamp }: HistoryEvent): number {
  return new Date(timestamp ?? 0).getTime();
}

/** JSON of a history, undefined where it is missing or was cut. */
export function fromJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '') as unknown;
  } catch {
    return undefined;
  }
}
