import type { Duplex } from 'node:stream';
import { converse } from '../reader';

/** Whom RabbitMQ lets in. */
export interface RabbitUser {
  readonly user: string;
  readonly password: string;
  /** What it says to the user about the virtual host, if that is closed to him. */
  readonly closed?: string | undefined;
}

/** How a client that wants AMQP 0-9-1 begins. */
const HEADER = Buffer.from('AMQP\0\0\x09\x01', 'latin1');

/** A connection to RabbitMQ: AMQP 0-9-1 as far as a login goes, with the methods of class 10, `connection`. */
export function serveAmqp(stream: Duplex, known: () => RabbitUser): void {
  converse(stream, async (take) => {
    const send = (method: number, body: Buffer) => {
      const head = Buffer.alloc(11);
      head.writeUInt8(1, 0);
      head.writeUInt32BE(body.length + 4, 3);
      head.writeUInt16BE(10, 7);
      head.writeUInt16BE(method, 9);
      stream.write(Buffer.concat([head, body, Buffer.from([0xce])]));
    };
    const refuse = (number: number, text: string) => {
      const code = Buffer.alloc(2);
      code.writeUInt16BE(number);
      send(50, Buffer.concat([code, short(text), Buffer.alloc(4)]));
    };
    const receive = async () => {
      const payload = await take((await take(7)).readUInt32BE(3) + 1);
      return { method: payload.readUInt16BE(2), body: payload.subarray(4, -1) };
    };

    if (!(await take(8)).equals(HEADER)) {
      // What RabbitMQ says to anything else, such as TLS, before it hangs up: refuse_connection in rabbit_reader.erl.
      stream.write(HEADER);
      return;
    }
    // start: version 0-9, no properties, mechanisms, locales
    send(10, Buffer.concat([Buffer.from([0, 9, 0, 0, 0, 0]), long('AMQPLAIN PLAIN'), long('en_US')]));
    for (;;) {
      const { method, body } = await receive();
      if (method === 11) {
        const { user, password } = known();
        if (responseOf(body) !== `\0${user}\0${password}`) {
          refuse(
            403,
            'ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details see the broker logfile.',
          );
        } else send(30, Buffer.from([0x07, 0xff, 0, 2, 0, 0, 0, 60]));
      } else if (method === 40) {
        const { closed } = known();
        if (closed === undefined) send(41, Buffer.from([0]));
        else refuse(530, closed);
      } else if (method === 50) send(51, Buffer.alloc(0));
    }
  });
}

/** The answer of PLAIN in start-ok, after the client's properties and the mechanism's name. */
function responseOf(body: Buffer): string {
  const mechanism = 4 + body.readUInt32BE(0);
  const response = mechanism + 1 + body.readUInt8(mechanism);
  return body.subarray(response + 4, response + 4 + body.readUInt32BE(response)).toString();
}

function short(text: string): Buffer {
  return Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)]);
}

function long(text: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Buffer.byteLength(text));
  return Buffer.concat([length, Buffer.from(text)]);
}
