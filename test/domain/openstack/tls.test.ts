import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import {
  type AddressInfo,
  connect as connectTcp,
  createServer as createTcpServer,
  type Server as TcpServer,
} from 'node:net';
import { HttpClient, type HttpOptions } from '../../../domain/openstack/http';
import type { Tunnel } from '../../../domain/openstack/tunnel-agent';
import { realClock } from '../../../domain/world';
import { authority, type Subject } from '../../../local/simulated-site/certificates';

const ca = authority('Private CA');
const HOST = '10.21.22.2';

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** A client for which this server is at every address. */
async function clientOf(server: Server | TcpServer, options: HttpOptions = {}): Promise<HttpClient> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connect: Tunnel = async () => {
    const socket = connectTcp(port, '127.0.0.1');
    await once(socket, 'connect');
    open.push(() => socket.destroy());
    return socket;
  };
  const client = new HttpClient(connect, realClock, { retryDelaysMs: [], ...options });
  open.push(() => {
    client.close();
    server.close();
  });
  return client;
}

const serve: RequestListener = (request, response) => response.end(JSON.stringify({ method: request.method }));
const secureServer = (subject: Subject, by = ca) => createSecureServer(by.issue(subject), serve);

describe('https', () => {
  test.each<[string, string, Subject]>([
    ['an address', HOST, { addresses: [HOST] }],
    ['a name', 'cloud.example', { names: ['cloud.example'] }],
  ])('of a private CA is spoken to %s', async (_, host, subject) => {
    const client = await clientOf(secureServer(subject), { ca: ca.cert });

    const answers = await Promise.all(
      (['GET', 'POST'] as const).map((method) => client.request({ method, url: `https://${host}:5000/v3` })),
    );

    expect(answers.map(({ status, json }) => [status, json])).toEqual([
      [200, { method: 'GET' }],
      [200, { method: 'POST' }],
    ]);
  });

  test('trusts every certificate of the text', async () => {
    const other = authority('Another CA');
    const client = await clientOf(secureServer({ addresses: [HOST] }), { ca: `${other.cert}\n${ca.cert}` });

    await expect(client.request({ method: 'GET', url: `https://${HOST}:5000/` })).resolves.toMatchObject({
      status: 200,
    });
  });

  test.each<[string, Subject, string | undefined, RegExp]>([
    [
      'a CA that is not trusted',
      { addresses: [HOST] },
      undefined,
      /the certificate of 10\.21\.22\.2:5000 is signed by a CA that is not trusted: put .* into ca\.certificates/,
    ],
    ['another CA', { addresses: [HOST] }, authority('Another CA').cert, /is signed by a CA that is not trusted/],
    [
      'another address',
      { addresses: ['10.21.22.3'], names: ['cloud.example'] },
      ca.cert,
      /the certificate of 10\.21\.22\.2:5000 is for another name/,
    ],
    [
      'a time that is over',
      { addresses: [HOST], notAfter: new Date('2021-01-01') },
      ca.cert,
      /the certificate of 10\.21\.22\.2:5000 is not valid: certificate has expired/,
    ],
  ])('with a certificate of %s is refused, and nothing was sent', async (_, subject, trusted, told) => {
    const client = await clientOf(secureServer(subject), { ca: trusted });

    const refused = client.request({ method: 'POST', url: `https://${HOST}:5000/v3/auth/tokens`, body: {} });

    await expect(refused).rejects.toMatchObject({
      name: 'OpenStackUnreachable',
      reason: expect.stringMatching(told) as string,
    });
  });

  test('is not what an http server speaks', async () => {
    const client = await clientOf(createServer(serve));

    const refused = client.request({ method: 'POST', url: `https://${HOST}:5000/v3/auth/tokens`, body: {} });

    await expect(refused).rejects.toMatchObject({
      name: 'OpenStackUnreachable',
      reason: '10.21.22.2:5000 speaks http, not https',
    });
  });

  test('is not what a server speaks that closes the connection', async () => {
    const client = await clientOf(createTcpServer((socket) => socket.once('data', () => socket.destroy())));

    await expect(client.request({ method: 'GET', url: `https://${HOST}:5000/` })).rejects.toMatchObject({
      reason: expect.stringMatching(/^no TLS with 10\.21\.22\.2:5000: .*(disconnected|ECONNRESET)/) as string,
    });
  });
});

describe('http', () => {
  test.each<[string, () => Server | TcpServer]>([
    ['closes the connection without a word', () => secureServer({ names: ['other.example'] })],
    ['answers 400 as nginx does', () => answering400('The plain HTTP request was sent to HTTPS port')],
    ['answers 400 as Apache does', () => answering400("You're speaking plain HTTP to an SSL-enabled server port.")],
    ['answers 400 as Go does', () => answering400('Client sent an HTTP request to an HTTPS server.')],
  ])('is not what an https server speaks that %s', async (_, server) => {
    const client = await clientOf(server());

    const refused = client.request({ method: 'POST', url: `http://${HOST}:9511/v1/clusters`, body: {} });

    await expect(refused).rejects.toMatchObject({
      name: 'OpenStackUnreachable',
      reason: '10.21.22.2:9511 speaks https, not http',
    });
  });

  test('that is cut off stays what it is', async () => {
    const client = await clientOf(createServer((request) => request.socket.destroy()));

    const lost = client.request({ method: 'POST', url: `http://${HOST}:9511/v1/clusters`, body: {} });

    await expect(lost).rejects.toMatchObject({ name: 'AnswerLost' });
  });

  test('400 for another reason is an answer', async () => {
    const client = await clientOf(answering400('Unable to find flavor nope.'));

    const answer = await client.request({ method: 'POST', url: `http://${HOST}:9511/v1/clusters`, body: {} });

    expect(answer.status).toBe(400);
  });
});

function answering400(text: string): Server {
  return createServer((_, response) => response.writeHead(400).end(`<html><body>${text}</body></html>`));
}
