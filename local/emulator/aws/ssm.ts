import { ServiceError } from '../service-error';
import { HttpServer, type ReceivedRequest } from './http-server';

/** A parameter of the Parameter Store. */
export interface Parameter {
  readonly type: 'String' | 'SecureString';
  readonly value: string;
}

/** Whether this caller may do this with this parameter, or with all where it names none. */
export type Authorize = (caller: string, action: string, parameter?: string) => boolean;

const JSON_TYPE = { 'content-type': 'application/x-amz-json-1.1' };

/**
 * An endpoint on loopback that speaks as much of the Systems Manager API (JSON 1.1) as the functions use. The access key
 * ID of a request's signature says which function calls; each may do what its role in the template allows.
 */
export class LocalSsm {
  readonly #server: HttpServer;

  constructor(
    private readonly parameters: ReadonlyMap<string, Parameter>,
    private readonly authorize: Authorize,
  ) {
    this.#server = new HttpServer((received, response) => {
      try {
        const answer = JSON.stringify(this.#serve(received));
        response.writeHead(200, JSON_TYPE).end(answer);
      } catch (error) {
        const { code, message } =
          error instanceof ServiceError ? error : new ServiceError('InternalServerError', String(error));
        response.writeHead(400, JSON_TYPE).end(JSON.stringify({ __type: code, message }));
      }
    });
  }

  /** @returns the endpoint's URL */
  listen(): Promise<string> {
    return this.#server.listen();
  }

  close(): void {
    this.#server.close();
  }

  #serve({ request, body: json, caller }: ReceivedRequest): unknown {
    const body = JSON.parse(json.toString()) as Record<string, unknown>;
    const [, action = ''] = String(request.headers['x-amz-target']).split('.');
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
