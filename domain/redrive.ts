import { MagnumHaError } from './errors';
import type { Invocation, TaskName } from './tasks';

/** An execution that had ended was made to go on. */
export class ExecutionRedriven extends MagnumHaError {
  override readonly name = 'ExecutionRedriven';
}

/** What may be done without the lock: what brings HAProxy back. */
const ENABLING: readonly unknown[] = ['enable', 'poll-started'];

/**
 * Refuses a task of an execution that somebody has redriven: it goes on in the middle, and its lock may be another's by now.
 *
 * @throws ExecutionRedriven
 */
export function refuseRedriven({ envelope: { execution, state, redrives }, input }: Invocation<TaskName>): void {
  if (redrives === 0 || input === null || ('action' in input && ENABLING.includes(input.action))) return;
  throw new ExecutionRedriven(
    `${execution} was redriven, and would go on at ${state} without the lock of its site. Start a new execution: it finds ` +
      `what is done, and goes on.`,
  );
}
