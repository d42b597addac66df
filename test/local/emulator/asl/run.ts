import type { HistoryEvent } from '@aws-sdk/client-sfn';
import type { Random } from '../../../../domain/world';
import { execute, type ExecutionResult, type RunOptions } from '../../../../local/emulator/asl';
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
export interface RunInTest extends Partial<RunOptions> {
  readonly clock?: VirtualClock;
}

/** Runs a state machine in virtual time. */
export function run(definition: object, options: RunInTest = {}): Promise<ExecutionResult> {
  const clock = options.clock ?? virtualClock(START);
  const running = execute({
    definition,
    input: {},
    integrations: {},
    stateMachineArn: 'arn:aws:states:eu-west-1:111111111111:stateMachine:tested',
    name: 'one',
    random: constant(0.5),
    ...options,
    clock,
  });
  return clock.drive(running);
}

/** The history, an event a line: `id<previous type`. */
export function sequence(events: HistoryEvent[]): string[] {
  return events.map(({ id, previousEventId, type }) => `${id ?? ''}<${previousEventId ?? ''} ${type ?? ''}`);
}

/** How many events of a type there are. */
export function count(events: HistoryEvent[], type: string): number {
  return events.filter((event) => event.type === type).length;
}

/** Seconds from the beginning until the event, by its type; of each event of that type. */
export function secondsOf(events: HistoryEvent[], type: string): number[] {
  return events
    .filter((event) => event.type === type)
    .map(({ timestamp }) => ((timestamp?.getTime() ?? 0) - START) / 1000);
}
