import { cut } from './cut';
import type { ControllerState, FileState } from './inspect';

/**
 * Characters of differences for all controllers together. Step Functions passes 256 KiB at most; a report has about 1.5 KB more of each
 * controller, and half of all is for what nobody has thought of.
 */
const ALL_DIFFERENCES = 30_000;

type Addressed = ReadonlyMap<string, { readonly address: string }>;

/**
 * Differences that several controllers have alike, once: as a rule all have the same. What each has of its own, its name and its address,
 * counts as equal.
 *
 * @param own addresses of the controllers, by name
 */
export function onceEach(states: readonly ControllerState[], own: Addressed): ControllerState[] {
  const first = new Map<string, string>();
  const grouped = states.map((state) => ({
    ...state,
    files: state.files.map((file): FileState => {
      if (file.diff.length === 0) return file;
      const diff = file.diff.map((line) => generalized(line, [state.name, own.get(state.name)?.address ?? '']));
      const key = differenceKey({ ...file, diff });
      const sameAs = first.get(key);
      if (sameAs !== undefined) return { ...file, diff: [], sameAs };
      first.set(key, state.name);
      return { ...file, diff };
    }),
  }));
  const room = ALL_DIFFERENCES / Math.max(1, first.size);
  return grouped.map((state) => ({
    ...state,
    files: state.files.map((file) => ({ ...file, diff: cut(file.diff, room) })),
  }));
}

/** What a file's difference is told by: where it stands in the file does not count. */
export function differenceKey({ path, state, diff }: Pick<FileState, 'path' | 'state' | 'diff'>): string {
  return JSON.stringify([path, state, diff.filter((line) => !line.startsWith('@@'))]);
}

/** What would change in a file, also if it is the same as on a controller before. */
export function linesOf(
  file: FileState,
  controllers: readonly Pick<ControllerState, 'name' | 'files'>[],
): readonly string[] {
  const { sameAs, path, diff } = file;
  if (sameAs === undefined) return diff;
  return controllers.find(({ name }) => name === sameAs)?.files.find((one) => one.path === path)?.diff ?? diff;
}

/** A line in which a controller's own name and address are no values of their own. */
export function generalized(line: string, [name = '', address = '']: readonly string[]): string {
  const [before = '', value] = line.split(' → ');
  if (value === name) return `${before} → (the controller's name)`;
  return value === address ? `${before} → (the controller's address)` : line;
}
