import type { Duplex } from 'node:stream';
import type { Clock } from '../world';

/** What a login came to: what the server says where it refuses. */
export type Login = 'accepted' | { readonly refused: string };

/** No whole answer came: the connection was closed, or took too long. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** How long a server may take for all of a login, in milliseconds. */
const LOGIN_TIMEOUT_MS = 5_000;

/**
 * Talks to a server by numbers of bytes, and closes the connection in the end.
 *
 * @throws NoAnswer
 */
export async function dialogue<T>(
  stream: Duplex,
  clock: Clock,
  talk: (take: (count: number) => Promise<Buffer>) => Promise<T>,
): Promise<T> {
  let held = Buffer.alloc(0);
  let wanted: { count: number; resolve: (bytes: Buffer) => void; reject: (error: Error) => void } | undefined;
  let over: string | undefined;
  const serve = () => {
    if (!wanted) return;
    if (held.length >= wanted.count) {
      const bytes = held.subarray(0, wanted.count);
      held = held.subarray(wanted.count);
      wanted.resolve(bytes);
      wanted = undefined;
    } else if (over !== undefined) wanted.reject(new NoAnswer(over));
  };
  const end = (why: string) => () => {
    over ??= why;
    serve();
  };
  const cancel = clock.after(LOGIN_TIMEOUT_MS, end(`no answer within ${LOGIN_TIMEOUT_MS / 1000} s`));
  stream.on('data', (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    serve();
  });
  for (const event of ['end', 'close', 'error']) stream.on(event, end('the connection was closed'));
  try {
    return await talk(
      (count) =>
        new Promise((resolve, reject) => {
          wanted = { count, resolve, reject };
          serve();
        }),
    );
  } finally {
    cancel();
    stream.destroy();
  }
}
