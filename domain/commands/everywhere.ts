import { messageOf } from '../errors';
import type { Node } from './node';

/**
 * Does the same on several controllers side by side, and waits for all of them.
 *
 * @throws the first controller's error; if several failed, its message names the others' too
 */
export async function everywhere<T>(nodes: readonly Node[], action: (node: Node) => Promise<T>): Promise<T[]> {
  const results = await Promise.allSettled(nodes.map(action));
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [errorOf(result.reason)] : []));
  const [first, ...others] = failures;
  if (first) {
    if (others.length > 0) first.message += ` And ${others.length} more: ${others.map(messageOf).join(' ')}`;
    throw first;
  }
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

/** What came of those that succeeded. @throws the first one's error where none did */
export async function fulfilled<T>(doing: readonly Promise<T>[]): Promise<[T, ...T[]]> {
  const results = await Promise.allSettled(doing);
  const [first, ...others] = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  if (first !== undefined) return [first, ...others];
  throw results.find((result) => result.status === 'rejected')?.reason;
}

function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(messageOf(thrown));
}
