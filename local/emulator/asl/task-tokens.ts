import type { Clock, Random } from '../../../domain/world';
import { ServiceError } from '../service-error';
import type { Json } from './definition';
import { HeartbeatMissed, StatesError } from './errors';

/** A task that waits until somebody who has its token answers. */
export interface PendingTask {
  readonly token: string;
  /**
   * @param heartbeatSeconds how long at most until the first heartbeat, and between two
   * @returns what SendTaskSuccess gave
   * @throws StatesError what SendTaskFailure gave; HeartbeatMissed
   */
  outcome(heartbeatSeconds: number | undefined): Promise<Json>;
  /** The token is of no use any more. */
  close(): void;
}

interface Open {
  succeed(output: Json): void;
  fail(error: StatesError): void;
  beat(): void;
}

/** The task tokens that are out, and the API by which they are answered. */
export class TaskTokens {
  readonly #open = new Map<string, Open>();
  readonly #closed = new Set<string>();

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  issue(): PendingTask {
    const token = this.random.bytes(48).toString('base64');
    let cancel = (): void => undefined;
    let open: Open | undefined;
    const answered = new Promise<Json>((succeed, fail) => {
      open = { succeed, fail, beat: () => undefined };
      this.#open.set(token, open);
    });
    // Nobody may be there yet to hear of a failure.
    answered.catch(() => undefined);
    return {
      token,
      outcome: (heartbeatSeconds) => {
        const beat = () => {
          cancel();
          if (heartbeatSeconds !== undefined) {
            cancel = this.clock.after(heartbeatSeconds * 1000, () => open?.fail(new HeartbeatMissed()));
          }
        };
        beat();
        if (open) open.beat = beat;
        return answered;
      },
      close: () => {
        cancel();
        this.#close(token);
      },
    };
  }

  /** @param output JSON @throws ServiceError InvalidOutput, InvalidToken, TaskTimedOut */
  sendTaskSuccess(token: string, output: string): void {
    const task = this.#find(token);
    let value: Json;
    try {
      value = JSON.parse(output) as Json;
    } catch {
      throw new ServiceError('InvalidOutput', `Invalid Output: '${output}'`);
    }
    this.#close(token);
    task.succeed(value);
  }

  /** @throws ServiceError InvalidToken, TaskTimedOut */
  sendTaskFailure(token: string, error?: string, cause?: string): void {
    const task = this.#find(token);
    this.#close(token);
    task.fail(new StatesError(error, cause));
  }

  /** @throws ServiceError InvalidToken, TaskTimedOut */
  sendTaskHeartbeat(token: string): void {
    this.#find(token).beat();
  }

  #close(token: string): void {
    if (this.#open.delete(token)) this.#closed.add(token);
  }

  #find(token: string): Open {
    const task = this.#open.get(token);
    if (task) return task;
    if (!this.#closed.has(token)) throw new ServiceError('InvalidToken', "Invalid Token: 'Invalid token'");
    throw new ServiceError('TaskTimedOut', "Task Timed Out: 'Provided task does not exist anymore'");
  }
}
