import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request with its body. */
export interface ReceivedRequest {
  readonly request: IncomingMessage;
  readonly body: Buffer;
  /** Which function calls: the access key ID of the request's signature. */
  readonly caller: string;
}

/** An HTTP server on loopback. */
export class HttpServer {
  readonly #server: Server;

  constructor(serve: (received: ReceivedRequest, response: ServerResponse) => void) {
    this.#server = createServer((request, response) => {
      void receive(request).then((received) => {
        serve(received, response);
      });
    });
  }

  /** @returns its URL */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

async function receive(request: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const caller = /Credential=([^/]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? '';
  return { request, body: Buffer.concat(chunks), caller };
}
