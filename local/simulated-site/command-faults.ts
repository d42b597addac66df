/** What becomes of a command: what is given takes the place of what the program would have done. */
export interface CommandFault {
  /** Exit code instead of the program's. The program has no effect, unless `when` is `after`. */
  readonly exit?: number;
  readonly stdout?: string;
  readonly stderr?: string;
  /** When the rest applies: instead of the program's effect, or once it is done. Default `before`. */
  readonly when?: 'before' | 'after';
  /** It never ends by itself: timeout(1) ends it, exit 124. */
  readonly hang?: true;
  /** The controller's SSH connection breaks before the program does anything, or when it is done and before it says so. */
  readonly disconnect?: 'before' | 'after';
  /** What it reads on standard input comes out on standard error, as from a program that quotes a bad line. */
  readonly echoStdinToStderr?: true;
  /** Milliseconds by which it starts late. */
  readonly delay?: number;
}

/**
 * Looks at a command before it runs.
 *
 * @param host the controller's name
 * @param argv program and arguments
 * @param number how many commands the site has been sent, this one included
 */
export type CommandHook = (host: string, argv: readonly string[], number: number) => CommandFault | undefined;

/** Faults that the programs look up. Use {@link Faults} of the site to set them. */
export class CommandHooks {
  private readonly hooks = new Set<CommandHook>();

  /** Adds a hook; returns a function that removes it. */
  add(hook: CommandHook): () => void {
    this.hooks.add(hook);
    return () => this.hooks.delete(hook);
  }

  /** The first fault that a hook has for this command. */
  find(host: string, argv: readonly string[], number: number): CommandFault | undefined {
    for (const hook of this.hooks) {
      const fault = hook(host, argv, number);
      if (fault) return fault;
    }
    return undefined;
  }

  clear(): void {
    this.hooks.clear();
  }
}
