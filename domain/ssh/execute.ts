import { randomBytes } from 'node:crypto';
import type { Client, ClientChannel } from 'ssh2';
import { messageOf } from '../errors';
import type { Clock, Link } from '../world';
import { batchLine, type Frame, Frames } from './batch';
import { batching, type Waiting } from './batching';
import { patience } from './command-line';
import { connectionLost } from './failures';

/**
 * Makes a function that runs commands on a controller, in batches.
 *
 * @param where names the controller in messages
 */
export function executor(clock: Clock, client: Client, where: string): Link['execute'] {
  return batching((batch) => runBatch(clock, client, where, batch));
}

/** Runs a batch, and answers each of its commands as it ends. @returns once the server has closed its session */
function runBatch(clock: Clock, client: Client, where: string, batch: readonly Waiting[]): Promise<void> {
  const nonce = randomBytes(16).toString('hex');
  let answered = 0;
  return new Promise((done) => {
    /** Commands that are not answered are lost. */
    const end = (reason: string) => {
      cancel();
      client.off('close', gone);
      for (const { command, reject } of batch.slice(answered)) {
        reject(connectionLost(command, where, reason));
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
    const opened = (error: Error | undefined, channel: ClientChannel) => {
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
        opened,
      );
    } catch (error) {
      end(messageOf(error));
    }
  });
}
