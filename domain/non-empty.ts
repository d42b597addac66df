/** A list of at least one. */
export type NonEmpty<T> = readonly [T, ...T[]];

/** `map`, which keeps that there is at least one. */
export function mapAll<T, U>([first, ...others]: NonEmpty<T>, change: (item: T, index: number) => U): [U, ...U[]] {
  return [change(first, 0), ...others.map((item, index) => change(item, index + 1))];
}
