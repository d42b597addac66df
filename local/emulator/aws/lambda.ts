import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../../../domain/world';

/** A Lambda function as the assembly deploys it. */
export interface FunctionConfig {
  readonly name: string;
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

/** What a failed invocation answers: `FunctionError` with this payload. */
export class InvocationFailed extends Error {
  override readonly name = 'InvocationFailed';

  constructor(
    readonly errorType: string,
    /** JSON, as Step Functions gives it as the cause. */
    readonly payload: string,
  ) {
    super(errorType);
  }
}

interface Reply {
  readonly id: number;
  readonly result?: string;
  readonly error?: { errorType: string; errorMessage: string; trace: string[] };
}

/**
 * Lambda on one machine: each function is a worker thread with an environment of its own, kept warm between invocations
 * as an execution environment is. Several invocations at a time each get their own.
 */
export class LocalLambda {
  readonly #idle = new Map<string, Worker[]>();
  readonly #all = new Set<Worker>();
  #ids = 0;

  constructor(
    private readonly functions: ReadonlyMap<string, FunctionConfig>,
    private readonly log: (line: LogLine) => void,
    private readonly clock: Clock,
  ) {}

  /** @returns the handler's result. @throws InvocationFailed */
  async invoke(name: string, event: unknown): Promise<unknown> {
    const config = this.functions.get(name);
    if (!config) throw new Error(`There is no function ${name}`);
    const worker = this.#idle.get(name)?.pop() ?? this.#start(config);
    const reply = await this.#ask(worker, config, event);
    if (reply.error) throw new InvocationFailed(reply.error.errorType, JSON.stringify(reply.error));
    return JSON.parse(reply.result ?? 'null');
  }

  async close(): Promise<void> {
    await Promise.all([...this.#all].map((worker) => worker.terminate()));
  }

  #start({ name, file, exportName, environment }: FunctionConfig): Worker {
    const worker = new Worker(join(__dirname, 'bootstrap.mjs'), {
      workerData: { file, exportName },
      env: { ...environment },
      stdout: true,
      stderr: true,
      execArgv: [],
    });
    for (const stream of [worker.stdout, worker.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        for (const text of chunk.toString().split('\n').filter(Boolean)) this.log({ functionName: name, text });
      });
    }
    this.#all.add(worker);
    // One that crashes between invocations just ends; the next invocation starts another.
    worker.on('error', () => undefined);
    worker.once('exit', () => {
      this.#all.delete(worker);
      const idle = this.#idle.get(name)?.filter((one) => one !== worker);
      if (idle) this.#idle.set(name, idle);
    });
    return worker;
  }

  #ask(worker: Worker, { name, timeoutSeconds }: FunctionConfig, event: unknown): Promise<Reply> {
    const id = this.#ids++;
    return new Promise((resolve) => {
      const settle = (reply: Reply) => {
        cancel();
        worker.off('message', answered).off('error', crashed).off('exit', exited);
        resolve(reply);
      };
      const answered = (reply: Reply) => {
        if (reply.id !== id) return;
        this.#idle.set(name, [...(this.#idle.get(name) ?? []), worker]);
        settle(reply);
      };
      const fail = (errorType: string, errorMessage: string) => {
        settle({ id, error: { errorType, errorMessage, trace: [] } });
      };
      const crashed = (error: Error) => {
        fail('Runtime.ExitError', error.message);
      };
      const exited = () => {
        fail('Runtime.ExitError', 'The function ended without an answer');
      };
      const cancel = this.clock.after(timeoutSeconds * 1000, () => {
        fail('Sandbox.Timedout', `Task timed out after ${timeoutSeconds}.00 seconds`);
        void worker.terminate();
      });
      worker.on('message', answered).once('error', crashed).once('exit', exited);
      // Lambda takes its event as JSON.
      worker.postMessage({ id, event: JSON.parse(JSON.stringify(event)) as unknown });
    });
  }
}
