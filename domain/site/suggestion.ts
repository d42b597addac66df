/**
 * The candidate that somebody meant who wrote `name`; undefined if none is near. Near means: the same except for capitals, `_` and
 * `-`, or a third of the letters changed, or swapped with the next one, at most.
 */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  const bare = plain(name);
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: distance(bare, plain(candidate)) }))
    .sort((one, other) => one.distance - other.distance);
  const [best] = ranked;
  return best && best.distance <= Math.floor(Math.max(bare.length, plain(best.candidate).length) / 3)
    ? best.candidate
    : undefined;
}

function plain(name: string): string {
  // A field's name is never longer; the distance takes the square of the length.
  return name.slice(0, 60).replace(/[_-]/g, '').toLowerCase();
}

function distance(one: string, other: string): number {
  let before: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const same = one[i - 1] === other[j - 1];
      const swapped = one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      const edits = [at(row, j - 1) + (same ? 0 : 1), at(row, j) + 1, at(next, j - 1) + 1];
      next.push(Math.min(...edits, swapped ? at(before, j - 2) + 1 : Infinity));
    }
    [before, row] = [row, next];
  }
  return at(row, other.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
