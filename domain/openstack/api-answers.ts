import { messageOf } from '../errors';
import type { Clock } from '../world';
import { detailOf, OpenStackUnreachable } from './errors';
import { HttpClient } from './http';
import type { Tunnel } from './tunnel-agent';

/** What answers on an address. */
export interface ApiAnswer {
  /** Whether it is an OpenStack API that serves. */
  readonly ok: boolean;
  /** Whether a host is there, that took the connection or refused it. */
  readonly reached: boolean;
  readonly status?: number;
  /** In a few words: what answered, or why nothing did. */
  readonly reason: string;
}

/** What of an API is asked. */
interface Question {
  /** @default / */
  readonly path?: string;
  /** With TLS, whatever the certificate: it may be for a name that only clients know. @default false */
  readonly tls?: boolean;
}

/**
 * Asks an API for its versions, once: no token is needed, and neither database nor Keystone are touched.
 *
 * Never throws: nothing there, or 503 of HAProxy that has no server up yet, are answers too.
 */
export async function apiAnswers(
  connect: Tunnel,
  clock: Clock,
  host: string,
  port: number,
  { path = '/', tls = false }: Question = {},
): Promise<ApiAnswer> {
  let reached = false;
  const tunnel: Tunnel = async (...to) => {
    try {
      const stream = await connect(...to);
      reached = true;
      return stream;
    } catch (error) {
      reached = /refused/i.test(messageOf(error));
      throw error;
    }
  };
  const limits = { connectTimeoutMs: 5000, readTimeoutMs: 5000, retryDelaysMs: [] };
  const http = new HttpClient(tunnel, clock, { ...limits, verify: 'nothing' });
  try {
    const url = `${tls ? 'https' : 'http'}://${host}:${port}${path}`;
    const { status, json, text } = await http.request({ method: 'GET', url });
    // A list of versions comes with 200, or with 300 Multiple Choices.
    if (status <= 300 && json !== undefined) return { ok: true, reached, status, reason: 'answers' };
    if (status === 503) return { ok: false, reached, status, reason: 'not yet: HAProxy has no server up (503)' };
    return { ok: false, reached, status, reason: `${status} ${detailOf({ json, text })}` };
  } catch (error) {
    return { ok: false, reached, reason: error instanceof OpenStackUnreachable ? error.reason : messageOf(error) };
  } finally {
    http.close();
  }
}
