/** As many of the lines as fit, and how many do not. */
export function cut(lines: readonly string[], characters: number): readonly string[] {
  let left = characters;
  const fitting = lines.findIndex((line) => (left -= line.length) < 0);
  return fitting < 0 ? lines : [...lines.slice(0, fitting), `… ${linesOf(lines.length - fitting, 'more ')}`];
}

/** So many lines, for people. */
export function linesOf(count: number, which = ''): string {
  return `${count} ${which}line${count === 1 ? '' : 's'}`;
}
