/** A list of at least one. */
export type NonEmpty<T> = readonly [T, ...T[]];

/** `map` that keeps the type: the result has at least one element too. */
export function mapAll<T, U>([first, ...others]: NonEmpty<T>, change: (item: T, index: number) => U): [U, ...U[]] {
  return [change(first, 0), ...others.map((item, index) => change(item, index + 1))];
}
