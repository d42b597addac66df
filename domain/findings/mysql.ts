import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Clock } from '../world';
import { dialogue, type Login, NoAnswer, type Security, TlsFailed } from './bytes';

/** https://dev.mysql.com/doc/dev/mysql-server/latest/group__group__cs__capabilities__flags.html */
const LONG_PASSWORD = 0x1;
const CONNECT_WITH_DB = 0x8;
const PROTOCOL_41 = 0x200;
const SSL = 0x800;
const SECURE_CONNECTION = 0x8000;
const PLUGIN_AUTH = 0x80000;

const NATIVE = 'mysql_native_password';

/** So often a server may ask for another kind of authentication. */
const MOST_SWITCHES = 5;

/** Who logs in to which database. */
export interface DatabaseAccount {
  readonly user: string;
  /** As the driver encodes it. */
  readonly password: Buffer;
  readonly database: string;
  /** Undefined without TLS. */
  readonly tls?: Security | undefined;
}

/**
 * Logs in to MySQL or MariaDB, with the authentication that both have by default for users of Fuel's clouds.
 *
 * @returns undefined if the server wants another kind of authentication: nobody can tell then
 * @throws NoAnswer if what listens there does not talk MySQL
 */
export function mysqlLogin(stream: Duplex, clock: Clock, account: DatabaseAccount): Promise<Login | undefined> {
  return dialogue(stream, clock, async (take, upgrade) => {
    let peer = stream;
    const next = async () => {
      const header = await take(4);
      const payload = await take(header.readUIntLE(0, 3));
      if (payload.length === 0) throw new NoAnswer('it does not talk MySQL');
      return { sequence: header.readUInt8(3), payload };
    };
    const send = (sequence: number, payload: Buffer) => {
      const header = Buffer.alloc(4);
      header.writeUIntLE(payload.length, 0, 3);
      header.writeUInt8(sequence & 0xff, 3);
      peer.write(Buffer.concat([header, payload]));
    };

    const greeting = await next();
    // A host that may not connect at all is told so at once.
    if (greeting.payload[0] === ERROR) return { refused: errorOf(greeting.payload) };
    const { salt, capabilities } = greetingOf(greeting.payload);
    if (account.tls) {
      if ((capabilities & SSL) === 0) throw new TlsFailed('it offers no TLS');
      send(greeting.sequence + 1, head(SSL));
      peer = await upgrade(account.tls);
    }
    send(greeting.sequence + (account.tls ? 2 : 1), response(account, salt));
    for (let switches = 0; switches <= MOST_SWITCHES; switches++) {
      const { sequence, payload } = await next();
      if (payload[0] === OK) {
        // COM_QUIT
        send(0, Buffer.from([1]));
        return 'accepted';
      }
      if (payload[0] === ERROR) return { refused: errorOf(payload) };
      const [plugin = ''] = payload.subarray(1).toString('latin1').split('\0');
      if (payload[0] !== SWITCH || plugin !== NATIVE) return undefined;
      send(sequence + 1, scramble(account.password, payload.subarray(2 + plugin.length, 2 + plugin.length + 20)));
    }
    throw new NoAnswer('it talks MySQL, but lets nobody log in');
  });
}

/** What a packet begins with. */
const OK = 0x00;
const SWITCH = 0xfe;
const ERROR = 0xff;
const PROTOCOL_VERSION = 10;

/** The 20 bytes of the server's greeting that go into the answer, and the lower half of what the server can. */
function greetingOf(greeting: Buffer): { salt: Buffer; capabilities: number } {
  const first = greeting.indexOf(0, 1) + 5;
  const second = first + 8 + 1 + 2 + 1 + 2 + 2 + 1 + 10;
  const salt = Buffer.concat([greeting.subarray(first, first + 8), greeting.subarray(second, second + 12)]);
  if (greeting[0] !== PROTOCOL_VERSION || salt.length !== 20) throw new NoAnswer('it does not talk MySQL');
  return { salt, capabilities: greeting.readUInt16LE(first + 9) };
}

/** How a client's first packet begins; with SSL alone it is all of it. */
function head(further = 0): Buffer {
  const bytes = Buffer.alloc(32);
  bytes.writeUInt32LE(LONG_PASSWORD | CONNECT_WITH_DB | PROTOCOL_41 | SECURE_CONNECTION | PLUGIN_AUTH | further, 0);
  bytes.writeUInt32LE(0x1000000, 4);
  // utf8_general_ci
  bytes.writeUInt8(33, 8);
  return bytes;
}

function response({ user, password, database, tls }: DatabaseAccount, salt: Buffer): Buffer {
  const proof = scramble(password, salt);
  const texts = (...all: string[]) => Buffer.from(all.map((text) => `${text}\0`).join(''));
  return Buffer.concat([head(tls ? SSL : 0), texts(user), Buffer.from([proof.length]), proof, texts(database, NATIVE)]);
}

/** The proof of mysql_native_password: SHA1(password) XOR SHA1(salt, SHA1(SHA1(password))). */
function scramble(password: Buffer, salt: Buffer): Buffer {
  if (password.length === 0) return Buffer.alloc(0);
  const sha1 = (...parts: Buffer[]) => createHash('sha1').update(Buffer.concat(parts)).digest();
  const hashed = sha1(password);
  const mask = sha1(salt, sha1(hashed));
  return Buffer.from(hashed.map((byte, index) => byte ^ (mask[index] ?? 0)));
}

/** The error's number, and its text after `#` and the five characters of SQLSTATE. */
function errorOf(payload: Buffer): string {
  const text = payload.subarray(3).toString();
  return `${payload.readUInt16LE(1)} ${text.startsWith('#') ? text.slice(6) : text}`;
}
