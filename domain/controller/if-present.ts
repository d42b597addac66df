import type { Command } from '../ssh/command';
import type { RemoteController } from '../ssh/session';

/**
 * What a command prints of a file; undefined where there is no such file.
 *
 * @throws CommandFailed where the file is there and cannot be read
 */
export async function ifPresent(remote: RemoteController, command: Command): Promise<string | undefined> {
  const { exitCode, stdout, stderr } = await remote.run(command, [0, 1]);
  if (exitCode === 0) return stdout;
  if (stderr.includes('No such file or directory')) return undefined;
  // Any other reason is a failure: run it again for its error.
  return (await remote.run(command)).stdout;
}
