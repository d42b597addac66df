import { StatesError } from '../../asl';
import { ServiceError } from '../../service-error';
import { type Functions, InvocationFailed } from '../functions';
import { ACCOUNT, REGION } from '../intrinsics';
import type { Action, ServiceNames } from './service';

interface Invoke {
  /** Its name or its ARN, with or without a version or an alias. */
  readonly FunctionName: string;
  readonly Payload?: unknown;
}

export const LAMBDA: ServiceNames = {
  prefix: 'Lambda',
  generic: 'AWSLambdaException',
  modelled: ['ResourceNotFoundException'],
  sdk: { version: 1, name: 'AWSLambda' },
};

/** `lambda:invoke`. @param onInvoke is told the name of each function that is invoked */
export function invoke(functions: Functions, onInvoke: (name: string) => void): Action<Invoke> {
  return {
    needs: ({ FunctionName }) => {
      return [{ action: 'lambda:InvokeFunction', resource: arnOf(FunctionName) }];
    },
    run: async ({ FunctionName, Payload = {} }, { signal }) => {
      const { name, version } = functionOf(FunctionName);
      if (!functions.configs.has(name)) {
        throw new ServiceError('ResourceNotFoundException', `Function not found: ${arnOf(FunctionName)}`, 404);
      }
      onInvoke(name);
      const event = typeof Payload === 'string' ? (JSON.parse(Payload) as unknown) : Payload;
      try {
        const result = await functions.invoke(name, event, signal);
        return { ExecutedVersion: version, Payload: result, StatusCode: 200 };
      } catch (error) {
        throw error instanceof InvocationFailed ? new StatesError(error.errorType, error.payload) : error;
      }
    },
  };
}

/** The name of a function, from what a call names it by; and the version that is executed: each has one at most. */
export function functionOf(nameOrArn: string): { name: string; version: string } {
  const [, name = '', qualifier = '$LATEST'] =
    /^(?:arn:[^:]+:lambda:[^:]*:[^:]*:function:)?([^:]+)(?::(.+))?$/.exec(nameOrArn) ?? [];
  return { name, version: qualifier === '$LATEST' ? qualifier : '1' };
}

function arnOf(nameOrArn: string): string {
  return nameOrArn.startsWith('arn:') ? nameOrArn : `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${nameOrArn}`;
}
