import type { FileKind } from '../commands/catalogue';
import type { Node } from '../commands/node';
import { parseWritten, type Written } from '../commands/written';
import type { Command } from '../ssh/command';

/**
 * Has a file that is about to be put in place count as changed now: what has started before has not read it. Its time alone would
 * not do: a clock that is set afterwards makes it one of the future, which tells nothing, or of long ago.
 */
export function asChanged({ commands, run }: Node, kind: FileKind, { touch }: { readonly touch: Command }) {
  return [touch, ...(kind === 'rules' ? [] : [commands.markWritten[kind]])].map(run);
}

/** How long ago the workflow wrote a controller's files. */
export async function writtenOn({ commands, attempt }: Node): Promise<Written> {
  return parseWritten((await attempt(commands.uptimes)).stdout);
}
