import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import type { Clock } from '../world';
import { NoTls, secure, type Trust } from './tls';

/** Opens a TCP connection to `host:port` as seen from a controller: a tunnel through SSH. */
export type Tunnel = (host: string, port: number) => Promise<Duplex>;

/** An agent whose connections are tunnels and are reused; ssh2's own agent opens one for every request. */
export function tunnelAgent(connect: Tunnel, clock: Clock, connectTimeoutMs: number): http.Agent {
  const agent = new http.Agent({ keepAlive: true });
  agent.createConnection = ({ host, port }, opened) => {
    handOver(open(connect, clock, host ?? '', Number(port), connectTimeoutMs), opened);
    return undefined;
  };
  return agent;
}

/** The same with TLS inside of the tunnel, for https endpoints. */
export function secureTunnelAgent(
  connect: Tunnel,
  clock: Clock,
  connectTimeoutMs: number,
  trust: Pick<Trust, 'ca' | 'verify'> = {},
): https.Agent {
  const agent = new https.Agent({ keepAlive: true });
  agent.createConnection = ({ host, port }, opened) => {
    // Handed over once it is secured: a request that fails before has not been sent.
    const connectSecurely: Tunnel = async (host, port) =>
      secure(await connect(host, port), host, port, { ...trust, protocol: 'http/1.1' }).catch((error: unknown) => {
        throw error instanceof NoTls ? new Error(`${host}:${port} speaks http, not https`) : error;
      });
    handOver(open(connectSecurely, clock, host ?? '', Number(port), connectTimeoutMs), opened);
    return undefined;
  };
  return agent;
}

/** Node takes the stream from this callback if `createConnection` returns none. */
function handOver(stream: Promise<Duplex>, opened?: (error: Error | null, stream: Duplex) => void): void {
  stream.then(
    (ready) => opened?.(null, ready),
    // Node looks at the stream only if there is no error.
    (error: unknown) => opened?.(error as Error, undefined as never),
  );
}

function open(connect: Tunnel, clock: Clock, host: string, port: number, timeoutMs: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    let late = false;
    const cancel = clock.after(timeoutMs, () => {
      late = true;
      reject(new Error(`no connection to ${host}:${port} within ${timeoutMs / 1000} s`));
    });
    connect(host, port)
      .then((stream) => {
        // Nobody waits for it any more.
        if (late) stream.destroy();
        else resolve(asSocket(stream));
      }, reject)
      .finally(cancel);
  });
}

/** Gives a stream the methods that an agent calls on a socket that it keeps; an SSH channel does not have them. */
function asSocket(stream: Duplex): Duplex {
  const socket = stream as unknown as Record<string, unknown>;
  for (const method of ['setKeepAlive', 'setNoDelay', 'setTimeout', 'ref', 'unref']) {
    socket[method] ??= () => stream;
  }
  // A channel stays half open when the server closes its side, and would be used again.
  stream.once('end', () => stream.destroy());
  return stream;
}
