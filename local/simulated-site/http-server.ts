import { createServer, type RequestListener } from 'node:http';
import type { Duplex } from 'node:stream';

const handlers = new WeakMap<Duplex, RequestListener>();

/** One server for all: the handler of a connection is looked up by it. */
const server = createServer((request, response) => {
  handlers.get(request.socket)?.(request, response);
});

/** Serves HTTP on a connection. Nothing is made ready for it before its client says something: many only look whether they get one. */
export function serveHttp(connection: Duplex, listener: RequestListener): void {
  const begin = () => {
    if (connection.readableLength === 0) {
      connection.destroy();
      return;
    }
    handlers.set(connection, listener);
    server.emit('connection', connection);
  };
  connection.once('readable', begin);
}
