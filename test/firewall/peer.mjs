// One end of the wire, in a network namespace of its own: runs programs, listens, and connects, as its parent says.
import { execFile } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { clearTimeout, setImmediate, setTimeout } from 'node:timers';

const requests = {
  /** Runs a program with a text on its input. */
  run: ({ program, words, input = '' }) =>
    new Promise((resolve) => {
      const child = execFile(program, words, (error, stdout, stderr) =>
        resolve({ exit: error ? (error.code ?? 1) : 0, stdout, stderr }),
      );
      child.stdin.on('error', () => undefined);
      child.stdin.end(input);
    }),

  /** Accepts connections on all addresses. */
  listen: ({ port }) =>
    new Promise((resolve, reject) => {
      createServer((socket) => {
        socket.on('error', () => undefined);
        socket.end();
      })
        .on('error', reject)
        .listen(port, '0.0.0.0', () => resolve({}));
    }),

  /** Whether a connection is accepted. A packet that nobody answers counts as taken after a while. */
  connect: ({ host, port, source, sourcePort, patience }) =>
    new Promise((resolve) => {
      const socket = connect({ host, port, localAddress: source, localPort: sourcePort });
      const end = (accepted, detail) => {
        clearTimeout(timer);
        socket.removeAllListeners().on('error', () => undefined);
        // No port is left waiting.
        socket.resetAndDestroy();
        resolve({ accepted, detail });
      };
      // What has arrived while this process was not running is looked at before time is called.
      const timer = setTimeout(() => setImmediate(() => setImmediate(() => end(false, 'no answer'))), patience);
      socket.on('connect', () => end(true, ''));
      socket.on('error', (error) => end(false, error.code));
    }),
};

process.on('message', async ({ id, request, ...rest }) => {
  try {
    process.send({ id, answer: await requests[request](rest) });
  } catch (error) {
    process.send({ id, error: String(error) });
  }
});
process.on('disconnect', () => process.exit());
