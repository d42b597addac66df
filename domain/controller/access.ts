/** Whose a file is, and who may do what with it: numbers of owner and group, and the mode. */
export interface Access {
  readonly owner: number;
  readonly group: number;
  readonly mode: number;
}

/** Reads what `stat -c '%u:%g %a'` prints. */
export function parseAccess(printed: string): Access {
  const [, owner = '', group = '', mode = ''] = /^(\d+):(\d+) ([0-7]+)$/.exec(printed.trim()) ?? [];
  return { owner: Number(owner), group: Number(group), mode: parseInt(mode, 8) };
}

/** As stat prints it, for people and for digests. */
export function printAccess({ owner, group, mode }: Access): string {
  return `${owner}:${group} ${mode.toString(8)}`;
}

const OTHERS = 0o007;
const ROOT = 0;

/** Whether everybody on the controller may read it, or write it. */
export function isOpenToAll({ mode }: Access): boolean {
  return (mode & OTHERS) !== 0;
}

/** Whether Magnum can read it, as far as one can tell. @param users as which Magnum runs; none if it does not run */
export function isReadable({ owner, group, mode }: Access, users: readonly number[]): boolean {
  const owns = users.length > 0 ? users.includes(owner) : owner !== ROOT;
  return (
    users.includes(ROOT) ||
    (mode & OTHERS & 0o444) !== 0 ||
    (owns && (mode & 0o400) !== 0) ||
    // Which further groups Magnum is in, nobody can tell: in that of root it is not.
    (group !== ROOT && (mode & 0o040) !== 0)
  );
}

/**
 * Whose magnum.conf should be: as it is, but closed to all others, and such that Magnum can read it. Packages make its directory
 * of the group as which Magnum runs.
 *
 * @returns as it is where its directory is root's alone: nobody can tell then whose it should be
 */
export function wantedAccess(found: Access, directory: Access, users: readonly number[]): Access {
  const closed = { ...found, mode: found.mode & ~OTHERS };
  if (isReadable(closed, users)) return closed;
  return directory.group === ROOT ? found : { ...closed, group: directory.group, mode: closed.mode | 0o040 };
}
