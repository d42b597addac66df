import { connect } from 'node:net';

/** Between two looks, in milliseconds. */
const EVERY_MS = 5;
/** Looks under way at a time. While the address is gone each lasts until the kernel gives up. */
const UNDER_WAY = 1000;

// node --import tsx bench/prober.ts HOST PORT: prints when each of its connections was taken, in milliseconds since 1970, one
// a line, until it is killed. It runs in the network namespace that it looks from.
const [host = '', port = ''] = process.argv.slice(2);
let underWay = 0;
setInterval(() => {
  if (underWay >= UNDER_WAY) return;
  underWay++;
  const socket = connect({ host, port: Number(port) });
  socket.once('connect', () => {
    process.stdout.write(`${Date.now()}\n`);
    socket.destroy();
  });
  // No answer is what an outage is.
  socket.once('error', () => undefined);
  socket.once('close', () => underWay--);
}, EVERY_MS);
