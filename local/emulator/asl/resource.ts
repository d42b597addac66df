/** What a task's Resource names. */
export interface Resource {
  /** As the history has it: `lambda`, `aws-sdk:sfn`; undefined for the ARN of a function. */
  readonly resourceType: string | undefined;
  /** As the history has it: `invoke`, `startExecution.sync:2`. */
  readonly resource: string;
  /** The Resource of the call itself, without waiting for a token. */
  readonly call: string;
  /** Whether the task is over when somebody answers with its token, and not when the call is answered. */
  readonly isCallback: boolean;
  /** Whether the task waits for more than the answer to its call. */
  readonly isJob: boolean;
}

const CALLBACK = '.waitForTaskToken';

/** Reads a Resource that validate.ts has let pass. */
export function resourceOf(arn: string): Resource {
  const [, resourceType, resource = arn] = /^arn:[\w-]+:states:::(aws-sdk:\w+|\w+):(.+)$/.exec(arn) ?? [];
  const isCallback = arn.endsWith(CALLBACK);
  return {
    resourceType,
    resource,
    call: isCallback ? arn.slice(0, -CALLBACK.length) : arn,
    isCallback,
    isJob: /\.sync(:2)?$/.test(arn),
  };
}
