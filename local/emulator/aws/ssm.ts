import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A parameter of the Parameter Store. */
export interface Parameter {
  readonly type: 'String' | 'SecureString';
  readonly value: string;
}

/** Whether this caller may do this with this parameter, or with all where it names none. */
export type Authorize = (caller: string, action: string, parameter?: string) => boolean;

/** SSM's error names and messages, as the service gives them. */
class ServiceError extends Error {
  constructor(
    readonly type: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * An endpoint on loopback that speaks as much of the Systems Manager API (JSON 1.1) as the functions use. The access key
 * ID of a request's signature says which function calls; each may do what its role in the template allows.
 */
export class LocalSsm {
  readonly #server: Server;

  constructor(
    private readonly parameters: ReadonlyMap<string, Parameter>,
    private readonly authorize: Authorize,
  ) {
    this.#server = createServer((request, response) => {
      void this.#serve(request).then(
        (body) => response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body)),
        (error: unknown) => {
          const { type, message } =
            error instanceof ServiceError ? error : new ServiceError('InternalServerError', String(error));
          response
            .writeHead(400, { 'content-type': 'application/x-amz-json-1.1' })
            .end(JSON.stringify({ __type: type, message }));
        },
      );
    });
  }

  /** @returns the endpoint's URL */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #serve(request: IncomingMessage): Promise<unknown> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
    const [, action = ''] = String(request.headers['x-amz-target']).split('.');
    const caller = /Credential=([^/]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if (action === 'GetParameters') return this.#getParameters(caller, body as { Names: string[] });
    if (action === 'DescribeParameters') {
      return this.#describeParameters(caller, body as { ParameterFilters: { Values: string[] }[] });
    }
    throw new ServiceError('UnknownOperationException', `${action} is not simulated`);
  }

  #getParameters(caller: string, { Names, WithDecryption = false }: { Names: string[]; WithDecryption?: boolean }) {
    for (const name of Names) this.#check(caller, 'ssm:GetParameters', name);
    const found = Names.flatMap((Name) => {
      const parameter = this.parameters.get(Name);
      if (!parameter) return [];
      const clear = parameter.type === 'String' || WithDecryption;
      return [{ Name, Type: parameter.type, Value: clear ? parameter.value : '(encrypted)' }];
    });
    return { Parameters: found, InvalidParameters: Names.filter((name) => !this.parameters.has(name)) };
  }

  #describeParameters(caller: string, { ParameterFilters }: { ParameterFilters: { Values: string[] }[] }) {
    this.#check(caller, 'ssm:DescribeParameters');
    const wanted = new Set(ParameterFilters.flatMap(({ Values }) => Values));
    const known = [...this.parameters].filter(([name]) => wanted.has(name));
    return { Parameters: known.map(([Name, { type: Type }]) => ({ Name, Type })) };
  }

  #check(caller: string, action: string, parameter?: string): void {
    if (this.authorize(caller, action, parameter)) return;
    const resource = parameter === undefined ? '*' : `parameter${parameter}`;
    throw new ServiceError(
      'AccessDeniedException',
      `${caller} is not authorized to perform: ${action} on resource: ${resource}`,
    );
  }
}
