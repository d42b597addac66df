import { posix } from 'node:path';

/** A directory. */
export interface SimulatedDirectory {
  /** Permission bits, such as 0o640. */
  readonly mode: number;
  readonly owner: string;
  readonly group: string;
  /** When the content was last modified by the host's clock, in milliseconds since 1970. */
  readonly modified: number;
}

/** A regular file as it is: a change puts another in its place, so that file systems can share what neither has changed. */
export interface SimulatedFile extends SimulatedDirectory {
  readonly content: string;
  /** A file that is written over keeps its number, one that is replaced has another. */
  readonly inode: number;
}

/** All that a file system holds, for others to start from. */
export interface FileSystemImage {
  readonly files: ReadonlyMap<string, SimulatedFile>;
  readonly directories: ReadonlyMap<string, SimulatedDirectory>;
}

/** Who runs a program: `groups` are the user's own and further ones. */
export interface Credentials {
  readonly user: string;
  readonly groups: readonly string[];
}

export const ROOT: Credentials = { user: 'root', groups: ['root'] };

/** A failed system call. The message is strerror's. */
export class SystemError extends Error {
  override readonly name = 'SystemError';

  constructor(readonly code: keyof typeof MESSAGES) {
    super(MESSAGES[code]);
  }
}

const MESSAGES = {
  ENOENT: 'No such file or directory',
  EACCES: 'Permission denied',
  EPERM: 'Operation not permitted',
  EEXIST: 'File exists',
  EISDIR: 'Is a directory',
  ENOTDIR: 'Not a directory',
  ENOTEMPTY: 'Directory not empty',
  EROFS: 'Read-only file system',
  ENOSPC: 'No space left on device',
} as const;

/** When the host was installed: long ago. */
const INSTALLED = Date.UTC(2016, 10, 16, 9, 12, 44);

/** A tmpfs, on every system of the last decade. */
const MEMORY = '/run';

const EMPTY: FileSystemImage = {
  files: new Map(),
  directories: new Map([['/', { mode: 0o755, owner: 'root', group: 'root', modified: INSTALLED }]]),
};

/** The files of one host, in memory: regular files and directories with owner, group and mode. No links. */
export class FileSystem {
  /** Every file by its absolute path. */
  readonly files: Map<string, SimulatedFile>;
  /** Every directory by its absolute path. */
  readonly directories: Map<string, SimulatedDirectory>;
  /** What the kernel makes when it is read, by its path. */
  readonly made = new Map<string, () => string>();
  /** Directories below which nothing can be changed, but for what is in memory. */
  readonly readOnly = new Set<string>();
  /** How many bytes still fit on the disk. */
  room = Infinity;
  /** Counts changes. */
  changes = 0;
  private inodes: number;

  /**
   * @param now the host's clock
   * @param image what it holds at first
   */
  constructor(
    private readonly now: () => number,
    image: FileSystemImage = EMPTY,
  ) {
    this.files = new Map(image.files);
    this.directories = new Map(image.directories);
    this.inodes = Math.max(0, ...[...this.files.values()].map(({ inode }) => inode));
  }

  /** What it holds now. */
  get image(): FileSystemImage {
    return { files: new Map(this.files), directories: new Map(this.directories) };
  }

  /** Puts a file there with its parent directories, whatever the permissions. */
  seed(path: string, content: string, mode = 0o644, owner = 'root', group = 'root'): void {
    this.seedDirectory(posix.dirname(path));
    this.files.set(path, { content, mode, owner, group, modified: INSTALLED, inode: ++this.inodes });
  }

  /** Puts a directory there with its parents, whatever the permissions. */
  seedDirectory(path: string, mode = 0o755, owner = 'root', group = 'root'): void {
    if (this.directories.has(path)) return;
    this.seedDirectory(posix.dirname(path));
    this.directories.set(path, { mode, owner, group, modified: INSTALLED });
  }

  /** The content of a file. */
  read(path: string, who: Credentials): string {
    const made = this.made.get(path);
    if (made) return made();
    this.traverse(path, who);
    if (this.directories.has(path)) throw new SystemError('EISDIR');
    const file = this.existing(path);
    allow(file, who, 4);
    return file.content;
  }

  /** What is in memory is gone when the power is. */
  losePower(): void {
    for (const path of this.below(MEMORY)) this.files.delete(path);
  }

  /** Opens a file for writing as open(2) does with O_CREAT and O_TRUNC. */
  create(path: string, who: Credentials, mode: number): void {
    this.traverse(path, who);
    if (this.directories.has(path)) throw new SystemError('EISDIR');
    const file = this.files.get(path);
    if (file) {
      allow(file, who, 2);
      this.writable(path);
      this.files.set(path, { ...file, content: '', modified: this.now() });
    } else {
      this.enter(path, who);
      this.files.set(path, { content: '', ...this.created(who, mode), inode: ++this.inodes });
    }
    this.changes++;
  }

  /** Writes the content of an open file; if the disk has no room for all of it, what fits. */
  write(path: string, content: string): void {
    const file = this.existing(path);
    const bytes = Buffer.from(content);
    const room = isInMemory(path) ? Infinity : this.room;
    const fits = bytes.length <= room;
    const written = fits ? content : bytes.toString('utf8', 0, room);
    this.files.set(path, { ...file, content: written, modified: this.now() });
    if (!isInMemory(path)) this.room -= Math.min(bytes.length, room);
    this.changes++;
    if (!fits) throw new SystemError('ENOSPC');
  }

  /** Removes a file, or with `recursive` a directory too. */
  remove(path: string, who: Credentials, recursive = false): void {
    this.traverse(path, who);
    const directory = this.directories.has(path);
    if (!directory) this.existing(path);
    this.enter(path, who);
    if (directory && !recursive) throw new SystemError('EISDIR');
    for (const one of this.below(path)) {
      this.files.delete(one);
      this.directories.delete(one);
    }
    this.changes++;
  }

  /** rename(2). */
  rename(from: string, to: string, who: Credentials): void {
    this.traverse(from, who);
    if (!this.exists(from)) throw new SystemError('ENOENT');
    this.traverse(to, who);
    this.enter(from, who);
    this.enter(to, who);
    if (from === to) return;
    if (this.directories.has(to) && [...this.below(to)].length > 1) throw new SystemError('ENOTEMPTY');
    for (const one of [...this.below(from)]) {
      const target = to + one.slice(from.length);
      const file = this.files.get(one);
      const directory = this.directories.get(one);
      this.files.delete(one);
      this.directories.delete(one);
      if (file) this.files.set(target, file);
      if (directory) this.directories.set(target, directory);
    }
    this.changes++;
  }

  /** mkdir(2). */
  makeDirectory(path: string, who: Credentials, mode: number): void {
    this.traverse(path, who);
    if (this.exists(path)) throw new SystemError('EEXIST');
    this.enter(path, who);
    this.directories.set(path, this.created(who, mode));
    this.changes++;
  }

  /** Owner, group, mode and time of a file or directory. */
  stat(path: string, who: Credentials): SimulatedDirectory {
    this.traverse(path, who);
    return this.directories.get(path) ?? this.existing(path);
  }

  /** chown(2). */
  setOwner(path: string, owner: string, group: string, who: Credentials): void {
    const entry = this.stat(path, who);
    if (who.user !== 'root' && (owner !== entry.owner || !who.groups.includes(group) || entry.owner !== who.user)) {
      throw new SystemError('EPERM');
    }
    this.writable(path);
    if (entry.owner === owner && entry.group === group) return;
    this.amend(path, { owner, group });
  }

  /** chmod(2). */
  setMode(path: string, mode: number, who: Credentials): void {
    const entry = this.stat(path, who);
    if (who.user !== 'root' && entry.owner !== who.user) throw new SystemError('EPERM');
    this.writable(path);
    if (entry.mode === mode) return;
    this.amend(path, { mode });
  }

  /** Gives a copy the time of its original. */
  setModified(path: string, modified: number): void {
    this.files.set(path, { ...this.existing(path), modified });
  }

  exists(path: string): boolean {
    return this.made.has(path) || this.files.has(path) || this.directories.has(path);
  }

  /** Whether everybody may search all the directories above it. */
  isReachable(path: string): boolean {
    for (let one = posix.dirname(path); one !== '/'; one = posix.dirname(one)) {
      if (((this.directories.get(one)?.mode ?? 0) & 0o001) === 0) return false;
    }
    return true;
  }

  isDirectory(path: string): boolean {
    return this.directories.has(path);
  }

  /** The names in a directory, sorted as bytes. */
  list(path: string): string[] {
    return [...this.files.keys(), ...this.directories.keys()]
      .filter((one) => one !== '/' && posix.dirname(one) === path)
      .map((one) => posix.basename(one))
      .sort();
  }

  /** A path and everything below it. */
  below(path: string): string[] {
    return [...this.directories.keys(), ...this.files.keys()].filter(
      (one) => one === path || one.startsWith(path === '/' ? '/' : `${path}/`),
    );
  }

  private amend(path: string, changed: Partial<SimulatedDirectory>): void {
    const directory = this.directories.get(path);
    if (directory) this.directories.set(path, { ...directory, ...changed });
    else this.files.set(path, { ...this.existing(path), ...changed });
    this.changes++;
  }

  private created(who: Credentials, mode: number): SimulatedDirectory {
    return { mode, owner: who.user, group: who.groups[0] ?? who.user, modified: this.now() };
  }

  private existing(path: string): SimulatedFile {
    const file = this.files.get(path);
    if (!file) throw new SystemError('ENOENT');
    return file;
  }

  /** Every directory on the way must be there and be searchable. */
  private traverse(path: string, who: Credentials): void {
    // A directory's parents exist, and root may search them.
    if (who.user === 'root' && this.directories.has(posix.dirname(path))) return;
    const parts = path.split('/').slice(1, -1);
    let directory = '';
    for (const part of ['', ...parts]) {
      directory = posix.join(directory === '' ? '/' : directory, part);
      const found = this.directories.get(directory);
      if (!found) throw new SystemError(this.files.has(directory) ? 'ENOTDIR' : 'ENOENT');
      allow(found, who, 1);
    }
  }

  /** An entry is made, removed or renamed in a directory: that must be writable. */
  private enter(path: string, who: Credentials): void {
    const directory = this.directories.get(posix.dirname(path));
    if (!directory) throw new SystemError('ENOENT');
    allow(directory, who, 2);
    this.writable(path);
  }

  private writable(path: string): void {
    if (isInMemory(path)) return;
    for (const directory of this.readOnly) {
      if (path === directory || path.startsWith(`${directory}/`)) throw new SystemError('EROFS');
    }
  }
}

/** Below /run there is a tmpfs: it ends with the power. */
function isInMemory(path: string): boolean {
  return path.startsWith(`${MEMORY}/`);
}

/** Checks read (4), write (2) or search (1) permission. */
function allow(entry: SimulatedDirectory, who: Credentials, wanted: 1 | 2 | 4): void {
  if (who.user === 'root') return;
  const shift = entry.owner === who.user ? 6 : who.groups.includes(entry.group) ? 3 : 0;
  if (((entry.mode >> shift) & wanted) === 0) throw new SystemError('EACCES');
}
