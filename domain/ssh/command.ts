/** A command for a controller. */
export interface Command {
  /** Program and arguments; the SSH side quotes each. Never holds a secret: secrets travel on `stdin`. */
  readonly argv: readonly string[];
  /** Whether it needs root: it runs through `sudo -n` if the site says so. */
  readonly root: boolean;
  /** After this many seconds it is killed on the controller by timeout(1). */
  readonly timeoutSeconds: number;
  /** What it reads on standard input. */
  readonly stdin?: string;
}

/** How a command on a controller ended. */
export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The same command with something to read, such as a file's content with its secrets. */
export function withInput(command: Command, stdin: string): Command {
  return { ...command, stdin };
}
