/** As many of the lines as fit, and how many more there are. */
export function cut(lines: readonly string[], characters: number): readonly string[] {
  let left = characters;
  const fitting = lines.findIndex((line) => (left -= line.length) < 0);
  if (fitting < 0) return lines;
  const more = lines.length - fitting;
  return [...lines.slice(0, fitting), `… ${more} more line${more === 1 ? '' : 's'}`];
}
