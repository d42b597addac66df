/** A command that was run on a controller. */
export interface RecordedCommand {
  readonly type: 'command';
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly host: string;
  readonly user: string;
  /** The line exactly as sshd received it. */
  readonly command: string;
  /** Program and arguments, without variables, sudo and timeout; empty if the line could not be parsed. */
  readonly argv: readonly string[];
  /** What it read on standard input, as far as it read. */
  stdin: string;
  /** Undefined while it runs, and if its connection broke. */
  exitCode: number | undefined;
  /** Whether it changed anything on the site. */
  changed: boolean;
  /** When it ended, or its last effect came; undefined while it runs, and if it was killed. */
  endedAt: number | undefined;
}

/** A TCP connection that was tried. */
export interface RecordedConnection {
  readonly type: 'connect';
  readonly at: number;
  readonly from: string;
  readonly address: string;
  readonly port: number;
  /** Undefined while it is tried; then `connected` or the error's code. */
  result: string | undefined;
}

/** What happened on the site, in order. */
export type RecordEntry = RecordedCommand | RecordedConnection;

/** Everything that was run and connected. */
export class SiteRecord {
  readonly entries: RecordEntry[] = [];

  /** The commands, in order. */
  get commands(): RecordedCommand[] {
    return this.entries.filter((entry) => entry.type === 'command');
  }

  /** The TCP connections, in order. */
  get connections(): RecordedConnection[] {
    return this.entries.filter((entry) => entry.type === 'connect');
  }

  /** Adds an entry and returns it, to be completed. */
  add<Entry extends RecordEntry>(entry: Entry): Entry {
    this.entries.push(entry);
    return entry;
  }

  /** Forgets everything so far. */
  clear(): void {
    this.entries.length = 0;
  }
}
