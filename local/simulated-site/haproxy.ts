import { createServer, request, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Proxy, Server } from './haproxy-config';
import type { Listener, Network } from './network';
import type { Timings } from './timings';

/** A running HAProxy: it listens where its configuration said when it started, until it is stopped. */
export class HaproxyProcess {
  /** In milliseconds since 1970. */
  readonly startedAt = Date.now();
  private readonly frontends: Frontend[];

  constructor(
    host: { readonly name: string; readonly address: string },
    proxies: readonly Proxy[],
    network: Network,
    timings: Timings,
  ) {
    this.frontends = proxies
      .filter(({ binds }) => binds.length > 0)
      .map((proxy) => {
        const backend = proxies.find(({ name, kind }) => name === proxy.defaultBackend && kind !== 'frontend');
        return new Frontend(host, proxy, backend?.servers ?? proxy.servers, network, timings);
      });
  }

  /** Ends the process, and with it its connections. */
  stop(): void {
    for (const frontend of this.frontends) frontend.close();
  }
}

/** A `listen` section at work, or a frontend with its backend. */
class Frontend {
  private readonly http: HttpServer | undefined;
  private readonly listeners: Listener[];
  private readonly down = new Map<Server, number>();
  private readonly started = Date.now();
  private turn = 0;

  constructor(
    private readonly host: { readonly name: string; readonly address: string },
    private readonly proxy: Proxy,
    private readonly servers: readonly Server[],
    private readonly network: Network,
    private readonly timings: Timings,
  ) {
    this.http =
      proxy.mode === 'http' ? createServer((incoming, answer) => void this.forward(incoming, answer)) : undefined;
    this.listeners = proxy.binds.flatMap(
      ({ address, port }) =>
        // Two sections may bind the same port: HAProxy sets SO_REUSEPORT. The first one gets the connections here.
        network.listen(host.name, address, port, (connection) => void this.accept(connection)) ?? [],
    );
  }

  close(): void {
    for (const listener of this.listeners) listener.close();
    this.http?.close();
  }

  private async accept(connection: Duplex): Promise<void> {
    if (this.http) {
      this.http.emit('connection', connection);
      return;
    }
    const server = await this.connect();
    if (!server) {
      connection.destroy();
      return;
    }
    connection.pipe(server).pipe(connection);
    connection.once('close', () => server.destroy());
    server.once('close', () => connection.destroy());
  }

  private async forward(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    if (this.proxy.httpclose) answer.setHeader('connection', 'close');
    if (this.proxy.stats) {
      answer
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<html><body><h1>Statistics Report</h1></body></html>\n');
      return;
    }
    const connection = await this.connect();
    if (!connection) {
      errorPage(answer, 503, 'Service Unavailable', 'No server is available to handle this request.');
      return;
    }
    const { method, url, headers } = incoming;
    const outgoing = request({
      createConnection: () => connection,
      method: method ?? 'GET',
      path: url ?? '/',
      headers: { ...headers, connection: 'close' },
    });
    outgoing.on('response', (response) => {
      // What concerns the connection to the server alone is not passed on.
      const passed = Object.entries(response.headers).filter(
        ([name]) => name !== 'connection' && name !== 'keep-alive',
      );
      answer.writeHead(response.statusCode ?? 502, Object.fromEntries(passed));
      response.pipe(answer);
      response.on('error', () => answer.destroy());
    });
    outgoing.on('error', () => {
      if (answer.headersSent) answer.destroy();
      else errorPage(answer, 502, 'Bad Gateway', 'The server returned an invalid or incomplete response.');
    });
    answer.on('close', () => {
      connection.destroy();
    });
    incoming.pipe(outgoing);
  }

  /** Connects to the server whose turn it is; undefined where none is up, or where the chosen one refuses. */
  private async connect(): Promise<Duplex | undefined> {
    const usable = this.servers.filter((server) => this.isUp(server));
    const server = usable[this.turn++ % Math.max(usable.length, 1)];
    if (!server) return undefined;
    try {
      return await this.network.connect(this.host.address, server.address, server.port, { quiet: true });
    } catch {
      if (server.check) this.down.set(server, Date.now());
      return undefined;
    }
  }

  /**
   * What the checks know of a server. No timer runs them: they are worked out when somebody connects, from when the
   * server's port was closed and opened.
   */
  private isUp(server: Server): boolean {
    if (!server.check) return true;
    const now = Date.now();
    const found = this.network.probe(this.host.address, server.address, server.port);
    const closed = this.network.closedAt(server.address, server.port);
    if (typeof found === 'string') {
      const noticed = Math.max(closed ?? 0, this.started) + this.timings.serverDown;
      if (now >= noticed || found !== 'ECONNREFUSED') this.down.set(server, now);
      return !this.down.has(server);
    }
    // Down for long enough for the checks to have noticed, also where nobody connected meanwhile.
    if (closed !== undefined && found.since - Math.max(closed, this.started) >= this.timings.serverDown) {
      this.down.set(server, Math.max(this.down.get(server) ?? 0, found.since));
    }
    const since = this.down.get(server);
    if (since === undefined) return true;
    if (now - Math.max(since, found.since) < this.timings.serverUp) return false;
    this.down.delete(server);
    return true;
  }
}

function errorPage(answer: ServerResponse, status: number, title: string, text: string): void {
  answer
    .writeHead(status, { 'cache-control': 'no-cache', connection: 'close', 'content-type': 'text/html' })
    .end(`<html><body><h1>${status} ${title}</h1>\n${text}\n</body></html>\n`);
}
