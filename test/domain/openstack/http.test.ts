import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import {
  type AddressInfo,
  connect as connectTcp,
  createServer as createTcpServer,
  type Server as TcpServer,
} from 'node:net';
import { Duplex } from 'node:stream';
import { type Connect, HttpClient, type HttpOptions } from '../../../domain/openstack/http';

const servers: (Server | TcpServer)[] = [];
const clients: HttpClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  for (const server of servers.splice(0)) {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close();
  }
});

const URL = 'http://10.21.22.2:9511/v1/things';

async function listen(server: Server | TcpServer): Promise<number> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A client of a server, with the connections it opened. */
async function clientOf(server: Server | TcpServer, options: HttpOptions = {}) {
  const port = await listen(server);
  const opened: string[] = [];
  const connect: Connect = async (host, wanted) => {
    opened.push(`${host}:${wanted}`);
    const socket = connectTcp(port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  };
  return { client: client(connect, options), opened };
}

function client(connect: Connect, options: HttpOptions = {}): HttpClient {
  const made = new HttpClient(connect, { retryDelaysMs: [1, 1], ...options });
  clients.push(made);
  return made;
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
  const { client, opened } = await clientOf(
    createServer((request, response) => {
      request.on('data', (data: Buffer) => {
        response.writeHead(201, { 'X-Thing': 'y' });
        response.end(
          JSON.stringify({
            method: request.method,
            url: request.url,
            host: request.headers.host,
            got: data.toString(),
          }),
        );
      });
    }),
  );
  const answer = await client.request({ method: 'POST', url: URL, body: { a: 1 }, headers: { 'x-auth-token': 't' } });
  expect(answer).toMatchObject({ method: 'POST', url: URL, status: 201 });
  expect(answer.headers['x-thing']).toBe('y');
  expect(answer.json).toEqual({ method: 'POST', url: '/v1/things', host: '10.21.22.2:9511', got: '{"a":1}' });
  expect(opened).toEqual(['10.21.22.2:9511']);
});

test('what is not JSON is text', async () => {
  const { client } = await clientOf(createServer((_, response) => response.writeHead(404).end('<html>none</html>')));
  expect(await client.request({ method: 'GET', url: URL })).toMatchObject({
    status: 404,
    json: undefined,
    text: '<html>none</html>',
  });
});

test('keeps its connection for the next request, and opens another when the server has closed it', async () => {
  const server = createServer((_, response) => response.end('{}'));
  const { client, opened } = await clientOf(server);
  await client.request({ method: 'GET', url: URL });
  await client.request({ method: 'POST', url: URL });
  expect(opened).toHaveLength(1);
  server.closeAllConnections();
  await new Promise((resolve) => setTimeout(resolve, 20));
  await client.request({ method: 'POST', url: URL });
  expect(opened).toHaveLength(2);
});

test('works over streams that are no sockets, and drops one whose other side has ended', async () => {
  const port = await listen(createServer((_, response) => response.end('{}')));
  const channels: Duplex[] = [];
  // As SSH channels are: half open when the server has closed, and without any method of a socket.
  const connect: Connect = () => {
    const socket = connectTcp({ port, host: '127.0.0.1', allowHalfOpen: true });
    const channel = new Duplex({
      allowHalfOpen: true,
      read: () => socket.resume(),
      write: (chunk: Buffer, _, done) => socket.write(chunk, done),
      destroy: (error, done) => {
        socket.destroy();
        done(error);
      },
    });
    socket.on('data', (data) => channel.push(data));
    socket.on('end', () => channel.push(null));
    channels.push(channel);
    return Promise.resolve(channel);
  };
  const http = client(connect);
  await http.request({ method: 'GET', url: URL });
  await http.request({ method: 'GET', url: URL });
  expect(channels).toHaveLength(1);
  channels[0]?.push(null);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(channels[0]?.destroyed).toBe(true);
  expect((await http.request({ method: 'POST', url: URL })).status).toBe(200);
  expect(channels).toHaveLength(2);
});

test('repeats a GET that is lost or answered with 503, so often and no more', async () => {
  const lucky = inTurn('close', 503, 200);
  const { client } = await clientOf(createServer(lucky.listener));
  expect((await client.request({ method: 'GET', url: URL })).status).toBe(200);
  expect(lucky.asked()).toBe(3);

  const down = inTurn(503);
  const other = await clientOf(createServer(down.listener));
  expect((await other.client.request({ method: 'GET', url: URL })).status).toBe(503);
  expect(down.asked()).toBe(3);

  const dead = inTurn('close');
  const last = await clientOf(createServer(dead.listener));
  await expect(last.client.request({ method: 'GET', url: URL })).rejects.toMatchObject({
    name: 'OpenStackUnreachable',
  });
  expect(dead.asked()).toBe(3);
});

test.each([500, 404])('does not repeat a GET that is answered with %d', async (status) => {
  const turns = inTurn(status);
  const { client } = await clientOf(createServer(turns.listener));
  expect((await client.request({ method: 'GET', url: URL })).status).toBe(status);
  expect(turns.asked()).toBe(1);
});

test('sends what changes something once, and says when its fate is unknown', async () => {
  const turns = inTurn('close', 200);
  const { client } = await clientOf(createServer(turns.listener));
  await expect(client.request({ method: 'POST', url: URL, body: {} })).rejects.toMatchObject({
    name: 'AnswerLost',
    message: expect.stringContaining('It may have been carried out or not') as string,
  });
  expect(turns.asked()).toBe(1);
  const busy = inTurn(503);
  const other = await clientOf(createServer(busy.listener));
  expect((await other.client.request({ method: 'POST', url: URL })).status).toBe(503);
  expect(busy.asked()).toBe(1);
});

test('what could not even connect was not carried out', async () => {
  const refuse: Connect = () => Promise.reject(new Error('(SSH) Channel open failure: Connection refused'));
  for (const method of ['GET', 'POST', 'PATCH'] as const) {
    await expect(client(refuse).request({ method, url: URL })).rejects.toMatchObject({
      name: 'OpenStackUnreachable',
      message: expect.stringContaining('Connection refused') as string,
    });
  }
});

test('waits neither for a connection nor for an answer for ever', async () => {
  const late: Duplex[] = [];
  const never: Connect = () =>
    new Promise((resolve) =>
      setTimeout(() => {
        const stream = new Duplex({ read: () => undefined });
        late.push(stream);
        resolve(stream);
      }, 60),
    );
  await expect(
    client(never, { connectTimeoutMs: 20, retryDelaysMs: [] }).request({ method: 'GET', url: URL }),
  ).rejects.toThrow('no connection to 10.21.22.2:9511 within 0.02 s');
  await new Promise((resolve) => setTimeout(resolve, 80));
  expect(late.map(({ destroyed }) => destroyed)).toEqual([true]);

  let asked = 0;
  const silent = createServer(() => (asked += 1));
  const { client: patient } = await clientOf(silent, { readTimeoutMs: 30, writeTimeoutMs: 40 });
  await expect(patient.request({ method: 'GET', url: URL })).rejects.toThrow('no answer within 0.03 s');
  // A slow server is not asked again: it would only get slower.
  expect(asked).toBe(1);
  await expect(patient.request({ method: 'POST', url: URL })).rejects.toMatchObject({ name: 'AnswerLost' });
});

test('an answer that breaks off is none', async () => {
  const { client } = await clientOf(
    createServer((request, response) => {
      response.writeHead(200, { 'Content-Length': 100 });
      response.write('{"a":');
      setTimeout(() => request.socket.destroy(), 10);
    }),
  );
  await expect(client.request({ method: 'POST', url: URL })).rejects.toMatchObject({ name: 'AnswerLost' });
});

test('https goes through the same tunnels', async () => {
  const hello: string[] = [];
  const server = createTcpServer((socket) => {
    // A TLS record of type handshake (22) is what comes first.
    socket.once('data', (data) => {
      hello.push(String(data[0]));
      socket.destroy();
    });
  });
  const { client, opened } = await clientOf(server, { retryDelaysMs: [] });
  await expect(client.request({ method: 'GET', url: 'https://cloud.example:9511/' })).rejects.toMatchObject({
    name: 'OpenStackUnreachable',
  });
  expect(hello).toEqual(['22']);
  expect(opened).toEqual(['cloud.example:9511']);
});
