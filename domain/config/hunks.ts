import { type ChangeObject, diffArrays } from 'diff';

/** Above so many added and removed lines, or lines to compare, two texts count as altogether different. */
const EDITS = 200;

const COMPARED = 50_000;

interface Change {
  readonly sign: '-' | '+';
  readonly line: string;
}

/** The hunks of a unified diff without context, each line as `tell` tells it. */
export function hunks(
  found: string,
  wanted: string,
  limit: number,
  tell: { readonly removed: (line: string) => string; readonly added: (line: string) => string },
): string[] {
  const lines: (string | Change)[] = [];
  for (const { before, after, removed, added } of changes(linesOf(found), linesOf(wanted))) {
    const range = (start: number, count: number) => `${count === 0 ? start : start + 1},${count}`;
    lines.push(`@@ -${range(before, removed.length)} +${range(after, added.length)} @@`);
    for (const line of removed) lines.push({ sign: '-', line });
    for (const line of added) lines.push({ sign: '+', line });
  }
  const told = (one: string | Change) => {
    if (typeof one === 'string') return one;
    const line = one.line.replace(/\r?\n?$/, '');
    return one.sign + (one.sign === '-' ? tell.removed(line) : tell.added(line));
  };
  return cut(lines, limit, told);
}

/** Without their ends; a last line without one is another line than with it, and is marked by what no other line has. */
function linesOf(text: string): string[] {
  const lines = text.split('\n');
  const last = lines.pop() ?? '';
  if (last !== '') lines.push(`${last}\n`);
  return lines;
}

interface Hunk {
  /** Lines before it, on either side. */
  readonly before: number;
  readonly after: number;
  readonly removed: readonly string[];
  readonly added: readonly string[];
}

function changes(found: readonly string[], wanted: readonly string[]): Hunk[] {
  let start = 0;
  while (start < found.length && start < wanted.length && found[start] === wanted[start]) start++;
  let ends = [found.length, wanted.length] as const;
  while (ends[0] > start && ends[1] > start && found[ends[0] - 1] === wanted[ends[1] - 1]) {
    ends = [ends[0] - 1, ends[1] - 1];
  }
  const [removed, added] = [found.slice(start, ends[0]), wanted.slice(start, ends[1])];
  if (removed.length + added.length === 0) return [];
  const whole = { before: start, after: start, removed, added };
  if (Math.abs(removed.length - added.length) > EDITS || removed.length + added.length > COMPARED) return [whole];
  // Numbers are compared at once, long lines are not.
  const numbers = new Map<string, number>();
  const numbered = (line: string) => {
    const number = numbers.get(line) ?? numbers.size;
    numbers.set(line, number);
    return number;
  };
  const parts = diffArrays(removed.map(numbered), added.map(numbered), { maxEditLength: EDITS });
  return parts ? inHunks(parts, whole) : [whole];
}

/** Removed and added lines that follow each other are a hunk. */
function inHunks(parts: readonly ChangeObject<readonly number[]>[], { before, removed, added }: Hunk): Hunk[] {
  const found: Hunk[] = [];
  let [old, fresh] = [0, 0];
  let from: readonly [number, number] | undefined;
  const close = () => {
    if (!from) return;
    found.push({
      before: before + from[0],
      after: before + from[1],
      removed: removed.slice(from[0], old),
      added: added.slice(from[1], fresh),
    });
    from = undefined;
  };
  for (const part of parts) {
    if (part.removed || part.added) from ??= [old, fresh];
    else close();
    if (!part.added) old += part.count;
    if (!part.removed) fresh += part.count;
  }
  close();
  return found;
}

export function cut<T>(lines: readonly T[], limit: number, tell: (line: T) => string): string[] {
  const more = lines.length - limit;
  const told = lines.slice(0, limit).map(tell);
  return more <= 0 ? told : [...told, `… ${more} more line${more === 1 ? '' : 's'}`];
}
