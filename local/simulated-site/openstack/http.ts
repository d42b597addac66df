import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';

/** Answers with JSON. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}

/** What webob says of a status. */
const EXPLANATIONS: Readonly<Record<number, string>> = {
  404: 'The resource could not be found.',
  503: 'The server is currently unavailable. Please try again at a later time.',
};

/** Answers with a page, as webob makes them; with JSON to a client that accepts nothing else. */
export function sendPage(response: ServerResponse, status: number, text: string): void {
  const title = `${status} ${STATUS_CODES[status] ?? ''}`;
  if (response.req.headers.accept === 'application/json') {
    sendJson(response, status, {
      message: `${EXPLANATIONS[status] ?? ''}<br /><br />\n${text}\n\n`,
      code: title,
      title: STATUS_CODES[status],
    });
    return;
  }
  response.writeHead(status, { 'Content-Type': 'text/html; charset=UTF-8' });
  response.end(
    `<html>\n <head>\n  <title>${title}</title>\n </head>\n <body>\n  <h1>${title}</h1>\n  ${EXPLANATIONS[status] ?? ''}<br /><br />\n${text}\n\n\n </body>\n</html>`,
  );
}

/** A request's body; undefined if it is not JSON. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  if (chunks.length === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** How a client named the server: HAProxy, which may speak TLS with it, says so. */
export function baseOf({ headers }: IncomingMessage): string {
  return `${headers['x-forwarded-proto'] === 'https' ? 'https' : 'http'}://${headers.host ?? 'localhost'}`;
}
