import { createSecretKey } from 'node:crypto';
import type { Client, Connection } from 'ssh2';

/**
 * Spares the processor: ssh2 makes a cipher for every packet, of a key that is bytes. Node 24 takes ten times as long for one as for
 * a key of its own kind, because it throws and catches two errors first.
 *
 * ssh2 has no option for this: it reaches into ssh2 1.17, and leaves what looks otherwise as it is. It lasts until keys are exchanged
 * anew, after a gigabyte.
 *
 * @param connection whose handshake is over
 */
export function keepCipherKeys(connection: Client | Connection): void {
  const { _protocol: protocol } = connection as unknown as { readonly _protocol?: Partial<Ciphers> };
  const { _cipher: cipher, _decipher: decipher } = protocol ?? {};
  if (Buffer.isBuffer(cipher?._encKey)) cipher._encKey = createSecretKey(cipher._encKey);
  if (Buffer.isBuffer(decipher?._decipherKey)) decipher._decipherKey = createSecretKey(decipher._decipherKey);
}

/** What is used of lib/protocol/Protocol.js. */
interface Ciphers {
  readonly _cipher: { _encKey?: unknown };
  readonly _decipher: { _decipherKey?: unknown };
}
