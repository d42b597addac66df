import type { Node } from '../commands/node';
import type { Command } from '../ssh/command';

/**
 * What a command prints of a file; undefined if there is no such file.
 *
 * @throws CommandFailed if the file is there and cannot be read
 */
export async function ifPresent(node: Node, command: Command): Promise<string | undefined> {
  const outcome = await node.attempt(command);
  if (outcome.exitCode === 0) return outcome.stdout;
  // timeout(1) says so too, with 127, if there is no such program.
  if (outcome.exitCode === 1 && outcome.stderr.includes('No such file or directory')) return undefined;
  throw node.failure(command, outcome);
}
