import type { ParameterStringFilter, PutParameterRequest } from '@aws-sdk/client-ssm';
import { ServiceError } from '../service-error';
import type { HttpServer } from './http-server';
import { ACCOUNT, REGION } from './intrinsics';
import { jsonServer } from './json-server';
import type { AuthorizeArn } from './s3-endpoint';

/** A parameter of the Parameter Store. */
export interface Parameter {
  readonly type: 'String' | 'SecureString';
  readonly value: string;
}

/** Whether this caller may do this with this parameter, or with all if it names none. */
export type Authorize = (caller: string, action: string, parameter?: string) => boolean;

/** The same of one who is asked about ARNs. */
export function byArn(may: AuthorizeArn): Authorize {
  return (caller, action, parameter) =>
    may(caller, action, parameter === undefined ? '*' : `arn:aws:ssm:${REGION}:${ACCOUNT}:parameter${parameter}`);
}

/**
 * An endpoint on loopback that speaks as much of the Systems Manager API (JSON 1.1) as functions and operators use. The access key
 * ID of a request's signature says which function calls; each may do what its role in the template allows.
 */
export class LocalSsm {
  readonly #server: HttpServer;

  constructor(
    private readonly parameters: Map<string, Parameter>,
    private readonly authorize: Authorize,
  ) {
    this.#server = jsonServer('1.1', (caller, action, body) => this.call(caller, action, body));
  }

  /** @returns the endpoint's URL */
  listen(): Promise<string> {
    return this.#server.listen();
  }

  close(): void {
    this.#server.close();
  }

  /** Answers a call as the service does. @throws ServiceError */
  call(caller: string, action: string, body: Record<string, unknown>): unknown {
    if (action === 'GetParameters') return this.#getParameters(caller, body as { Names: string[] });
    if (action === 'DescribeParameters') {
      return this.#describeParameters(caller, body as { ParameterFilters: ParameterStringFilter[] });
    }
    if (action === 'PutParameter') return this.#putParameter(caller, body as unknown as PutParameterRequest);
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

  #describeParameters(caller: string, { ParameterFilters }: { ParameterFilters: ParameterStringFilter[] }) {
    this.#check(caller, 'ssm:DescribeParameters');
    const matches = (name: string, { Option = 'Equals', Values = [] }: ParameterStringFilter) =>
      Values.some((value) => (Option === 'BeginsWith' ? name.startsWith(value) : name === value));
    const known = [...this.parameters].filter(([name]) => ParameterFilters.every((filter) => matches(name, filter)));
    return { Parameters: known.map(([Name, { type: Type }]) => ({ Name, Type })) };
  }

  #putParameter(caller: string, { Name = '', Value = '', Type, Overwrite = false }: PutParameterRequest) {
    this.#check(caller, 'ssm:PutParameter', Name);
    const known = this.parameters.get(Name);
    if (known && !Overwrite) {
      const message =
        'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.';
      throw new ServiceError('ParameterAlreadyExists', message);
    }
    const type = Type === 'SecureString' || Type === 'String' ? Type : known?.type;
    if (!type)
      throw new ServiceError('ValidationException', 'A parameter type is required when you create a parameter.');
    this.parameters.set(Name, { type, value: Value });
    return { Tier: 'Standard', Version: 1 };
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
