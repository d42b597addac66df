import type { RequestListener } from 'node:http';
import type { Duplex } from 'node:stream';
import { HttpClient, type HttpOptions } from '../../../domain/openstack/http';
import type { Tunnel } from '../../../domain/openstack/tunnel-agent';
import { connection } from '../../../local/simulated-site/duplex-pair';
import { serveHttp } from '../../../local/simulated-site/http-server';
import { virtualClock } from '../../../local/virtual-clock';

const URL = 'http://10.21.22.2:9511/v1/things';

const clients: HttpClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

/** A client by these connections, on a time of its own. */
function clientBy(connect: Tunnel, options: HttpOptions = {}) {
  const clock = virtualClock();
  const began = clock.now();
  const client = new HttpClient(connect, clock, options);
  clients.push(client);
  return {
    clock,
    request: (...[request]: Parameters<HttpClient['request']>) => clock.drive(client.request(request)),
    /** Milliseconds that have passed. */
    passed: () => clock.now() - began,
  };
}

/** A client of a server, with the connections it opened, and the server's end of each. */
function clientOf(listener: RequestListener, options: HttpOptions = {}) {
  const opened: string[] = [];
  const ends: Duplex[] = [];
  const connect: Tunnel = (host, port) => {
    opened.push(`${host}:${port}`);
    const { near, far } = connection();
    ends.push(far);
    serveHttp(far, listener);
    return Promise.resolve(near);
  };
  return { ...clientBy(connect, options), opened, ends };
}

/** What a server answers in turn: a status, or nothing but a closed connection. */
function inTurn(...turns: (number | 'close')[]): { listener: RequestListener; asked: () => number } {
  let asked = 0;
  return {
    listener: (request, response) => {
      const turn = turns[Math.min(asked++, turns.length - 1)] ?? 200;
      if (turn === 'close') request.socket.destroy();
      else response.writeHead(turn, { 'Content-Type': 'application/json' }).end('{}');
    },
    asked: () => asked,
  };
}

test('sends and receives JSON to the host and port of the URL', async () => {
  const { request, opened } = clientOf((incoming, response) => {
    incoming.on('data', (data: Buffer) => {
      const { method, url, headers } = incoming;
      response.writeHead(201, { 'X-Thing': 'y' });
      response.end(JSON.stringify({ method, url, host: headers.host, got: data.toString() }));
    });
  });

  const answer = await request({ method: 'POST', url: URL, body: { a: 1 }, headers: { 'x-auth-token': 't' } });

  expect(answer).toMatchObject({ method: 'POST', url: URL, status: 201 });
  expect(answer.headers['x-thing']).toBe('y');
  expect(answer.json).toEqual({ method: 'POST', url: '/v1/things', host: '10.21.22.2:9511', got: '{"a":1}' });
  expect(opened).toEqual(['10.21.22.2:9511']);
});

test('what is not JSON is text', async () => {
  const { request } = clientOf((_, response) => response.writeHead(404).end('<html>none</html>'));

  const answer = await request({ method: 'GET', url: URL });

  expect(answer).toMatchObject({ status: 404, json: undefined, text: '<html>none</html>' });
});

describe('a connection', () => {
  test('is kept for the next request, and another one opened once the server has closed it', async () => {
    const { request, opened, ends } = clientOf((_, response) => response.end('{}'));
    await request({ method: 'GET', url: URL });
    await request({ method: 'POST', url: URL });
    const kept = opened.length;

    ends[0]?.destroy();
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    await request({ method: 'POST', url: URL });

    expect([kept, opened.length]).toEqual([1, 2]);
  });

  test('that is half open, as SSH channels are when the server has closed, is dropped', async () => {
    const channels: Duplex[] = [];
    const { request } = clientBy(() => {
      const { near, far } = connection();
      channels.push(near);
      serveHttp(far, (_, response) => response.end('{}'));
      return Promise.resolve(near);
    });
    await request({ method: 'GET', url: URL });
    await request({ method: 'GET', url: URL });
    const kept = channels.length;

    channels[0]?.push(null);
    await new Promise(setImmediate);
    const answer = await request({ method: 'POST', url: URL });

    expect(channels[0]?.destroyed).toBe(true);
    expect(answer.status).toBe(200);
    expect([kept, channels.length]).toEqual([1, 2]);
  });

  test('that cannot be opened means that nothing was carried out', async () => {
    const { request } = clientBy(() => Promise.reject(new Error('(SSH) Channel open failure: Connection refused')));

    for (const method of ['GET', 'POST', 'PATCH'] as const) {
      await expect(request({ method, url: URL })).rejects.toMatchObject({
        name: 'OpenStackUnreachable',
        message: expect.stringContaining('Connection refused') as string,
      });
    }
  });
});

describe('a GET', () => {
  test('that is lost or has no answer of a server is repeated after longer and longer pauses', async () => {
    const turns = inTurn('close', 503, 502, 504, 200);
    const { request, passed } = clientOf(turns.listener);

    const answer = await request({ method: 'GET', url: URL });

    expect(answer.status).toBe(200);
    expect([turns.asked(), passed()]).toEqual([5, 7500]);
  });

  test.each<[string, 503 | 'close']>([
    ['answered with 503', 503],
    ['lost', 'close'],
  ])('that is %s each time is repeated as long as a restarted API may need, and no longer', async (_, turn) => {
    const turns = inTurn(turn);
    const { request, passed } = clientOf(turns.listener);

    const [result] = await Promise.allSettled([request({ method: 'GET', url: URL })]);

    expect(result).toMatchObject(
      turn === 503 ? { value: { status: 503 } } : { reason: { name: 'OpenStackUnreachable' } },
    );
    expect([turns.asked(), passed()]).toEqual([5, 7500]);
  });

  test.each([500, 404])('that is answered with %d is not repeated', async (status) => {
    const turns = inTurn(status);
    const { request } = clientOf(turns.listener);

    const answer = await request({ method: 'GET', url: URL });

    expect([answer.status, turns.asked()]).toEqual([status, 1]);
  });
});

describe('a POST that is repeatable', () => {
  test.each([502, 500, 'close'] as const)('is repeated after %s', async (turn) => {
    const turns = inTurn(turn, 201);
    const { request } = clientOf(turns.listener);

    const answer = await request({ method: 'POST', url: URL, body: {}, repeatable: true });

    expect([answer.status, turns.asked()]).toEqual([201, 2]);
  });

  test('that is lost each time has changed nothing', async () => {
    const { request } = clientOf(inTurn('close').listener);

    const lost = request({ method: 'POST', url: URL, body: {}, repeatable: true });

    await expect(lost).rejects.toMatchObject({ name: 'OpenStackUnreachable' });
  });
});

describe('what changes something', () => {
  test('is sent once, and says when its fate is unknown', async () => {
    const turns = inTurn('close', 200);
    const { request } = clientOf(turns.listener);

    await expect(request({ method: 'POST', url: URL, body: {} })).rejects.toMatchObject({
      name: 'AnswerLost',
      message: expect.stringContaining('It may have been carried out or not') as string,
    });
    expect(turns.asked()).toBe(1);
  });

  test('is not repeated after 503 either', async () => {
    const turns = inTurn(503);
    const { request } = clientOf(turns.listener);

    const answer = await request({ method: 'POST', url: URL });

    expect([answer.status, turns.asked()]).toEqual([503, 1]);
  });

  test('has an unknown fate if its answer breaks off', async () => {
    const { request } = clientOf((incoming, response) => {
      response.writeHead(200, { 'Content-Length': 100 });
      response.write('{"a":');
      setImmediate(() => incoming.socket.destroy());
    });

    await expect(request({ method: 'POST', url: URL })).rejects.toMatchObject({ name: 'AnswerLost' });
  });
});

describe('nothing is waited for for ever', () => {
  test('no connection: one that comes too late is closed', async () => {
    const late: Duplex[] = [];
    const { request, clock, passed } = clientBy(
      async () => {
        await clock.sleep(20_000);
        const { near } = connection();
        late.push(near);
        return near;
      },
      { retryDelaysMs: [] },
    );

    const refused = request({ method: 'GET', url: URL });

    await expect(refused).rejects.toThrow('no connection to 10.21.22.2:9511 within 15 s');
    expect(passed()).toBe(15_000);
    await clock.drive(clock.sleep(10_000));
    expect(late.map(({ destroyed }) => destroyed)).toEqual([true]);
  });

  test('no answer to a GET: a slow server is not asked again, it would only get slower', async () => {
    let asked = 0;
    const { request, passed } = clientOf(() => (asked += 1));

    await expect(request({ method: 'GET', url: URL })).rejects.toThrow('no answer within 30 s');

    expect([asked, passed()]).toEqual([1, 30_000]);
  });

  test('no answer to what changes something: it gets longer, and then its fate is unknown', async () => {
    const { request, passed } = clientOf(() => undefined);

    await expect(request({ method: 'POST', url: URL })).rejects.toMatchObject({ name: 'AnswerLost' });

    expect(passed()).toBe(120_000);
  });

  test('as long as the options say', async () => {
    const { request, passed } = clientOf(() => undefined, { readTimeoutMs: 5000, retryDelaysMs: [] });

    await expect(request({ method: 'GET', url: URL })).rejects.toThrow('no answer within 5 s');

    expect(passed()).toBe(5000);
  });
});

test('https goes through the same tunnels', async () => {
  const hello: unknown[] = [];
  const opened: string[] = [];
  const { request } = clientBy(
    (host, port) => {
      opened.push(`${host}:${port}`);
      const { near, far } = connection();
      // A TLS record of type handshake (22) is what comes first.
      far.once('data', (data: Buffer) => {
        hello.push(data[0]);
        far.destroy();
      });
      return Promise.resolve(near);
    },
    { retryDelaysMs: [] },
  );

  await expect(request({ method: 'GET', url: 'https://cloud.example:9511/' })).rejects.toMatchObject({
    name: 'OpenStackUnreachable',
  });

  expect(hello).toEqual([22]);
  expect(opened).toEqual(['cloud.example:9511']);
});
