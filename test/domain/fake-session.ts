import { PassThrough } from 'node:stream';
import type { Command, Outcome } from '../../domain/ssh/command';
import { CommandFailed, ControllerUnreachable } from '../../domain/ssh/errors';
import type { Session } from '../../domain/ssh/session';

/** What controllers answer, in memory: where the SSH connection itself adds nothing to a test. */
export interface FakeSite {
  /** What a command comes to on a controller; exit code 0 and no output where it says nothing. */
  answer(controller: string, argv: readonly string[], command: Command): Partial<Outcome> | string | undefined;
  /** Whether something takes a TCP connection. @default nothing does */
  listens?(host: string, port: number): boolean;
  /** Controllers that cannot be reached. */
  readonly unreachable?: readonly string[];
}

/** A session to such a site. @returns with it, every command that was run, as `controller: command` */
export function fakeSession(site: FakeSite): { session: Session; ran: string[]; probed: string[] } {
  const ran: string[] = [];
  const probed: string[] = [];
  const session: Session = {
    alive: true,
    close: () => undefined,
    controller: ({ name }) => {
      if (site.unreachable?.includes(name)) return Promise.reject(new ControllerUnreachable(`No ${name}`));
      return Promise.resolve({
        name,
        ready: Promise.resolve(),
        run: async (command, accept = [0]) => {
          await Promise.resolve();
          ran.push(`${name}: ${command.argv.join(' ')}`);
          const given = site.answer(name, command.argv, command) ?? {};
          const outcome = {
            exitCode: 0,
            stdout: '',
            stderr: '',
            ...(typeof given === 'string' ? { stdout: given } : given),
          };
          if (!accept.includes(outcome.exitCode)) throw new CommandFailed(`${name}: ${outcome.stderr}`);
          return outcome;
        },
        tunnel: async (host, port) => {
          await Promise.resolve();
          probed.push(`${name}: ${host}:${port}`);
          if (!site.listens?.(host, port)) throw new Error('EHOSTUNREACH');
          return new PassThrough();
        },
      });
    },
  };
  return { session, ran, probed };
}
