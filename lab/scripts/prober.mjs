// node lab/scripts/prober.mjs HOST PORT EVERY_MS [PATH]: connects to HOST again and again, or with PATH asks it for that by
// HTTP, in the network namespace that it was started in. Of each attempt it prints one line as it ends: when it began and ended, in
// milliseconds since 1970, and `answer` or what came instead. SIGTERM ends it once all attempts under way have ended.
import { connect } from 'node:net';
import { clearInterval, setInterval } from 'node:timers';

// Less than the second after which the kernel sends a lost SYN again: who asked during an outage got no answer.
const PATIENCE_MS = 900;
const [host, port, every, path] = process.argv.slice(2);

function attempt() {
  const began = Date.now();
  const socket = connect({ host, port: Number(port) });
  let ended = false;
  const end = (outcome) => {
    if (ended) return;
    ended = true;
    process.stdout.write(`${began} ${Date.now()} ${outcome}\n`);
    socket.destroy();
  };
  let answer = '';
  socket.setTimeout(PATIENCE_MS, () => end('silence'));
  socket.once('connect', () => {
    if (path === undefined) end('answer');
    else socket.write(`GET ${path} HTTP/1.0\r\nHost: ${host}\r\n\r\n`);
  });
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
    const status = /^HTTP\/\S+ (\d+)/.exec(answer)?.[1];
    if (status !== undefined) end(Number(status) < 500 ? 'answer' : status);
  });
  socket.once('error', ({ code }) => end(code));
  socket.once('close', () => end('closed'));
}

// Nobody reads any more: the process that started it is gone.
process.stdout.once('error', () => process.exit());
const attempts = setInterval(attempt, Number(every));
process.once('SIGTERM', () => clearInterval(attempts));
