/** So many texts at most; then it begins anew. */
const LIMIT = 2_000;

/**
 * Remembers what was made of a text: many hosts hold the same files.
 *
 * @param make always makes the same of the same text, and nobody changes that; what it throws is not remembered
 */
export function remembering<T, More extends unknown[]>(
  make: (text: string, ...more: More) => T,
): (text: string, ...more: More) => T {
  const known = new Map<string, T>();
  return (text, ...more) => {
    if (known.has(text)) return known.get(text) as T;
    const made = make(text, ...more);
    if (known.size >= LIMIT) known.clear();
    known.set(text, made);
    return made;
  };
}
