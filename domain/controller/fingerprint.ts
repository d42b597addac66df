import { sha256 } from '../canonical';
import type { Node } from '../commands/node';
import { keyedDigest } from '../secrets/secrets';
import type { Command } from '../ssh/command';
import { ifPresent } from './if-present';

/** What is asked of a file for its fingerprint. */
interface Looks {
  readonly digest: Command;
  readonly access: Command;
}

/** A keyed digest of a file's content, owner, group and mode. @param access as stat prints it */
export function fingerprintOf(key: string, content: string, access: string): string {
  return combined(key, sha256(content), access);
}

/** Of a file as it lies there; null if there is none. @throws CommandFailed if it cannot be read */
export async function fingerprint(node: Node, key: string, { digest, access }: Looks): Promise<string | null> {
  const [line, printed] = await Promise.all([ifPresent(node, digest), ifPresent(node, access)]);
  return line === undefined || printed === undefined ? null : combined(key, line.split(' ')[0] ?? '', printed.trim());
}

/** Whether a file in place is still the one that was put there. */
export function isStill(inPlace: string | null, placed: string): boolean {
  return inPlace === placed;
}

function combined(key: string, digest: string, access: string): string {
  return keyedDigest(key, `${digest} ${access}`);
}
