import { inside } from './abort';
import { StatesError, Stopped } from './errors';
import type { Trail } from './history';
import type { Scope } from './run';

/** What one of several branches has for itself. */
export interface Branch {
  trail: Trail;
  signal: AbortSignal;
}

/**
 * Runs branches side by side and leaves the scope's trail at the last event of the branch that ended last. The first
 * failure stops the others; it is thrown when all have ended, with the trail at the failed branch's last event.
 */
export async function sideBySide<T>(scope: Scope, branches: ((own: Branch) => Promise<T>)[]): Promise<T[]> {
  const start = scope.trail.fork();
  const others = inside(scope.signal);
  const failures: unknown[] = [];

  const results = await Promise.all(
    branches.map(async (branch) => {
      const trail = start.fork();
      try {
        const result = await branch({ trail, signal: others.signal });
        if (failures.length === 0) scope.trail.previous = trail.previous;
        return result;
      } catch (error) {
        if (failures.push(error) === 1) {
          scope.trail.previous = trail.previous;
          const handled = error instanceof StatesError && !error.isTerminal;
          others.abort(new Stopped(handled ? trail.previous : undefined));
        }
        return undefined;
      }
    }),
  );
  others.release();
  if (failures.length > 0) throw failures[0];
  return results as T[];
}
