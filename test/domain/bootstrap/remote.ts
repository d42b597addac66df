import type { Duplex } from 'node:stream';
import type { Command, Outcome } from '../../../domain/ssh/command';
import type { RemoteController } from '../../../domain/ssh/session';

/** A controller in memory. @returns with it, what its commands read on standard input */
export function remoteWith(
  answer: (stdin: string, command: Command) => Partial<Outcome> | string,
  tunnel: () => Promise<Duplex> = () => Promise.reject(new Error('ECONNREFUSED')),
): { remote: RemoteController; inputs: string[] } {
  const inputs: string[] = [];
  const remote: RemoteController = {
    name: 'node-1',
    ready: Promise.resolve(),
    tunnel,
    run: async (command, accept = [0]) => {
      await Promise.resolve();
      inputs.push(command.stdin ?? '');
      const given = answer(command.stdin ?? '', command);
      const outcome = {
        exitCode: 0,
        stdout: '',
        stderr: '',
        ...(typeof given === 'string' ? { stdout: given } : given),
      };
      if (!accept.includes(outcome.exitCode)) throw new Error(`not accepted: ${outcome.exitCode}`);
      return outcome;
    },
  };
  return { remote, inputs };
}
