import { randomBytes } from 'node:crypto';
import type { Client, ClientChannel } from 'ssh2';
import { messageOf } from '../errors';
import { batchLine, type Frame, Frames, parted } from './batch';
import type { Command, Outcome } from './command';
import { patience } from './command-line';
import type { Clock } from '../world';
import { SshConnectionLost } from './errors';

/**
 * sshd's MaxSessions is 10; further batches on one controller wait here instead of being refused there. Half of it: sshd
 * still counts those that it has just closed.
 */
const SESSIONS = 5;

/** A command that waits for its outcome. */
interface Waiting {
  readonly line: string;
  readonly command: Command;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: SshConnectionLost) => void;
}

/**
 * Makes a function that runs commands on a controller. What is asked for at the same moment travels in one batch: an exec
 * of its own for each costs round trips, a process of sshd and a shell. A command with standard input travels alone.
 *
 * @param where names the controller in messages
 * @returns a function that takes the line and the command it is made from, and throws SshConnectionLost
 */
export function executor(
  clock: Clock,
  client: Client,
  where: string,
): (line: string, command: Command) => Promise<Outcome> {
  const slot = slots(SESSIONS);
  let asked: Waiting[] = [];
  const send = () => {
    const alone = asked.filter(({ command }) => command.stdin !== undefined);
    const together = asked.filter(({ command }) => command.stdin === undefined);
    asked = [];
    for (const batch of [...parted(together), ...alone.map((one) => [one])]) {
      void slot(() => runBatch(clock, client, where, batch));
    }
  };
  return (line, command) =>
    new Promise((resolve, reject) => {
      asked.push({ line, command, resolve, reject });
      // Once all promises that are kept by now have been followed up.
      if (asked.length === 1)
        void Promise.resolve().then(() => {
          process.nextTick(send);
        });
    });
}

/** Runs a batch, and answers each of its commands as it ends. @returns once the server has closed its session */
function runBatch(clock: Clock, client: Client, where: string, batch: readonly Waiting[]): Promise<void> {
  const nonce = randomBytes(16).toString('hex');
  let answered = 0;
  return new Promise((done) => {
    /** Whatever is not answered is lost; once all are, nothing is. */
    const end = (reason: string) => {
      cancel();
      client.off('close', gone);
      for (const { command, reject } of batch.slice(answered)) {
        reject(
          new SshConnectionLost(
            `The connection was lost during \`${command.argv.join(' ')}\` on the ${where}: ${reason}. The step is safe to ` +
              `repeat; start again.`,
          ),
        );
      }
      answered = batch.length;
      done();
    };
    const gone = () => {
      end('the connection closed');
    };
    const cancel = clock.after(
      batch.reduce((sum, { command }) => sum + patience(command), 0),
      () => {
        end('no answer in time');
        // The channel may hang for ever: give the connection up.
        client.end();
      },
    );
    client.once('close', gone);
    const answer = ({ exitCode, stdout, stderr }: Frame) => {
      batch[answered++]?.resolve({ exitCode, stdout: stdout.toString(), stderr: stderr.toString() });
    };
    const began = (error: Error | undefined, channel: ClientChannel) => {
      if (error) {
        end(error.message);
        return;
      }
      const frames = new Frames(nonce, answer);
      channel.on('data', (chunk: Buffer) => {
        frames.push('stdout', chunk);
      });
      channel.stderr.on('data', (chunk: Buffer) => {
        frames.push('stderr', chunk);
      });
      channel.once('close', () => {
        end('the shell ended without an exit code');
      });
      // A command may end before it has read all its input.
      channel.on('error', () => undefined);
      channel.end(batch[0]?.command.stdin ?? '');
    };
    try {
      client.exec(
        batchLine(
          batch.map(({ line }) => line),
          nonce,
        ),
        began,
      );
    } catch (error) {
      end(messageOf(error));
    }
  });
}

/** Lets `limit` of the given actions run at a time. */
function slots(limit: number): (action: () => Promise<void>) => Promise<void> {
  let free = limit;
  const waiting: (() => void)[] = [];
  return async (action) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      await action();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}
