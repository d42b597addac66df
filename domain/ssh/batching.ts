import type { Clock, Link } from '../world';
import { parted } from './batch';
import type { Command, Outcome } from './command';

/**
 * sshd's MaxSessions is 10; further batches on one controller wait here instead of being refused there. Half of it: sshd
 * still counts those that it has just closed. Where fewer are allowed, that is found out.
 */
const SESSIONS = 5;
/** How often, and after which pause in milliseconds, a session is asked for again that was refused. */
const MOST_TRIES = 40;
const PAUSE_MS = 250;

/** What became of a batch: sshd may open no session for it, and then nothing was run and nobody was answered. */
export type Ran = 'ended' | { readonly giveUp: () => void };

/** A command that waits for its outcome. */
export interface Waiting {
  readonly line: string;
  readonly command: Command;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Makes a function that runs commands on a controller. What is asked for at the same moment travels in one batch: an exec
 * of its own for each costs round trips, a process of sshd and a shell. A command with standard input travels alone.
 *
 * @param run runs the commands of a batch one after the other, and answers each as it ends
 */
export function batching(clock: Clock, run: (batch: readonly Waiting[]) => Promise<Ran>): Link['execute'] {
  const slots = new Slots(SESSIONS);
  const persist = async (batch: readonly Waiting[]) => {
    for (let tries = 1; ; tries++) {
      const ran = await slots.use(async () => {
        const ended = await run(batch);
        if (ended !== 'ended') slots.spareOne();
        return ended;
      });
      if (ran === 'ended') return;
      if (tries === MOST_TRIES) {
        ran.giveUp();
        return;
      }
      await clock.sleep(PAUSE_MS);
    }
  };
  let asked: Waiting[] = [];
  const send = () => {
    const alone = asked.filter(({ command }) => command.stdin !== undefined);
    const together = asked.filter(({ command }) => command.stdin === undefined);
    asked = [];
    for (const batch of [...parted(together), ...alone.map((one) => [one])]) void persist(batch);
  };
  return (line, command) =>
    new Promise((resolve, reject) => {
      asked.push({ line, command, resolve, reject });
      // After everything that waits for promises that are already resolved.
      if (asked.length === 1)
        void Promise.resolve().then(() => {
          process.nextTick(send);
        });
    });
}

/** Lets so many actions run at a time. */
class Slots {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private limit: number) {}

  /** One of those that run was too many. */
  spareOne(): void {
    this.limit = Math.max(1, Math.min(this.limit, this.running - 1));
  }

  async use<T>(action: () => Promise<T>): Promise<T> {
    if (this.running >= this.limit) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running++;
    try {
      return await action();
    } finally {
      // Whoever waits takes the place, unless it is no longer there.
      const next = this.running <= this.limit ? this.waiting.shift() : undefined;
      if (next) next();
      else this.running--;
    }
  }
}
