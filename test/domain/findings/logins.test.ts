import { type Duplex, duplexPair } from 'node:stream';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import * as fc from 'fast-check';
import { amqpLogin } from '../../../domain/findings/amqp';
import { type Login, NoAnswer, type Security } from '../../../domain/findings/bytes';
import { mysqlLogin } from '../../../domain/findings/mysql';
import { realClock } from '../../../domain/world';
import { authority, type Certified } from '../../../local/simulated-site/certificates';
import * as recorded from './recorded-logins';

type Line = recorded.Line;

/** Of fuzzing; more by FUZZ_RUNS, as in npm run test:long. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 300);

const rabbit = { user: 'magnum', password: 'pw', virtualHost: 'magnum' };
const database = { user: 'magnum', password: Buffer.from('pw'), database: 'magnum' };

/** Plays the server's part: says its lines as soon as the client has said all before. @returns what the client said */
async function play(stream: Duplex, lines: readonly Line[], said: string[] = []): Promise<string[]> {
  let held = Buffer.alloc(0);
  let wake: () => void = () => undefined;
  const listen = (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    wake();
  };
  stream.on('error', () => undefined).on('data', listen);
  for (const [who, hex] of lines) {
    const bytes = Buffer.from(hex, 'hex');
    if (who === 'server') {
      stream.write(bytes);
      continue;
    }
    while (held.length < bytes.length) await new Promise<void>((resolve) => (wake = resolve));
    said.push(held.toString('hex', 0, bytes.length));
    held = held.subarray(bytes.length);
  }
  stream.off('data', listen).pause();
  // What comes behind is for whoever listens next, such as TLS.
  if (held.length > 0) stream.unshift(held);
  return said;
}

/** What a login by these lines comes to, and what the client said. */
async function loginBy(lines: readonly Line[], login: (stream: Duplex) => Promise<Login | undefined>) {
  const [ours, its] = duplexPair();
  const said: string[] = [];
  void play(its, lines, said);
  return { result: await login(ours), said };
}

/** What the client says before the server's last word; a farewell behind it may get lost. */
function clientsIn(lines: readonly Line[]): string[] {
  const last = lines.findLastIndex(([who]) => who === 'server');
  return lines
    .slice(0, last)
    .filter(([who]) => who === 'client')
    .map(([, hex]) => hex);
}

describe('a login as real servers answered it', () => {
  test.each<[string, readonly Line[], (stream: Duplex) => Promise<Login | undefined>, Login]>([
    ['RabbitMQ', recorded.RABBIT_ACCEPTED, (stream) => amqpLogin(stream, realClock, rabbit), 'accepted'],
    [
      'RabbitMQ with a wrong password',
      recorded.RABBIT_WRONG_PASSWORD,
      (stream) => amqpLogin(stream, realClock, { ...rabbit, password: 'x' }),
      {
        refused:
          '403 ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details see the broker logfile.',
      },
    ],
    [
      'RabbitMQ with an unknown virtual host',
      recorded.RABBIT_UNKNOWN_HOST,
      (stream) => amqpLogin(stream, realClock, { ...rabbit, virtualHost: 'nope' }),
      { refused: '530 NOT_ALLOWED - vhost nope not found' },
    ],
    [
      'RabbitMQ with a virtual host that is closed to the user',
      recorded.RABBIT_CLOSED_HOST,
      (stream) => amqpLogin(stream, realClock, { ...rabbit, virtualHost: '/' }),
      { refused: "530 NOT_ALLOWED - access to vhost '/' refused for user 'magnum'" },
    ],
    ['MariaDB', recorded.MYSQL_ACCEPTED, (stream) => mysqlLogin(stream, realClock, database), 'accepted'],
    [
      'MariaDB with a wrong password',
      recorded.MYSQL_WRONG_PASSWORD,
      (stream) => mysqlLogin(stream, realClock, { ...database, password: Buffer.from('x') }),
      { refused: "1045 Access denied for user 'magnum'@'localhost' (using password: YES)" },
    ],
  ])('%s', async (_, lines, login, expected) => {
    const { result, said } = await loginBy(lines, login);

    const before = clientsIn(lines);
    expect(result).toEqual(expected);
    expect(said.slice(0, before.length)).toEqual(before);
  });
});

describe('a login by TLS', () => {
  const ca = authority('Private CA');
  const certified = ca.issue({ addresses: ['10.21.22.6'] });
  const closing: (() => void)[] = [];
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });

  /** A connection to a server that begins so, and goes on by TLS. @returns also what the client said before and within */
  async function server(before: readonly Line[], within: readonly Line[], { cert, key }: Certified = certified) {
    const said: string[] = [];
    const listener = createServer((socket: Socket) => {
      const talk = async () => {
        await play(socket, before, said);
        const secured = new TLSSocket(socket, { isServer: true, cert, key });
        await play(secured, within, said);
      };
      socket.on('error', () => undefined);
      talk().catch(() => socket.destroy());
    }).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    closing.push(() => listener.close());
    const stream = connect((listener.address() as AddressInfo).port, '127.0.0.1');
    await once(stream, 'connect');
    return { stream, said };
  }

  const security = (changed: Partial<Security> = {}): Security => ({
    ...{ host: '10.21.22.6', port: 5671, ca: ca.cert },
    ...changed,
  });
  /** MariaDB's own greeting, and what the client says to it before TLS and within. */
  const [greeting = ['server', ''], response = ['client', '']] = recorded.MYSQL_ACCEPTED;
  const SSL_REQUEST = `20000001098a08000000000121${'00'.repeat(23)}`;
  const secureResponse = response[1].replace(/^590000010982/, '59000002098a');

  test('to RabbitMQ is all within', async () => {
    const { stream, said } = await server([], recorded.RABBIT_ACCEPTED);

    const result = await amqpLogin(stream, realClock, { ...rabbit, tls: security() });

    expect(result).toBe('accepted');
    expect(said.slice(0, 3)).toEqual(clientsIn(recorded.RABBIT_ACCEPTED));
  });

  test('to MariaDB begins in clear, without user and password', async () => {
    const accepted: Line = ['server', '0700000300000002000000'];
    const { stream, said } = await server([greeting, ['client', SSL_REQUEST]], [['client', secureResponse], accepted]);

    const result = await mysqlLogin(stream, realClock, { ...database, tls: security() });

    expect(result).toBe('accepted');
    expect(said).toEqual([SSL_REQUEST, secureResponse]);
  });

  test.each<[string, Partial<Security>]>([
    ['another host', { host: '10.21.22.7' }],
    ['another CA', { ca: authority('Another CA').cert }],
  ])('with a certificate of %s is none, and nothing was said', async (_, changed) => {
    const { stream, said } = await server([], recorded.RABBIT_ACCEPTED);

    const login = amqpLogin(stream, realClock, { ...rabbit, tls: security(changed) });

    await expect(login).rejects.toMatchObject({ name: 'TlsFailed' });
    expect(said).toEqual([]);
  });

  test.each<[string, Partial<Security>]>([
    ['another host, if only the signature counts', { host: '10.21.22.7', verify: 'signature' }],
    ['another CA, if nothing counts', { ca: authority('Another CA').cert, verify: 'nothing' }],
  ])('with a certificate of %s, is one', async (_, changed) => {
    const { stream } = await server([], recorded.RABBIT_ACCEPTED);

    await expect(amqpLogin(stream, realClock, { ...rabbit, tls: security(changed) })).resolves.toBe('accepted');
  });

  test('to RabbitMQ that does not talk it', async () => {
    const [ours, its] = duplexPair();
    its.once('data', () => its.end('AMQP\0\0\x09\x01'));

    await expect(amqpLogin(ours, realClock, { ...rabbit, tls: security() })).rejects.toMatchObject({
      name: 'TlsFailed',
      message: 'it does not talk TLS',
    });
  });

  test('to MariaDB that does not offer it', async () => {
    const without: Line = ['server', greeting[1].replace('00feff08', '00fef708')];

    const login = loginBy([without], (stream) => mysqlLogin(stream, realClock, { ...database, tls: security() }));

    await expect(login).rejects.toMatchObject({ name: 'TlsFailed', message: 'it offers no TLS' });
  });

  test('to MariaDB that says more in clear than its greeting', async () => {
    const more: Line = ['server', `${greeting[1]}0700000300000002000000`];

    const login = loginBy([more], (stream) => mysqlLogin(stream, realClock, { ...database, tls: security() }));

    await expect(login).rejects.toMatchObject({ name: 'TlsFailed' });
  });
});

describe('whatever a server says', () => {
  const logins: Record<string, (stream: Duplex) => Promise<Login | undefined>> = {
    RabbitMQ: (stream) => amqpLogin(stream, realClock, rabbit),
    MariaDB: (stream) => mysqlLogin(stream, realClock, database),
  };
  const conversations: Record<string, readonly (readonly Line[])[]> = {
    RabbitMQ: [
      recorded.RABBIT_ACCEPTED,
      recorded.RABBIT_WRONG_PASSWORD,
      recorded.RABBIT_UNKNOWN_HOST,
      recorded.RABBIT_CLOSED_HOST,
    ],
    MariaDB: [recorded.MYSQL_ACCEPTED, recorded.MYSQL_WRONG_PASSWORD],
  };

  /** How each server begins. */
  const greetings = Object.fromEntries(
    Object.entries(conversations).map(([name, [lines = []]]) => {
      const [, hex = ''] = lines.find(([who]) => who === 'server') ?? [];
      return [name, Buffer.from(hex, 'hex')];
    }),
  );

  function framed(name: string, content: Buffer): Buffer {
    const header = Buffer.alloc(name === 'RabbitMQ' ? 7 : 4);
    if (name === 'RabbitMQ') {
      header.writeUInt8(1, 0);
      header.writeUInt32BE(content.length, 3);
      return Buffer.concat([header, content, Buffer.from([0xce])]);
    }
    header.writeUIntLE(content.length, 0, 3);
    return Buffer.concat([header, content]);
  }

  /** Says all at once, and ends. */
  async function answerTo(name: string, said: readonly Uint8Array[]): Promise<unknown> {
    const [ours, its] = duplexPair();
    its.on('error', () => undefined).resume();
    for (const bytes of said) its.write(bytes);
    its.end();
    return logins[name]?.(ours).catch((error: unknown) => error);
  }

  function isAnswer(result: unknown): boolean {
    const refused = (result as { refused?: unknown } | undefined)?.refused;
    return result === 'accepted' || result === undefined || typeof refused === 'string' || result instanceof NoAnswer;
  }

  describe.each(Object.keys(logins))('of %s', (name) => {
    test('any bytes are an answer, or none', async () => {
      const parts = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 });
      const property = fc.asyncProperty(parts, async (said) => isAnswer(await answerTo(name, said)));

      await expect(fc.assert(property, { numRuns: RUNS })).resolves.toBeUndefined();
    });

    test('anything in whole frames is an answer, or none', async () => {
      const first = fc.constantFrom(0, 1, 10, 11, 30, 40, 41, 50, 0xfe, 0xff);
      const content = fc.tuple(fc.boolean(), first, fc.uint8Array({ maxLength: 60 }));
      const property = fc.asyncProperty(fc.array(content, { maxLength: 6 }), async (contents) => {
        const said = contents.map(([greeting, byte, rest]) =>
          greeting
            ? greetings[name]
            : framed(name, Buffer.from([...(name === 'RabbitMQ' ? [0, 10, 0] : []), byte, ...rest])),
        );
        return isAnswer(
          await answerTo(
            name,
            said.flatMap((one) => one ?? []),
          ),
        );
      });

      await expect(fc.assert(property, { numRuns: RUNS })).resolves.toBeUndefined();
    });

    test('a real answer with bytes changed, taken away or added is an answer, or none', async () => {
      const damage = fc.array(fc.record({ at: fc.nat(700), cut: fc.nat(40), put: fc.uint8Array({ maxLength: 8 }) }), {
        minLength: 1,
        maxLength: 4,
      });
      const which = fc.constantFrom(...(conversations[name] ?? []));

      const property = fc.asyncProperty(which, damage, async (lines, changes) => {
        const said = lines.filter(([who]) => who === 'server').map(([, hex]) => Buffer.from(hex, 'hex'));
        const damaged = changes.reduce<Buffer>((bytes, { at, cut, put }) => {
          const place = at % (bytes.length + 1);
          return Buffer.concat([bytes.subarray(0, place), put, bytes.subarray(place + cut)]);
        }, Buffer.concat(said));
        return isAnswer(await answerTo(name, [damaged]));
      });

      await expect(fc.assert(property, { numRuns: RUNS })).resolves.toBeUndefined();
    });

    test('a flood is cut off', async () => {
      const [ours, its] = duplexPair();
      its.on('error', () => undefined).resume();
      const flood = () => {
        while (!its.destroyed && its.write(Buffer.alloc(65_536, 1)));
        if (!its.destroyed) its.once('drain', flood);
      };
      // The greeting is read before: what comes while nobody takes it counts as well.
      its.write(greetings[name]);
      flood();

      const result = await logins[name]?.(ours).catch((error: unknown) => error);

      expect(isAnswer(result)).toBe(true);
      expect(ours.destroyed).toBe(true);
    });
  });

  test.each<[string, string, string]>([
    ['RabbitMQ', '0100007fffffff', 'it announces 2147483648 bytes, too much for a login'],
    ['RabbitMQ', 'ffffffffffffff', 'it announces 4294967296 bytes, too much for a login'],
    ['RabbitMQ', Buffer.from('HTTP/1.1 400').toString('hex'), 'it announces 1345270063 bytes, too much for a login'],
    ['RabbitMQ', Buffer.from('AMQP\0\0\x09\x01').toString('hex'), 'it does not talk AMQP 0-9-1'],
    ['RabbitMQ', '01000000000001000a', 'it does not talk AMQP'],
    ['RabbitMQ', '01000000000002000ace', 'it says too little for what it is to be'],
    ['RabbitMQ', '01000000000004000a0032ce', 'it says too little for what it is to be'],
    ['MariaDB', 'ffffff00', 'it announces 16777215 bytes, too much for a login'],
    ['MariaDB', '00000000', 'it does not talk MySQL'],
    ['MariaDB', '0300000009ffff', 'it does not talk MySQL'],
    ['MariaDB', '02000000ff15', 'it says too little for what it is to be'],
    ['MariaDB', '', 'the connection was closed'],
  ])('%s that says %s gives no answer: %s', async (name, hex, told) => {
    const result = await answerTo(name, [Buffer.from(hex, 'hex')]);

    expect(result).toMatchObject({ message: told });
    expect(result).toBeInstanceOf(NoAnswer);
  });

  test.each<[string, string]>([
    ['heartbeats without end', '08000000000000ce'],
    ['starts without end', recorded.RABBIT_ACCEPTED[1]?.[1] ?? ''],
  ])('%s are no login', async (_, hex) => {
    const result = await answerTo('RabbitMQ', Array<Buffer>(100).fill(Buffer.from(hex, 'hex')));

    expect(result).toMatchObject({ message: 'it talks AMQP, but lets nobody log in' });
  });

  test('switches to another salt without end are no login', async () => {
    const swap = Buffer.concat([Buffer.from('\xfemysql_native_password\0', 'latin1'), Buffer.alloc(21, 1)]);
    const header = Buffer.from([swap.length, 0, 0, 2]);
    const switches = Array<Buffer>(50).fill(Buffer.concat([header, swap]));

    const result = await answerTo('MariaDB', [greetings['MariaDB'] ?? Buffer.alloc(0), ...switches]);

    expect(result).toMatchObject({ message: 'it talks MySQL, but lets nobody log in' });
  });
});
