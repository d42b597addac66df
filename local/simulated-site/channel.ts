/** Standard input. */
export interface Input {
  /** What has arrived by now. */
  readonly soFar: string;
  /** All of it, once it has ended. A connection that breaks is its end, too: that is why digests are compared. */
  all(): Promise<string>;
}

/** What a program prints: text, or bytes that need not be text. */
export type Output = string | Buffer;

/** What a shell is connected to: a session of sshd. */
export interface Channel {
  readonly input: Input;
  /** Whether its connection is gone: nothing that is printed arrives any more. */
  readonly broken: boolean;
  /** Nothing comes of it once its connection is gone. */
  print(stream: 'stdout' | 'stderr', output: Output): void;
  /** The shell ends. */
  exit(code: number): void;
}

/** Of an input only the first half: what has arrived when the connection breaks on the way. */
export function firstHalf(input: Input): Input {
  const half = (text: string) => text.slice(0, Math.floor(text.length / 2));
  return {
    get soFar() {
      return half(input.soFar);
    },
    all: async () => half(await input.all()),
  };
}

/** The first line of an input, and what follows it. */
export async function firstLine(input: Input): Promise<{ readonly line: string; readonly rest: Input }> {
  const [line = ''] = (await input.all()).split('\n', 1);
  const after = (text: string) => text.slice(line.length + 1);
  return {
    line,
    rest: {
      get soFar() {
        return after(input.soFar);
      },
      all: async () => after(await input.all()),
    },
  };
}
