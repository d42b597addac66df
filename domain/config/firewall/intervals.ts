/** A set of whole numbers, as ranges with both ends, in ascending order and apart from each other. */
export type Intervals = readonly (readonly [low: number, high: number])[];

export function intersect(one: Intervals, other: Intervals): Intervals {
  return one.flatMap(([low, high]) =>
    other.flatMap(([from, to]): Intervals => {
      const range = [Math.max(low, from), Math.min(high, to)] as const;
      return range[0] <= range[1] ? [range] : [];
    }),
  );
}

export function subtract(one: Intervals, other: Intervals): Intervals {
  return other.reduce<Intervals>(
    (rest, [from, to]) =>
      rest.flatMap(([low, high]): Intervals => {
        if (to < low || high < from) return [[low, high]];
        return [...(low < from ? [[low, from - 1] as const] : []), ...(to < high ? [[to + 1, high] as const] : [])];
      }),
    one,
  );
}

/** Orders the ranges, and makes one of those that touch. */
export function union(...sets: readonly Intervals[]): Intervals {
  const merged: [number, number][] = [];
  for (const [low, high] of sets.flat().sort(([one], [other]) => one - other)) {
    const last = merged.at(-1);
    if (last && low <= last[1] + 1) last[1] = Math.max(last[1], high);
    else merged.push([low, high]);
  }
  return merged;
}
