import type { ErrorName } from './error-catalogue';

/**
 * Base of every error this project throws on purpose.
 *
 * `name` is what Step Functions matches in Retry and Catch and what the console shows, so each subclass gives it as a
 * literal: esbuild renames classes when it minifies. A message says what is wrong, where (site, controller, command)
 * and what to do, and never holds a secret.
 */
export abstract class MagnumHaError extends Error {
  abstract override readonly name: ErrorName;
}

/** The text of anything thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
