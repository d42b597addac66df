import type { HistoryEvent } from '@aws-sdk/client-sfn';
import type { Random } from '../../../../domain/world';
import {
  execute,
  type ExecutionResult,
  type ExecutionType,
  type Integration,
  type Json,
  prepare,
  TaskTokens,
} from '../../../../local/emulator/asl';
import { type VirtualClock, virtualClock } from '../../../../local/virtual-clock';

export const LAMBDA = 'arn:aws:states:::lambda:invoke';

/** When the executions of these tests begin. */
export const START = Date.UTC(2030, 0, 1);

/** Always the same: the numbers `number`, the bytes 136. */
export function constant(number: number): Random {
  return { number: () => number, bytes: (length) => Buffer.alloc(length, 0x88) };
}

/** A state machine in JSONata that starts at the first of the states. */
export function machine(states: Record<string, object>, top: object = {}): object {
  return { QueryLanguage: 'JSONata', ...top, StartAt: Object.keys(states)[0], States: states };
}

/** What a test may say of a run. */
export interface RunInTest {
  readonly input?: unknown;
  readonly type?: ExecutionType;
  readonly integrations?: Readonly<Record<string, Integration>>;
  readonly clock?: VirtualClock;
  readonly random?: Random;
  readonly tokens?: TaskTokens;
  readonly onEvent?: (event: HistoryEvent) => void;
  readonly signal?: AbortSignal;
}

const MACHINE = 'arn:aws:states:eu-west-1:111111111111:stateMachine:tested';

/** Runs a state machine in virtual time. Distributed Maps are tested with the whole service. */
export function run(
  definition: object,
  { input = {}, type = 'STANDARD', integrations = {}, ...options }: RunInTest = {},
): Promise<ExecutionResult> {
  const { clock = virtualClock(START), random = constant(0.5), signal = new AbortController().signal } = options;
  const { tokens = new TaskTokens(clock, random), onEvent = () => undefined } = options;
  const startChild = () => {
    throw new Error('There is no service that starts child executions');
  };
  const running = async () =>
    execute({
      runnable: prepare(definition, { integrations, type }),
      stateMachineArn: MACHINE,
      executionArn: `${MACHINE.replace('stateMachine', 'execution')}:one`,
      name: 'one',
      roleArn: 'arn:aws:iam::111111111111:role/tested',
      input: JSON.parse(JSON.stringify(input)) as Json,
      clock,
      random,
      service: { tokens, startChild },
      onEvent,
      signal,
    });
  return clock.drive(running());
}

/** The history, an event a line: `id<previous type`. */
export function sequence(events: readonly HistoryEvent[]): string[] {
  return events.map(({ id, previousEventId, type }) => `${id ?? ''}<${previousEventId ?? ''} ${type ?? ''}`);
}

/** How many events of a type there are. */
export function count(events: readonly HistoryEvent[], type: string): number {
  return events.filter((event) => event.type === type).length;
}

/** Seconds from the beginning until the event, of each event of a type. */
export function secondsOf(events: readonly HistoryEvent[], type: string): number[] {
  return events
    .filter((event) => event.type === type)
    .map(({ timestamp }) => ((timestamp?.getTime() ?? 0) - START) / 1000);
}
