import { text } from 'node:stream/consumers';
import type { Context } from '../cli/context';
import { main } from '../cli/program';
import { realClock } from '../domain/world';

const context: Context = {
  out: terminal(process.stdout),
  err: terminal(process.stderr),
  columns: process.stdout.columns || 80,
  clock: realClock,
  readStdin: () => text(process.stdin),
};

function terminal(stream: NodeJS.WriteStream): Context['out'] {
  return { write: (words) => stream.write(words), interactive: stream.isTTY };
}

// `magnum-ha errors | head`: the reader has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(1);
});

const [verb, ...args] = process.argv.slice(2);
/** Commands of the checkout, which are no part of the package. */
const OF_CHECKOUT: Readonly<Record<string, () => Promise<number>>> = {
  lab: async () => (await import('../lab/main')).labMain(args, context),
  search: async () => (await import('../cli/search')).searchMain(args, context),
};
const running = OF_CHECKOUT[verb ?? '']?.() ?? main(process.argv.slice(2), context);
running.then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
