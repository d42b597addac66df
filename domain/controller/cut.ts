/** As many of the lines as fit, and how many do not. */
export function cut(lines: readonly string[], characters: number): readonly string[] {
  let left = characters;
  const fitting = lines.findIndex((line) => (left -= line.length) < 0);
  return fitting < 0 ? lines : [...lines.slice(0, fitting), `… ${lines.length - fitting} more lines`];
}
