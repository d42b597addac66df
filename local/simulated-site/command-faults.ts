import type { Output } from './channel';

/** What becomes of a command. What it does and prints is the program's own, but for what is said here. */
export interface CommandFault {
  /** Its exit code. Unless `when` says otherwise the program does nothing then. */
  readonly exit?: number;
  /** What it prints in place of its own, likewise; or what becomes of that, once the program has done its work. */
  readonly stdout?: Output | ((printed: string) => Output);
  readonly stderr?: Output | ((printed: string) => Output);
  /**
   * Whether exit code and output are there instead of the program's work, or follow it.
   * @default 'before'
   */
  readonly when?: 'before' | 'after';
  /** It never ends by itself: timeout(1) ends it, exit 124. With `when: 'after'` its work is done by then. */
  readonly hang?: true;
  /**
   * The signals of timeout(1) that it survives: after SIGTERM comes SIGKILL, exit 137; what waits for a disk that is gone
   * dies of neither.
   */
  readonly survives?: 'TERM' | 'KILL';
  /**
   * The controller's SSH connections break: before the program begins; as soon as it has, with half of its standard
   * input, while it goes on; when it is done and before it says so.
   */
  readonly disconnect?: 'before' | 'during' | 'after';
  /** Milliseconds by which it starts late: timeout(1) counts them. */
  readonly delay?: number;
  /** Milliseconds by which its answer comes late, when it has ended. */
  readonly answerDelay?: number;
  /**
   * Its work is done that many milliseconds after its start, whatever has become of it by then: also after timeout(1) has
   * killed it. Unless exit code or output are given it hangs until then.
   */
  readonly lateEffect?: number;
  /** Only half of its standard input reaches it. */
  readonly halfInput?: true;
  /** What it reads on standard input comes out on standard error, as from a program that quotes a bad line. */
  readonly echoStdinToStderr?: true;
  /** Likewise on standard output. */
  readonly echoStdinToStdout?: true;
}

/** What can become of a program's output. */
export const GARBLED = {
  empty: () => '',
  truncated: (printed: string) => printed.slice(0, Math.floor(printed.length / 2)),
  /** 4 MiB more. */
  huge: (printed: string) => printed + 'x'.repeat(1023).concat('\n').repeat(4096),
  binary: () => Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 167 + (index >> 8)) % 256)),
  /** Bytes in the middle that are not UTF-8. */
  brokenUtf8: (printed: string) => {
    const half = Math.floor(printed.length / 2);
    return Buffer.concat([
      Buffer.from(printed.slice(0, half)),
      Buffer.from([0xc3, 0x28, 0xff, 0xed, 0xa0, 0x80]),
      Buffer.from(printed.slice(half)),
    ]);
  },
  /** Ten entities, each ten times the one before: a program that expands them gets 10^9 characters. */
  xmlEntities: (printed: string) => {
    const entities = Array.from({ length: 9 }, (_, n) => `<!ENTITY e${n + 1} "${`&e${n};`.repeat(10)}">`);
    return `<!DOCTYPE x [<!ENTITY e0 "x">${entities.join('')}]>\n<x>&e9;</x>\n${printed}`;
  },
} as const satisfies Readonly<Record<string, (printed: string) => Output>>;

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
