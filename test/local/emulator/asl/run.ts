import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { execute, type ExecutionResult, type RunOptions } from '../../../../local/emulator/asl';
import { VirtualClock } from './virtual-clock';

export const LAMBDA = 'arn:aws:states:::lambda:invoke';

/** A state machine in JSONata that starts at the first of the states. */
export function machine(states: Record<string, object>, top: object = {}): object {
  return { QueryLanguage: 'JSONata', ...top, StartAt: Object.keys(states)[0], States: states };
}

/** Runs a state machine in virtual time. */
export function run(definition: object, options: Partial<RunOptions> = {}): Promise<ExecutionResult> {
  return execute({
    definition,
    input: {},
    integrations: {},
    stateMachineArn: 'arn:aws:states:eu-west-1:111111111111:stateMachine:tested',
    name: 'one',
    clock: new VirtualClock(),
    ...options,
  });
}

/** The history, an event a line: `id<previous type`. */
export function sequence(events: HistoryEvent[]): string[] {
  return events.map(({ id, previousEventId, type }) => `${id ?? ''}<${previousEventId ?? ''} ${type ?? ''}`);
}

/** How many events of a type there are. */
export function count(events: HistoryEvent[], type: string): number {
  return events.filter((event) => event.type === type).length;
}
