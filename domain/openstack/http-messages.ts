import type { IncomingHttpHeaders } from 'node:http';

/** A request: `body` is sent as JSON. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /**
   * Whether a request that is no GET does no harm when it is carried out twice: then it is repeated like a GET.
   * @default false
   */
  readonly repeatable?: boolean;
}

/** An answer of any status. */
export interface Answer {
  readonly method: string;
  /** The URL that was asked; it never has credentials. */
  readonly url: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The body as text. */
  readonly text: string;
  /** The body if it is JSON, otherwise undefined. */
  readonly json: unknown;
}
