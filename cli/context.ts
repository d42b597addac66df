import type { Clock } from '../domain/world';
import { MagnumHaError } from '../domain/errors';
import type { Terminal } from './progress';
import { type Style, style } from './style';

/** What a verb has of the world outside. */
export interface Context {
  readonly out: Terminal;
  readonly err: Terminal;
  /** How many columns a terminal has; 80 if there is none. */
  readonly columns: number;
  readonly clock: Clock;
  /** All of standard input. */
  readonly readStdin: () => Promise<string>;
}

/** What every verb can be told. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly plain?: boolean;
}

/** Exit codes, as `--help` documents them. */
export const EXIT = {
  done: 0,
  failed: 1,
  drift: 2,
  /** EX_USAGE of sysexits.h. */
  usage: 64,
  /** EX_UNAVAILABLE. */
  unavailable: 69,
  /** EX_TEMPFAIL: a check was skipped, because another execution works on the site. */
  skipped: 75,
} as const;

/** An option is wrong, or names a file that cannot be read or written. */
export class UsageError extends MagnumHaError {
  override readonly name = 'UsageError';
}

/** Prints lines, or with `--json` a value. */
export function print({ out }: Context, { json = false }: CommonOptions, value: unknown, text: () => string): void {
  out.write(json ? `${JSON.stringify(value, null, 2)}\n` : `${text()}\n`);
}

/** Colours for standard output, unless there shall be none. https://no-color.org */
export function styleFor({ out }: Context, { plain = false }: CommonOptions): Style {
  return style(plain || !out.interactive || Boolean(process.env['NO_COLOR']));
}
