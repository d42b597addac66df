import type { SimulatedController } from '../controller';
import type { Credentials } from '../filesystem';
import type { Pacemaker } from '../pacemaker';
import type { Timings } from '../timings';

/** A program that was started. */
export interface Invocation {
  readonly controller: SimulatedController;
  readonly who: Credentials;
  /** Arguments, without the program's name. */
  readonly arguments: readonly string[];
  /** The network namespace that ip(8) has put it into, if any. */
  readonly namespace?: string;
  readonly pacemaker: Pacemaker;
  readonly timings: Timings;
  /** Whether it was killed. */
  readonly isKilled: () => boolean;
  /** Waits for this many milliseconds. A program that is killed meanwhile does not go on. */
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** All of standard input, up to its end. */
  readonly stdin: () => Promise<string>;
}

/** How a program ended. */
export interface Outcome {
  readonly exit: number;
  readonly stdout?: string;
  readonly stderr?: string;
  /** Whether it changed anything. */
  readonly changed?: boolean;
}

/** A program of a controller. */
export type Program = (invocation: Invocation) => Outcome | Promise<Outcome>;

/** A program that failed with a message. */
export function failure(message: string, exit = 1): Outcome {
  return { exit, stderr: `${message}\n` };
}
