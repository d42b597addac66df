/** So many texts are on a site's hosts, with those of its variants. */
const LIMIT = 500;

/**
 * Remembers what was made of a text: many sites hold the same files.
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
