import type { Duplex } from 'node:stream';
import type { Clock } from '../world';
import { dialogue, type Login, NoAnswer, type Security } from './bytes';

/** Class 10 of AMQP 0-9-1, `connection`, with the methods of a login. */
const START = 10;
const START_OK = 11;
const TUNE = 30;
const TUNE_OK = 31;
const OPEN = 40;
const OPEN_OK = 41;
const CLOSE = 50;

/** The type of a frame that holds a method. */
const METHOD = 1;
const FRAME_END = 0xce;

/** So many frames are read: a login takes four. */
const MOST_FRAMES = 20;

/** Who logs in to which virtual host. */
export interface RabbitAccount {
  readonly user: string;
  readonly password: string;
  readonly virtualHost: string;
  /** Undefined without TLS. */
  readonly tls?: Security | undefined;
}

/**
 * Logs in to RabbitMQ as Magnum would: AMQP 0-9-1, mechanism PLAIN.
 *
 * @throws NoAnswer if what listens there does not talk AMQP
 */
export function amqpLogin(stream: Duplex, clock: Clock, account: RabbitAccount): Promise<Login> {
  const { user, password, virtualHost, tls } = account;
  return dialogue(stream, clock, async (take, upgrade) => {
    const peer = tls ? await upgrade(tls) : stream;
    const send = (method: number, ...parts: Buffer[]) => peer.write(frame(method, Buffer.concat(parts)));

    peer.write('AMQP\0\0\x09\x01', 'latin1');
    for (let frames = 0; frames < MOST_FRAMES; frames++) {
      const header = await take(7);
      // A server that wants another version answers with its own header.
      if (header.toString('latin1', 0, 4) === 'AMQP') throw new NoAnswer('it does not talk AMQP 0-9-1');
      const payload = await take(header.readUInt32BE(3) + 1);
      if (payload.at(-1) !== FRAME_END) throw new NoAnswer('it does not talk AMQP');
      // A heartbeat says nothing.
      if (header[0] !== METHOD) continue;
      const method = payload.readUInt16BE(2);
      const body = payload.subarray(4, -1);
      if (method === START) {
        const response = Buffer.from(`\0${user}\0${password}`);
        send(START_OK, long(CAPABILITIES), short('PLAIN'), long(response), short('en_US'));
      } else if (method === TUNE) {
        send(TUNE_OK, body.subarray(0, 8));
        send(OPEN, short(virtualHost), short(''), Buffer.from([0]));
      } else if (method === OPEN_OK) {
        const code = Buffer.alloc(2);
        code.writeUInt16BE(200);
        send(CLOSE, code, short('bye'), Buffer.alloc(4));
        return 'accepted';
      } else if (method === CLOSE) {
        const length = body.readUInt8(2);
        return { refused: `${body.readUInt16BE(0)} ${body.toString('utf8', 3, 3 + length)}` };
      }
    }
    throw new NoAnswer('it talks AMQP, but lets nobody log in');
  });
}

function frame(method: number, body: Buffer): Buffer {
  const head = Buffer.alloc(11);
  head.writeUInt8(METHOD, 0);
  head.writeUInt32BE(body.length + 4, 3);
  head.writeUInt16BE(10, 7);
  head.writeUInt16BE(method, 9);
  return Buffer.concat([head, body, Buffer.from([FRAME_END])]);
}

function short(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

function long(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** Tells the server to say that it refuses, instead of closing the connection after a while. */
const CAPABILITIES = Buffer.concat([
  short('capabilities'),
  Buffer.from('F'),
  long(Buffer.concat([short('authentication_failure_close'), Buffer.from('t'), Buffer.from([1])])),
]);
