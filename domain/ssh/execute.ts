import { randomBytes } from 'node:crypto';
import type { Client, ClientChannel } from 'ssh2';
import { messageOf } from '../errors';
import type { Clock, Link } from '../world';
import { batchInput, batchLine, type Frame, Frames, MOST_OUTPUT } from './batch';
import { batching, type Ran, type Waiting } from './batching';
import { patience } from './command-line';
import { connectionLost, outputTooLong, sessionRefused, shellRefused } from './failures';

/** How long a session may take until its shell runs, in milliseconds: PAM and start-up files come before. */
const SHELL_TIMEOUT_MS = 30_000;

/** What commands are run over. */
export interface Executing {
  readonly client: Client;
  /** Kept once the controller has let us in. */
  readonly ready: Promise<void>;
  /** How messages name the controller. */
  readonly where: string;
}

/** Makes a function that runs commands on a controller, in batches. */
export function executor(clock: Clock, connection: Executing): Link['execute'] {
  return batching(clock, (batch) => runBatch(clock, connection, batch));
}

/** Runs a batch, and answers each of its commands as it ends. @returns once the server has closed its session */
function runBatch(clock: Clock, { client, ready, where }: Executing, batch: readonly Waiting[]): Promise<Ran> {
  const nonce = randomBytes(16).toString('hex');
  let answered = 0;
  return new Promise((done) => {
    let isOver = false;
    let cancel: () => void = () => undefined;
    const over = (ran: Ran) => {
      isOver = true;
      cancel();
      client.off('close', gone);
      done(ran);
    };
    /** Whatever is not answered fails. */
    const end = (error: (waiting: Waiting) => Error) => {
      for (const waiting of batch.slice(answered)) waiting.reject(error(waiting));
      answered = batch.length;
      over('ended');
    };
    const lost = (reason: string) => {
      end(({ command }) => connectionLost(command, where, reason));
    };
    const gone = () => {
      lost('the connection closed');
    };
    const allow = (ms: number) => {
      cancel();
      if (isOver) return;
      cancel = clock.after(ms, () => {
        lost('no answer in time');
        // The channel may hang for ever: give the connection up.
        client.end();
      });
    };
    const allowNext = () => {
      const next = batch[answered];
      if (next) allow(patience(next.command));
    };
    client.once('close', gone);
    // A login may take long, and what comes before the shell too: that is no command's time.
    ready.then(
      () => {
        allow(SHELL_TIMEOUT_MS);
      },
      () => undefined,
    );
    const answer = ({ exitCode, stdout, stderr, printed }: Frame) => {
      const waiting = batch[answered++];
      if (printed > MOST_OUTPUT && waiting) waiting.reject(outputTooLong(waiting.command, where, printed));
      else waiting?.resolve({ exitCode, stdout: stdout.toString(), stderr: stderr.toString() });
      allowNext();
    };
    const opened = (error: Error | undefined, channel: ClientChannel) => {
      if (error) {
        const giveUp = () => {
          end(({ command }) => sessionRefused(command, where, error.message));
        };
        over({ giveUp });
        return;
      }
      const frames = new Frames(nonce, answer, allowNext);
      let exit: number | undefined;
      channel.on('data', (chunk: Buffer) => {
        frames.push('stdout', chunk);
      });
      channel.stderr.on('data', (chunk: Buffer) => {
        frames.push('stderr', chunk);
      });
      channel.once('exit', (code: number | null) => (exit = code ?? undefined));
      channel.once('close', () => {
        const { instead } = frames;
        if (instead !== undefined && exit !== undefined) end(() => shellRefused(where, instead, exit));
        else lost('the shell ended without an exit code');
      });
      // A command may end before it has read all its input.
      channel.on('error', () => undefined);
      channel.end(batchInput(nonce, batch[0]?.command.stdin));
    };
    try {
      client.exec(batchLine(batch.map(({ line }) => line)), opened);
    } catch (error) {
      lost(messageOf(error));
    }
  });
}
