import { messageOf } from '../errors';
import { controllerOf } from '../ssh/failures';
import type { Node } from './node';

/**
 * Does the same on several controllers side by side, and waits for all of them.
 *
 * @throws the first controller's error; if several failed, its message has the others' too: what they have in common once
 */
export async function everywhere<T>(nodes: readonly Node[], action: (node: Node) => Promise<T>): Promise<T[]> {
  const results = await Promise.allSettled(nodes.map(action));
  const failures = results.flatMap((result, index): Failure[] => {
    const node = nodes[index];
    return result.status === 'rejected' && node ? [{ node, error: errorOf(result.reason) }] : [];
  });
  const [first, ...others] = failures;
  if (first) {
    if (others.length > 0) first.error.message = toldTogether(failures, nodes.length);
    throw first.error;
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

interface Failure {
  readonly node: Node;
  readonly error: Error;
}

/** What several controllers say alike is said once, with their names before it. */
function toldTogether(failures: readonly Failure[], asked: number): string {
  const groups = new Map<string, Failure[]>();
  for (const failure of failures) {
    const key = withoutName(failure);
    groups.set(key, [...(groups.get(key) ?? []), failure]);
  }
  const messages = [...groups].map(([common, group]) => {
    if (group.length === 1) return group.map(({ error }) => error.message).join();
    const { site } = group[0]?.node ?? {};
    const who = group.length === asked ? `All ${asked} controllers` : group.map(({ node }) => node.name).join(', ');
    return `${who} of site ${site?.name ?? ''}: ${common}`;
  });
  return messages.join(' ');
}

/** The message, without what is the controller's own in it. */
function withoutName({ node, error }: Failure): string {
  const { site, controller, where, name } = node;
  return [controllerOf(site, controller), `controller ${where}`, where, `controller ${name}`]
    .reduce((message, its) => message.replaceAll(its, 'controller'), error.message)
    .replaceAll(/\b(on|of|to) controller\b/g, '$1 the controller');
}

function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(messageOf(thrown));
}
