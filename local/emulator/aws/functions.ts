import type { Clock } from '../../../domain/world';
import { orAborted } from '../asl/abort';

/** A Lambda function as the assembly deploys it. */
export interface FunctionConfig {
  readonly name: string;
  readonly description: string;
  /** The file of the bundle. */
  readonly file: string;
  /** The name the bundle exports the handler by. */
  readonly exportName: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
}

/** A line a function printed. */
export interface LogLine {
  readonly functionName: string;
  readonly text: string;
}

/** What Lambda answers if a function failed, and Step Functions shows as the cause. */
export interface Failure {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
}

/** What a failed invocation answers: `FunctionError` with this payload. */
export class InvocationFailed extends Error {
  override readonly name = 'InvocationFailed';
  readonly errorType: string;
  /** JSON, as Step Functions gives it as the cause. */
  readonly payload: string;

  constructor(failure: Failure) {
    super(failure.errorType);
    this.errorType = failure.errorType;
    this.payload = JSON.stringify(failure);
  }
}

/** The functions of a deployment. */
export interface Functions {
  /** As they are deployed, by name. */
  readonly configs: ReadonlyMap<string, FunctionConfig>;
  /**
   * @param signal when it is aborted, nobody waits for the answer any more: this rejects with its reason. The function
   *   goes on until its own end, as on AWS
   * @returns the handler's result, by way of JSON
   * @throws InvocationFailed
   */
  invoke(name: string, event: unknown, signal: AbortSignal): Promise<unknown>;
  close(): Promise<void>;
}

/** What a handler in this process gets besides its event. */
export interface InProcessContext {
  /** Aborted at the function's time limit, when Lambda would end its process, and when the functions are closed. */
  readonly killed: AbortSignal;
}

export type Handler = (event: unknown, context: InProcessContext) => Promise<unknown>;

/** Functions that are handlers in this process, for virtual time. */
export class InProcessFunctions implements Functions {
  readonly #running = new Set<AbortController>();

  constructor(
    readonly configs: ReadonlyMap<string, FunctionConfig>,
    private readonly handlers: ReadonlyMap<string, Handler>,
    private readonly clock: Clock,
  ) {}

  invoke(name: string, event: unknown, signal: AbortSignal): Promise<unknown> {
    const config = this.configs.get(name);
    const handler = this.handlers.get(name);
    if (!config || !handler) return Promise.reject(new Error(`There is no function ${name}`));
    return orAborted(this.#run(handler, config.timeoutSeconds, event), signal);
  }

  close(): Promise<void> {
    const failure = { errorType: 'Runtime.ExitError', errorMessage: 'The functions were closed', trace: [] };
    for (const killed of this.#running) killed.abort(new InvocationFailed(failure));
    return Promise.resolve();
  }

  async #run(handler: Handler, timeoutSeconds: number, event: unknown): Promise<unknown> {
    const killed = new AbortController();
    this.#running.add(killed);
    const cancel = this.clock.after(timeoutSeconds * 1000, () => {
      killed.abort(new InvocationFailed(timedOut(timeoutSeconds)));
    });
    try {
      const result = await orAborted(call(handler, event, killed.signal), killed.signal);
      return JSON.parse(JSON.stringify(result ?? null)) as unknown;
    } finally {
      cancel();
      this.#running.delete(killed);
    }
  }
}

async function call(handler: Handler, event: unknown, killed: AbortSignal): Promise<unknown> {
  try {
    return await handler(JSON.parse(JSON.stringify(event)), { killed });
  } catch (error) {
    const { name = 'Error', message = String(error), stack = '' } = (error ?? {}) as Partial<Error>;
    throw new InvocationFailed({ errorType: name, errorMessage: message, trace: stack.split('\n') });
  }
}

/** What is answered when a function has not come to its end in time. */
export function timedOut(timeoutSeconds: number): Failure {
  const errorMessage = `Task timed out after ${timeoutSeconds}.00 seconds`;
  return { errorType: 'Sandbox.Timedout', errorMessage, trace: [] };
}
