import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../../../domain/world';
import { orAborted } from '../asl/abort';
import type { AttachedWorker, FastForwardClock } from '../fast-forward';
import {
  type Failure,
  type FunctionConfig,
  type Functions,
  InvocationFailed,
  type LogLine,
  timedOut,
} from './functions';

interface Answer {
  readonly kind: 'answer';
  readonly id: number;
  readonly result?: string;
  readonly error?: Failure;
}

/** An execution environment. */
interface Environment {
  readonly worker: Worker;
  /** The clock of skipped time, if time can be skipped. */
  readonly timers: AttachedWorker | undefined;
}

/**
 * Lambda on one machine: each function's bundle in a worker thread with an environment of its own, kept warm between
 * invocations as an execution environment is. Several invocations at a time each get their own.
 */
export class WorkerFunctions implements Functions {
  readonly #idle = new Map<string, Environment[]>();
  readonly #all = new Set<Worker>();
  #ids = 0;

  /** @param clock handlers get it if it can skip time; else they take the wall clock */
  constructor(
    readonly configs: ReadonlyMap<string, FunctionConfig>,
    private readonly log: (line: LogLine) => void,
    private readonly clock: Clock | FastForwardClock,
  ) {}

  invoke(name: string, event: unknown, signal: AbortSignal): Promise<unknown> {
    const config = this.configs.get(name);
    if (!config) return Promise.reject(new Error(`There is no function ${name}`));
    return orAborted(this.#run(config, event), signal);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#all].map((worker) => worker.terminate()));
  }

  async #run(config: FunctionConfig, event: unknown): Promise<unknown> {
    const idle = this.#idle.get(config.name)?.pop();
    const { result = 'null', error } = await this.#ask(idle ?? this.#start(config), config, event, idle !== undefined);
    if (error) throw new InvocationFailed(error);
    return JSON.parse(result);
  }

  #start({ name, file, exportName, environment }: FunctionConfig): Environment {
    const skipped = 'skipped' in this.clock ? this.clock.skipped : undefined;
    const worker = new Worker(join(__dirname, 'bootstrap.mjs'), {
      workerData: { file, exportName, skipped },
      env: { ...environment },
      stdout: true,
      stderr: true,
      execArgv: [],
    });
    for (const stream of [worker.stdout, worker.stderr]) {
      createInterface({ input: stream }).on('line', (text) => {
        if (text !== '') this.log({ functionName: name, text });
      });
    }
    this.#all.add(worker);
    // One that crashes between invocations just ends; the next invocation starts another.
    worker.on('error', () => undefined);
    worker.once('exit', () => {
      this.#all.delete(worker);
      const idle = this.#idle.get(name)?.filter((one) => one.worker !== worker);
      if (idle) this.#idle.set(name, idle);
    });
    return { worker, timers: 'attach' in this.clock ? this.clock.attach(worker) : undefined };
  }

  /** @param isLoaded if not, its time begins when it is: what Lambda does to load a function is none of the function's time */
  #ask(
    environment: Environment,
    { name, timeoutSeconds }: FunctionConfig,
    event: unknown,
    isLoaded: boolean,
  ): Promise<Answer> {
    const { worker, timers } = environment;
    const id = this.#ids++;
    return new Promise((resolve) => {
      let cancel = (): void => undefined;
      const begin = () => {
        cancel = this.clock.after(timeoutSeconds * 1000, () => {
          fail(timedOut(timeoutSeconds));
          void worker.terminate();
        });
      };
      const settle = (answer: Answer) => {
        cancel();
        timers?.setBusy(false);
        worker.off('message', answered).off('error', crashed).off('exit', exited);
        resolve(answer);
      };
      const answered = (answer: Answer | { readonly kind: 'loaded' | 'set' | 'cancel' | 'pong' }) => {
        if (answer.kind === 'loaded') begin();
        if (answer.kind !== 'answer' || answer.id !== id) return;
        this.#idle.set(name, [...(this.#idle.get(name) ?? []), environment]);
        settle(answer);
      };
      const fail = (error: Failure) => {
        settle({ kind: 'answer', id, error });
      };
      const crashed = ({ message }: Error) => {
        fail({ errorType: 'Runtime.ExitError', errorMessage: message, trace: [] });
      };
      const exited = () => {
        crashed(new Error('The function ended without an answer'));
      };
      if (isLoaded) begin();
      worker.on('message', answered).once('error', crashed).once('exit', exited);
      timers?.setBusy(true);
      // Lambda takes its event as JSON.
      worker.postMessage({ kind: 'invoke', id, event: JSON.parse(JSON.stringify(event)) as unknown });
    });
  }
}
