import type { Link } from '../world';
import { parted } from './batch';
import type { Command, Outcome } from './command';
import type { SshConnectionLost } from './errors';

/**
 * sshd's MaxSessions is 10; further batches on one controller wait here instead of being refused there. Half of it: sshd
 * still counts those that it has just closed.
 */
const SESSIONS = 5;

/** A command that waits for its outcome. */
export interface Waiting {
  readonly line: string;
  readonly command: Command;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: SshConnectionLost) => void;
}

/**
 * Makes a function that runs commands on a controller. What is asked for at the same moment travels in one batch: an exec
 * of its own for each costs round trips, a process of sshd and a shell. A command with standard input travels alone.
 *
 * @param run runs the commands of a batch one after the other, and answers each as it ends; resolves once all have ended
 */
export function batching(run: (batch: readonly Waiting[]) => Promise<void>): Link['execute'] {
  const slot = slots(SESSIONS);
  let asked: Waiting[] = [];
  const send = () => {
    const alone = asked.filter(({ command }) => command.stdin !== undefined);
    const together = asked.filter(({ command }) => command.stdin === undefined);
    asked = [];
    for (const batch of [...parted(together), ...alone.map((one) => [one])]) {
      void slot(() => run(batch));
    }
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

/** Lets `limit` of the given actions run at a time. */
function slots(limit: number): (action: () => Promise<void>) => Promise<void> {
  let free = limit;
  const waiting: (() => void)[] = [];
  return async (action) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      await action();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}
