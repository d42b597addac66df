import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Random } from '../../../domain/world';
import { converse } from '../reader';

/** Who may use which database. */
export interface DatabaseUser {
  readonly user: string;
  /** As the driver encodes it. */
  readonly password: Buffer;
  readonly database: string;
}

/** As whom HAProxy asks whether the database is well, without a password. */
const WATCHER = 'cluster_watcher';
/** CLIENT_PROTOCOL_41: without, the handshake is the one of MySQL 4.0. */
const PROTOCOL_41 = 0x200;
/** CLIENT_SSL. */
const SSL = 0x800;
/** What a client sends first that wants TLS is the head of a login alone: SSLRequest of MySQL's protocol. */
const SSL_REQUEST_BYTES = 32;

/**
 * A connection to MariaDB, as far as a login with mysql_native_password goes.
 *
 * @param secure speaks TLS on it with a client that wants to; without, TLS is not offered
 */
export function serveMysql(
  stream: Duplex,
  random: Random,
  known: () => DatabaseUser,
  secure?: (plain: Duplex) => Duplex,
): void {
  // No zero bytes: they end texts.
  const salt = Buffer.from(random.bytes(20).map((byte) => (byte % 127) + 1));
  const answer = async (peer: Duplex, take: Take, login: Buffer, sequence: number) => {
    send(peer, sequence, verdict(login, salt, known()));
    // COM_QUIT, or the connection's end.
    await take(5);
  };
  converse(stream, async (take) => {
    send(stream, 0, greeting(salt, secure ? SSL : 0));
    const payload = await packet(take);
    if (!secure || payload.length > SSL_REQUEST_BYTES) {
      await answer(stream, take, payload, 2);
      return;
    }
    const inner = secure(stream);
    converse(inner, async (takeInner) => answer(inner, takeInner, await packet(takeInner), 3));
    await new Promise((resolve) => inner.once('close', resolve));
  });
}

type Take = (count: number) => Promise<Buffer>;

async function packet(take: Take): Promise<Buffer> {
  return take((await take(4)).readUIntLE(0, 3));
}

function send(peer: Duplex, sequence: number, payload: Buffer): void {
  const header = Buffer.alloc(4);
  header.writeUIntLE(payload.length, 0, 3);
  header.writeUInt8(sequence, 3);
  peer.write(Buffer.concat([header, payload]));
}

/** @param more capabilities that it has besides */
function greeting(salt: Buffer, more: number): Buffer {
  const numbers = Buffer.alloc(18);
  numbers.writeUInt16LE(0xf7fe | more, 0);
  numbers.writeUInt8(33, 2);
  numbers.writeUInt16LE(2, 3);
  numbers.writeUInt16LE(0x0081, 5);
  numbers.writeUInt8(21, 7);
  return Buffer.concat([
    Buffer.from('\x0a5.5.5-10.1.48-MariaDB\0\x01\0\0\0', 'latin1'),
    salt.subarray(0, 8),
    Buffer.from([0]),
    numbers,
    salt.subarray(8),
    Buffer.from('\0mysql_native_password\0', 'latin1'),
  ]);
}

function verdict(payload: Buffer, salt: Buffer, { user, password, database }: DatabaseUser): Buffer {
  const modern = (payload.readUInt16LE(0) & PROTOCOL_41) !== 0;
  const [name, rest] = text(payload, modern ? 32 : 5);
  if (name === WATCHER) return OK;
  const length = modern ? payload.readUInt8(rest) : 0;
  const proof = payload.subarray(rest + 1, rest + 1 + length);
  if (name !== user || !proof.equals(scramble(password, salt))) {
    const using = length > 0 ? 'YES' : 'NO';
    return failure(1045, '28000', `Access denied for user '${name}'@'10.21.22.6' (using password: ${using})`);
  }
  const [wanted] = text(payload, rest + 1 + length);
  return wanted === database ? OK : failure(1049, '42000', `Unknown database '${wanted}'`);
}

const OK = Buffer.from([0, 0, 0, 2, 0, 0, 0]);

function failure(code: number, state: string, message: string): Buffer {
  const head = Buffer.from([0xff, 0, 0]);
  head.writeUInt16LE(code, 1);
  return Buffer.concat([head, Buffer.from(`#${state}${message}`)]);
}

/** A text that a zero byte ends, and the offset after it. */
function text(payload: Buffer, start: number): [string, number] {
  const end = payload.indexOf(0, start);
  return [payload.subarray(start, end).toString(), end + 1];
}

function scramble(password: Buffer, salt: Buffer): Buffer {
  const sha1 = (...parts: Buffer[]) => createHash('sha1').update(Buffer.concat(parts)).digest();
  const hashed = sha1(password);
  const mask = sha1(salt, sha1(hashed));
  return Buffer.from(hashed.map((byte, index) => byte ^ (mask[index] ?? 0)));
}
