import http from 'node:http';
import https from 'node:https';
import { messageOf } from '../errors';
import { parseJson } from '../json';
import type { Clock } from '../world';
import { AnswerLost, OpenStackUnreachable } from './errors';
import type { Answer, HttpRequest } from './http-messages';
import type { Trust } from './tls';
import { type Tunnel, secureTunnelAgent, tunnelAgent } from './tunnel-agent';

export interface HttpOptions extends Pick<Trust, 'verify'> {
  /** Certificates of a private CA in PEM form, trusted in addition to the well-known ones. */
  readonly ca?: string | undefined;
  /**
   * How long opening a connection may take, in milliseconds.
   * @default 15000
   */
  readonly connectTimeoutMs?: number;
  /**
   * How long a GET may take from start to end, in milliseconds.
   * @default 30000
   */
  readonly readTimeoutMs?: number;
  /**
   * How long a request that changes something may take: Magnum asks Glance, Nova and Neutron before it answers.
   * @default 120000
   */
  readonly writeTimeoutMs?: number;
  /**
   * Pauses before a GET, or another request that is repeatable, is repeated, in milliseconds; after the last it is not. HAProxy
   * needs about 3.1 s until it routes to a restarted API again.
   * @default [500, 1000, 2000, 4000]
   */
  readonly retryDelaysMs?: readonly number[];
}

/** HTTP through tunnels, with JSON in and out; connections are kept until `close()`. */
export class HttpClient {
  private readonly plain: http.Agent;
  private readonly secure: https.Agent;
  private readonly readTimeoutMs: number;
  private readonly writeTimeoutMs: number;
  private readonly retryDelaysMs: readonly number[];

  constructor(
    connect: Tunnel,
    private readonly clock: Clock,
    options: HttpOptions = {},
  ) {
    const connectTimeoutMs = options.connectTimeoutMs ?? 15_000;
    this.plain = tunnelAgent(connect, clock, connectTimeoutMs);
    this.secure = secureTunnelAgent(connect, clock, connectTimeoutMs, {
      ...(options.ca !== undefined && { ca: options.ca }),
      ...(options.verify && { verify: options.verify }),
    });
    this.readTimeoutMs = options.readTimeoutMs ?? 30_000;
    this.writeTimeoutMs = options.writeTimeoutMs ?? 120_000;
    this.retryDelaysMs = options.retryDelaysMs ?? [500, 1000, 2000, 4000];
  }

  /**
   * Sends a request and returns the answer, whatever its status.
   *
   * A GET, or another request that is repeatable, is repeated when the connection is lost, or when what is answered may pass; what
   * changes something is sent once.
   *
   * @throws OpenStackUnreachable when no answer came and the request cannot have had an effect
   * @throws AnswerLost when a request that changes something may have been carried out without an answer
   */
  async request(request: HttpRequest): Promise<Answer> {
    const { method, url } = request;
    const answer = await this.attempt(request).catch(async (error: unknown) => {
      if (!isClosed(error) || !(await this.speaksHttps(url))) throw error;
    });
    if (answer && !isForHttps(answer)) return answer;
    throw new OpenStackUnreachable(method, url, `${new URL(url).host} speaks https, not http`);
  }

  private async attempt(request: HttpRequest): Promise<Answer> {
    if (!isRepeatable(request)) return this.once(request);
    for (const delay of this.retryDelaysMs) {
      try {
        const answer = await this.once(request);
        if (!mayPass(request, answer)) return answer;
      } catch (error) {
        if (!(error instanceof OpenStackUnreachable) || error.timedOut) throw error;
      }
      await this.clock.sleep(delay);
    }
    return this.once(request);
  }

  /** Whether a server that closes http connections without an answer talks https. */
  private async speaksHttps(url: string): Promise<boolean> {
    if (!url.startsWith('http:')) return false;
    try {
      await this.once({ method: 'GET', url: new URL('/', url.replace('http:', 'https:')).href });
      return true;
    } catch (error) {
      // A certificate that is not trusted shows that it talks https, too.
      return messageOf(error).includes('the certificate of ');
    }
  }

  /** Closes the connections that are kept. */
  close(): void {
    this.plain.destroy();
    this.secure.destroy();
  }

  private once(asked: HttpRequest): Promise<Answer> {
    const { method, url, headers, body } = asked;
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const secure = url.startsWith('https:');
    const timeoutMs = method === 'GET' ? this.readTimeoutMs : this.writeTimeoutMs;
    return new Promise<Answer>((resolve, reject) => {
      let connected = false;
      let cancel = (): void => undefined;
      const fail = (reason: string, timedOut = false) => {
        cancel();
        const mayHaveChanged = !isRepeatable(asked) && connected;
        reject(
          mayHaveChanged
            ? new AnswerLost(method, url, reason)
            : new OpenStackUnreachable(method, url, reason, timedOut),
        );
      };
      const request = (secure ? https : http).request(url, {
        method,
        agent: secure ? this.secure : this.plain,
        headers: {
          accept: 'application/json',
          ...(payload && { 'content-type': 'application/json', 'content-length': payload.length }),
          ...headers,
        },
      });
      cancel = this.clock.after(timeoutMs, () => {
        fail(`no answer within ${timeoutMs / 1000} s`, true);
        request.destroy();
      });
      request.on('socket', () => (connected = true));
      request.on('error', (error) => {
        fail(error.message);
      });
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', (error) => {
          fail(error.message);
        });
        response.on('end', () => {
          cancel();
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({
            method,
            url,
            status: response.statusCode ?? 0,
            headers: response.headers,
            text,
            json: parseJson(text),
          });
        });
      });
      request.end(payload);
    });
  }
}

function isRepeatable({ method, repeatable = false }: HttpRequest): boolean {
  return method === 'GET' || repeatable;
}

/** Statuses with which the load balancer says that it has no answer of a server. */
const OF_LOAD_BALANCER = [502, 503, 504];

/**
 * Whether the same request may be answered otherwise a moment later. Keystone fails on two logins of one user at once from MariaDB 11.6
 * on, "Record has changed since last read" (`innodb_snapshot_isolation`): with 500, or with none behind a load balancer.
 */
function mayPass({ method }: HttpRequest, { status }: Answer): boolean {
  return OF_LOAD_BALANCER.includes(status) || (method !== 'GET' && status === 500);
}

/** The connection was closed when an answer should have come. */
function isClosed(error: unknown): boolean {
  const lost = error instanceof OpenStackUnreachable || error instanceof AnswerLost;
  return lost && /socket hang up|ECONNRESET/.test(error.message);
}

/** What nginx, Apache and Go's servers say to http on a port for https. */
function isForHttps({ status, text }: Answer): boolean {
  return (
    status === 400 && /plain HTTP (request was sent )?to (HTTPS|an SSL)|HTTP request to an HTTPS server/i.test(text)
  );
}
