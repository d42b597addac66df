import type { Invocation, TaskInput, TaskName, TaskOutput } from '../../domain/tasks';

/** The Lambda handler of a task that only computes. It does not use the world, so neither SSH nor the SDK is bundled. */
export function computationOf<T extends TaskName>(
  run: (input: TaskInput<T>) => Promise<TaskOutput<T>>,
): (event: Invocation<T>) => Promise<TaskOutput<T>> {
  return ({ input }) => run(input);
}
