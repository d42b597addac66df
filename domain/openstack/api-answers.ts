import { messageOf } from '../errors';
import type { Clock } from '../world';
import { detailOf, OpenStackUnreachable } from './errors';
import { HttpClient } from './http';
import type { Tunnel } from './tunnel-agent';

/** What answers on an address. */
export interface ApiAnswer {
  /** Whether it is an OpenStack API that serves. */
  readonly ok: boolean;
  readonly status?: number;
  /** In a few words: what answered, or why nothing did. */
  readonly reason: string;
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
  path = '/',
): Promise<ApiAnswer> {
  const http = new HttpClient(connect, clock, { connectTimeoutMs: 5000, readTimeoutMs: 5000, retryDelaysMs: [] });
  try {
    const { status, json, text } = await http.request({ method: 'GET', url: `http://${host}:${port}${path}` });
    // A list of versions comes with 200, or with 300 Multiple Choices.
    if (status <= 300 && json !== undefined) return { ok: true, status, reason: 'answers' };
    if (status === 503) return { ok: false, status, reason: 'not yet: HAProxy has no server up (503)' };
    return { ok: false, status, reason: `${status} ${detailOf({ json, text })}` };
  } catch (error) {
    return { ok: false, reason: error instanceof OpenStackUnreachable ? error.reason : messageOf(error) };
  } finally {
    http.close();
  }
}
