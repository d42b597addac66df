import type { Random } from '../../../../domain/world';
import { type Integration, StatesError, type TaskCall } from '../../asl';
import { ServiceError } from '../../service-error';
import { uuid } from '../../uuid';

/** How Step Functions names a service's errors: `<prefix>.<error>`. */
export interface ServiceNames {
  readonly prefix: string;
  /** What an error is called that the service's API does not model. */
  readonly generic: string;
  /** The codes of the errors that it models. */
  readonly modelled: readonly string[];
  /** How the cause names the service: by version 1 of the SDK for Java in optimized integrations, by 2 in the others. */
  readonly sdk: { readonly version: 1 | 2; readonly name: string };
}

/** A permission that a call takes. */
export interface Permission {
  readonly action: string;
  /** ARN, or `*`. */
  readonly resource: string;
}

/** One action of a service, as a task calls it. */
export interface Action<Args> {
  readonly needs: (args: Args) => readonly Permission[];
  /** @throws ServiceError, StatesError */
  readonly run: (args: Args, call: TaskCall) => unknown;
}

/** Whose calls they are. */
export interface Caller {
  readonly roleArn: string;
  readonly may: (permission: Permission) => boolean;
}

/** Makes an integration of an action: what the caller may not do fails, and errors get their names in Step Functions. */
export function integration<Args>(
  names: ServiceNames,
  { needs, run }: Action<Args>,
  caller: Caller,
  random: Random,
): Integration {
  return async (args, call) => {
    try {
      for (const permission of needs(args as Args)) check(permission, caller);
      return await run(args as Args, call);
    } catch (error) {
      throw error instanceof ServiceError ? statesError(error, names, uuid(random)) : error;
    }
  };
}

function check(permission: Permission, { roleArn, may }: Caller): void {
  if (may(permission)) return;
  const { action, resource } = permission;
  const message = `User: ${roleArn} is not authorized to perform: ${action} on resource: ${resource}`;
  throw new ServiceError('AccessDeniedException', message, 403);
}

function statesError({ code, message, status }: ServiceError, names: ServiceNames, requestId: string): StatesError {
  const { prefix, generic, modelled, sdk } = names;
  const name = modelled.includes(code) ? code.replace(/(Exception)?$/, 'Exception') : generic;
  const details =
    sdk.version === 1
      ? `Service: ${sdk.name}; Status Code: ${status}; Error Code: ${code}; Request ID: ${requestId}; Proxy: null`
      : `Service: ${sdk.name}, Status Code: ${status}, Request ID: ${requestId}`;
  return new StatesError(`${prefix}.${name}`, `${message} (${details})`);
}
