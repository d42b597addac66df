import type { Invocation, TaskInput, TaskName, TaskOutput } from '../../domain/tasks';
import { runWired } from '../../domain/wire';
import { documents } from './documents';

const kept = new Map<string, unknown>();

/** The Lambda handler of a task that only computes: of the world it has the site document, so neither SSH nor SSM is bundled. */
export function computationOf<T extends TaskName>(
  run: (input: TaskInput<T>) => Promise<TaskOutput<T>>,
): (event: Invocation<T>) => Promise<TaskOutput<T> | null> {
  return ({ input }) => runWired(run, input, { documents, kept });
}
