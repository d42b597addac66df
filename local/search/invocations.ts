import type { Envelope } from '../../domain/tasks';
import type { Command } from '../../domain/ssh/command';
import type { Link, Transport } from '../../domain/world';
import type { Handler } from '../emulator/aws/functions';

/** A function at work. */
export interface Invocation {
  readonly functionName: string;
  readonly envelope: Envelope;
  /** Its process dies; commands that it has begun go on. */
  kill(): void;
  /** It does nothing any more until Lambda ends it at its time limit. */
  freeze(): void;
}

/** A command that a function has sent and that has not begun. */
interface Sent {
  readonly host: string;
  readonly command: Command;
  readonly sender: Invocation | undefined;
  /** Whether its connection was lost, or it was given up: it may still begin. */
  lost: boolean;
}

/** Lambda's own error for a process that is gone. */
class RuntimeExitError extends Error {
  override readonly name = 'Runtime.ExitError';
}

/** Who sends which command: knows the functions at work, and what each has sent. */
export class Invocations {
  private readonly running = new Map<AbortSignal, Invocation>();
  private readonly sent: Sent[] = [];

  /** @param tampered stands between a function and a controller */
  constructor(private readonly tampered: (link: Link, host: string) => Link = (link) => link) {}

  /** The same handler, whose invocations are known here and can be killed. */
  watched(functionName: string, handler: Handler): Handler {
    return (event, { killed }) => {
      const over = new AbortController();
      const signal = AbortSignal.any([killed, over.signal]);
      return new Promise((resolve, reject) => {
        this.running.set(signal, {
          functionName,
          envelope: (event as { readonly envelope: Envelope }).envelope,
          kill: () => {
            over.abort();
            reject(new RuntimeExitError('RequestId: 0 Error: Runtime exited with error: signal: killed'));
          },
          freeze: () => {
            over.abort();
          },
        });
        // What a process that is gone comes to, nobody learns.
        const alive =
          <T>(settle: (value: T) => void) =>
          (value: T) => {
            this.running.delete(signal);
            if (!over.signal.aborted) settle(value);
          };
        handler(event, { killed: signal }).then(alive(resolve), alive(reject));
      });
    };
  }

  /** The same transport: what is sent over it is known here. @param killed of the invocation that has connected */
  transport(transport: Transport, killed: AbortSignal): Transport {
    const owner = this.running.get(killed);
    /** A connection that is kept serves later invocations of its function, too. */
    const sender = () =>
      this.running.get(killed) ??
      [...this.running.values()].findLast(({ functionName }) => functionName === owner?.functionName) ??
      owner;
    return {
      get alive() {
        return transport.alive;
      },
      close: () => {
        transport.close();
      },
      controller: async (controller) =>
        this.tampered(this.link(await transport.controller(controller), controller.name, sender), controller.name),
    };
  }

  private link(link: Link, host: string, sender: () => Invocation | undefined): Link {
    return {
      ready: link.ready,
      tunnel: (address, port) => link.tunnel(address, port),
      execute: (line, command) => {
        const sent: Sent = { host, command, sender: sender(), lost: false };
        this.sent.push(sent);
        const answer = link.execute(line, command);
        answer.catch(() => (sent.lost = true));
        return answer;
      },
    };
  }

  /** A command begins. @returns what was sent; undefined if nobody is known to have sent it */
  begun(host: string, argv: readonly string[]): Sent | undefined {
    const line = argv.join(' ');
    const same = this.sent.filter((one) => one.host === host && one.command.argv.join(' ') === line);
    const found = same.find(({ lost }) => !lost) ?? same[0];
    if (found) this.sent.splice(this.sent.indexOf(found), 1);
    return found;
  }
}
