import { fromJson } from './history';

/** A command that a function ran on a controller. It holds no secret: those travel on standard input. */
export interface Command {
  /** When it had ended, ISO 8601; null if the log does not tell. */
  readonly at: string | null;
  readonly state: string;
  readonly controller: string;
  readonly command: string;
  /** Null if it was lost. */
  readonly exitCode: number | null;
  readonly milliseconds: number;
}

/**
 * The commands of an execution in the lines that its functions logged, in order: JSON, as Lambda writes them, or as
 * CloudWatch Logs gives them.
 *
 * @param execution ARN
 */
export function commandsIn(lines: readonly string[], execution: string): Command[] {
  return lines
    .flatMap((line): Command[] => {
      const logged = fromJson(line) as { timestamp?: unknown; message?: unknown } | null | undefined;
      const entry = (logged?.message ?? logged ?? {}) as Partial<Command> & { execution?: unknown };
      if (entry.execution !== execution || typeof entry.command !== 'string') return [];
      const { state = '', controller = '', command, exitCode = null, milliseconds = 0 } = entry;
      const at = typeof logged?.timestamp === 'string' ? logged.timestamp : null;
      return [{ at, state, controller, command, exitCode, milliseconds }];
    })
    .sort((one, other) => (one.at ?? '').localeCompare(other.at ?? ''));
}
