import type { Duplex } from 'node:stream';
import { messageOf } from '../errors';
import { NoTls, secure, type Trust } from '../openstack/tls';
import type { Clock } from '../world';

/** How a login ended: with what the server says if it refuses. */
export type Login = 'accepted' | { readonly refused: string };

/** No whole answer came: the connection was closed, or took too long, or it is no answer of such a server. */
export class NoAnswer extends Error {
  override readonly name: string = 'NoAnswer';
}

/** What should be TLS is none, or not with whom it should be. */
export class TlsFailed extends NoAnswer {
  override readonly name = 'TlsFailed';
}

/** TLS to a server: what its certificate is checked against. */
export interface Security extends Trust {
  readonly host: string;
  readonly port: number;
}

/** How long a server may take for all of a login, in milliseconds. */
const LOGIN_TIMEOUT_MS = 5_000;
const LATE = `no answer within ${LOGIN_TIMEOUT_MS / 1000} s`;
/** No part of a login is longer, in bytes. RabbitMQ begins with some hundred, frames have 128 KiB at most. */
const LONGEST_PART = 256 * 1024;
/** Nobody says more in a login, in bytes. */
const LONGEST_LOGIN = 1024 * 1024;

/** The server's side of a login. */
type Take = (count: number) => Promise<Buffer>;
/** Goes on with TLS. @returns what is written to from then on */
type Upgrade = (security: Security) => Promise<Duplex>;

/**
 * Talks to a server by numbers of bytes, and closes the connection in the end.
 *
 * The lengths that a server announces are not trusted: one that announces or sends too much, or too little for what it is to be,
 * gives no answer.
 *
 * @throws NoAnswer
 */
export async function dialogue<T>(
  stream: Duplex,
  clock: Clock,
  talk: (take: Take, upgrade: Upgrade) => Promise<T>,
): Promise<T> {
  let current = stream;
  let held: Buffer[] = [];
  let size = 0;
  let total = 0;
  let wanted: { count: number; resolve: (bytes: Buffer) => void; reject: (error: Error) => void } | undefined;
  let over: string | undefined;
  const serve = () => {
    if (!wanted) return;
    if (size >= wanted.count) {
      const all = Buffer.concat(held);
      const bytes = all.subarray(0, wanted.count);
      held = [all.subarray(wanted.count)];
      size -= wanted.count;
      wanted.resolve(bytes);
      wanted = undefined;
    } else if (over !== undefined) wanted.reject(new NoAnswer(over));
  };
  const end = (why: string) => () => {
    over ??= why;
    serve();
  };
  const onData = (chunk: Buffer) => {
    held.push(chunk);
    size += chunk.length;
    total += chunk.length;
    if (total > LONGEST_LOGIN) {
      current.destroy();
      end('it says too much for a login')();
    } else serve();
  };
  const onEnd = end('the connection was closed');
  const listen = () => {
    current.on('data', onData);
    for (const event of ['end', 'close', 'error']) current.on(event, onEnd);
  };
  const cancel = clock.after(LOGIN_TIMEOUT_MS, () => {
    end(LATE)();
    stream.destroy();
  });
  const take: Take = (count) => {
    if (count > LONGEST_PART) return Promise.reject(new NoAnswer(`it announces ${count} bytes, too much for a login`));
    return new Promise((resolve, reject) => {
      wanted = { count, resolve, reject };
      serve();
    });
  };
  const upgrade: Upgrade = async ({ host, port, ...trust }) => {
    // From here on the connection is that of TLS to look after.
    current.off('data', onData);
    for (const event of ['end', 'close']) current.off(event, onEnd);
    // What came in clear before TLS would count as if it had come by TLS.
    if (size > 0) throw new TlsFailed('it says more than it should before TLS');
    current = await secure(stream, host, port, trust).catch((error: unknown) => {
      if (over === LATE) throw new NoAnswer(over);
      throw new TlsFailed(error instanceof NoTls ? 'it does not talk TLS' : messageOf(error));
    });
    listen();
    return current;
  };
  listen();
  try {
    return await talk(take, upgrade);
  } catch (error) {
    const { code } = error as { code?: string };
    // A read beyond the buffer's end.
    const short = code === 'ERR_OUT_OF_RANGE' || code === 'ERR_BUFFER_OUT_OF_BOUNDS';
    throw short ? new NoAnswer('it says too little for what it is to be') : error;
  } finally {
    cancel();
    current.destroy();
    stream.destroy();
  }
}
