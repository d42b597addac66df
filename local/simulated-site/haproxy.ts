import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Clock } from '../../domain/world';
import { type FileSystem, ROOT } from './filesystem';
import type { Proxy, Server } from './haproxy-config';
import type { Generation } from './generations';
import { serveHttp } from './http-server';
import type { Listener, Network } from './network';
import { INIT, type SimulatedProcess } from './processes';
import type { Timings } from './timings';
import { speakingTls } from './tls';

/** What a running HAProxy is. */
export interface HaproxyImage {
  /** In milliseconds since 1970. */
  readonly startedAt: number;
  /** Of its first process. */
  readonly pid: number;
  /** If that was there before a reload: when it started, and the first of the others. */
  readonly reloaded?: { readonly since: number; readonly pid: number };
  /** Its arguments. */
  readonly args: string;
  /** As its configuration said when it started. */
  readonly proxies: readonly Proxy[];
}

/** A running HAProxy. It listens on the addresses that its configuration had when it started, until it is stopped. */
export class HaproxyProcess {
  private readonly frontends: Frontend[];
  private leaving = false;

  /** @throws Error if one of the ports is taken, or a certificate is missing: HAProxy then does not start at all */
  constructor(
    host: FrontendContext['host'],
    readonly image: HaproxyImage,
    given: Omit<FrontendContext, 'host'>,
  ) {
    const context = { host, ...given };
    this.frontends = [];
    for (const proxy of image.proxies.filter(({ binds }) => binds.length > 0)) {
      const backend = image.proxies.find(({ name, kind }) => name === proxy.defaultBackend && kind !== 'frontend');
      try {
        this.frontends.push(new Frontend(proxy, backend?.servers ?? proxy.servers, context));
      } catch (error) {
        this.stop();
        throw error;
      }
    }
  }

  /**
   * Its processes, as `kind` starts them. The last one serves. A master or wrapper outlives a reload, and belongs to what serves then
   * (doc/management.txt of HAProxy, and haproxy-systemd-wrapper.c of 1.5 to 1.7).
   */
  processes(kind: Generation['haproxy']['processes']): SimulatedProcess[] {
    const { pid, args, startedAt, reloaded } = this.image;
    const others = reloaded?.pid ?? pid + 1;
    const one = (number: number, parent: number, user: string, more = ''): SimulatedProcess => ({
      ...{ pid: number, parent, user, startedAt },
      name: 'haproxy',
      program: '/usr/sbin/haproxy',
      args: `/usr/sbin/haproxy ${args}${more}`,
    });
    if (kind === 'daemon') return [one(pid, INIT, 'haproxy')];
    const first = { ...one(pid, INIT, 'root'), startedAt: reloaded?.since ?? startedAt };
    const program = '/usr/sbin/haproxy-systemd-wrapper';
    const all =
      kind === 'master-worker'
        ? [first, one(others, pid, 'haproxy')]
        : [
            { ...first, name: 'haproxy-systemd-wrapper', program, args: `${program} ${args}` },
            one(others, pid, 'haproxy', ' -Ds'),
            one(others + 1, others, 'haproxy', ' -Ds'),
          ];
    return this.leaving ? all.slice(1) : all;
  }

  /** Ends the process, and with it its connections. */
  stop(): void {
    for (const frontend of this.frontends) frontend.close();
  }

  /** Another has taken over: it goes on until its connections are at their end. @param ended is told when they are */
  leave(ended: () => void): void {
    this.leaving = true;
    const check = () => {
      if (this.frontends.every(({ connections }) => connections === 0)) ended();
    };
    for (const frontend of this.frontends) frontend.leave(check);
    check();
  }
}

/** What a frontend belongs to. */
interface FrontendContext {
  readonly host: {
    readonly name: string;
    readonly address: string;
    readonly files: FileSystem;
    readonly virtualIpNamespace?: string | undefined;
  };
  readonly network: Network;
  readonly clock: Clock;
  readonly timings: Timings;
}

/** A `listen` section at work, or a frontend with its backend. */
class Frontend {
  private readonly listeners: Listener[];
  private readonly down = new Map<Server, number>();
  private readonly started: number;
  private turn = 0;
  private open = 0;
  private onClose: () => void = () => undefined;

  constructor(
    private readonly proxy: Proxy,
    private readonly servers: readonly Server[],
    private readonly context: FrontendContext,
  ) {
    const { host, network, clock } = context;
    this.started = clock.now();
    this.listeners = [];
    for (const { address, port, certificate } of proxy.binds) {
      const decrypted = certificate === undefined ? undefined : speakingTls(host.files.read(certificate, ROOT));
      const accept = (connection: Duplex) => {
        this.accept(decrypted?.(connection) ?? connection);
      };
      // Two sections may bind the same port, and so may two processes.
      const options = { program: 'haproxy', reusePort: true, namespace: host.virtualIpNamespace } as const;
      const listener = network.listen(host.name, address, port, accept, options);
      if (!listener) {
        this.close();
        throw new Error(`Starting proxy ${proxy.name}: cannot bind socket [${address}:${port}]`);
      }
      this.listeners.push(listener);
    }
  }

  close(): void {
    for (const listener of this.listeners) listener.close();
  }

  /** @param closed is told of each connection that ends from now on */
  leave(closed: () => void): void {
    this.onClose = closed;
    for (const listener of this.listeners) listener.stopListening();
  }

  /** How many connections it serves. */
  get connections(): number {
    return this.open;
  }

  private accept(connection: Duplex): void {
    this.open++;
    connection.once('close', () => {
      this.open--;
      this.onClose();
    });
    if (this.proxy.mode === 'http') {
      serveHttp(connection, (incoming, answer) => void this.forward(incoming, answer));
    } else void this.pass(connection);
  }

  private async pass(connection: Duplex): Promise<void> {
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
      headers: {
        ...headers,
        connection: 'close',
        // `http-request set-header X-Forwarded-Proto https if { ssl_fc }`, which every section has.
        ...(incoming.socket instanceof TLSSocket && { 'x-forwarded-proto': 'https' }),
      },
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

  /** Connects to the next server; undefined if none is up, or if that one refuses. */
  private async connect(): Promise<Duplex | undefined> {
    const usable = this.servers.filter((server) => this.isUp(server));
    const server = usable[this.turn++ % Math.max(usable.length, 1)];
    if (!server) return undefined;
    const { host, network, clock } = this.context;
    try {
      return await network.connect(host.address, server.address, server.port, { quiet: true });
    } catch {
      if (server.check) this.down.set(server, clock.now());
      return undefined;
    }
  }

  /**
   * What the health checks know of a server. No timer runs them: their result is computed when somebody connects, from the
   * times at which the server's port was closed and opened.
   */
  private isUp(server: Server): boolean {
    if (!server.check) return true;
    const { host, network, clock, timings } = this.context;
    const now = clock.now();
    const found = network.probe(host.address, server.address, server.port);
    const closed = network.closedAt(server.address, server.port);
    if (typeof found === 'string') {
      const noticed = Math.max(closed ?? 0, this.started) + timings.serverDown;
      if (now >= noticed || found !== 'ECONNREFUSED') this.down.set(server, now);
      return !this.down.has(server);
    }
    // It was down long enough for the checks to notice, even if nobody connected meanwhile.
    if (closed !== undefined && found.since - Math.max(closed, this.started) >= timings.serverDown) {
      this.down.set(server, Math.max(this.down.get(server) ?? 0, found.since));
    }
    const since = this.down.get(server);
    if (since === undefined) return true;
    if (now - Math.max(since, found.since) < timings.serverUp) return false;
    this.down.delete(server);
    return true;
  }
}

function errorPage(answer: ServerResponse, status: number, title: string, text: string): void {
  answer
    .writeHead(status, { 'cache-control': 'no-cache', connection: 'close', 'content-type': 'text/html' })
    .end(`<html><body><h1>${status} ${title}</h1>\n${text}\n</body></html>\n`);
}
