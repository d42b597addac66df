import type { Duplex } from 'node:stream';
import type { Controller, Site } from '../site/document';
import type { Command, Outcome } from '../ssh/command';
import { commandLine } from '../ssh/command-line';
import { CommandFailed, CommandTimeout, SudoRefused } from '../ssh/errors';
import type { Clock, Link, World } from '../world';
import { type Catalogue, catalogue } from './catalogue';
import { type Platform, presumedPlatform } from './platform';
import { reasonIn } from './reason';

/** Exit code of timeout(1) when it has killed the command. */
const KILLED = 124;

/**
 * What sudo says, in versions from 1.8 to 1.9, when it does not run a command: plugins/sudoers/logging.c, sudoers.c and
 * auth/pam.c, src/tgetpass.c. It may also warn and run it.
 */
const SUDO_REFUSES = new RegExp(
  [
    '^sudo: (a password is required|a terminal is required|no tty present|sorry, you must have a tty)',
    '^sudo: (account validation failure|account or password is expired|account expired|password expired)',
    '^sudo: (no valid sudoers sources|timeout: command not found)',
    ' is not in the sudoers file| is not allowed to run sudo on |^Sorry, user ',
  ].join('|'),
  'im',
);

/** A controller, as the tasks work with it: what it is, what can be run on it, and the way there. */
export interface Node {
  readonly name: string;
  readonly site: Site;
  readonly controller: Controller;
  /** How messages name it: `node-1 of site golden`. */
  readonly where: string;
  /** What its programs can do. */
  readonly platform: Platform;
  readonly commands: Catalogue;
  readonly clock: Clock;
  /** Connects, unless that is done. @throws ControllerUnreachable and the errors of SSH */
  readonly ready: () => Promise<void>;
  /**
   * Runs a command of the catalogue. Those asked for at the same moment travel together, and run one after the other.
   *
   * @throws CommandFailed for every exit code but 0, and what `attempt` throws
   */
  readonly run: (command: Command) => Promise<Outcome>;
  /**
   * The same, for a command whose exit code is an answer.
   *
   * @throws CommandTimeout, SshConnectionLost, SudoRefused, and what `ready` throws
   */
  readonly attempt: (command: Command) => Promise<Outcome>;
  /** The error of a command whose exit code means failure. */
  readonly failure: (command: Command, outcome: Outcome) => CommandFailed;
  /** A TCP connection from the controller to a host and port. @throws what `ready` throws; Error when it cannot be opened */
  readonly tunnel: (host: string, port: number) => Promise<Duplex>;
}

/** What a node is made of. */
export interface NodeOptions {
  readonly site: Site;
  readonly controller: Controller;
  /** @default what is presumed */
  readonly platform?: Platform;
  readonly link: () => Promise<Link>;
  readonly world: Pick<World, 'clock' | 'log'>;
}

/** Binds a controller to the way there. */
export function nodeOf({ site, controller, platform = presumedPlatform(site), link, world }: NodeOptions): Node {
  const where = `${controller.name} of site ${site.name}`;
  const { clock } = world;
  /** Made when one is first needed. */
  let commands: Catalogue | undefined;
  /** As messages name it. */
  const named = ({ argv }: Command) => `\`${argv.join(' ')}\` on ${where}`;

  const attempt = async (command: Command): Promise<Outcome> => {
    const line = commandLine(command, site.ssh.sudo);
    const started = clock.now();
    const log = (exitCode: number | null) => {
      const milliseconds = clock.now() - started;
      world.log({ site: site.name, controller: controller.name, command: line, exitCode, milliseconds });
    };
    let outcome: Outcome;
    try {
      outcome = await (await link()).execute(line, command);
    } catch (error) {
      log(null);
      throw error;
    }
    log(outcome.exitCode);
    // Exit code 1 is an answer of many commands, but here it is sudo's own: the command has not run.
    if (site.ssh.sudo && command.root && outcome.exitCode === 1 && SUDO_REFUSES.test(outcome.stderr)) {
      throw new SudoRefused(
        `sudo refuses ${named(command)} to user ${site.ssh.user}. Allow that user to run it without a password: sudo -n -l shows there ` +
          `what is allowed.`,
      );
    }
    if (outcome.exitCode === KILLED) {
      throw new CommandTimeout(
        `${named(command)} did not end within ${command.timeoutSeconds} s and was killed. Run it there by hand to see what it waits for.`,
      );
    }
    return outcome;
  };

  const failure = (command: Command, { exitCode, stderr }: Outcome): CommandFailed => {
    const reason = reasonIn(stderr);
    return new CommandFailed(
      `${named(command)} failed with exit code ${exitCode}` +
        `${reason === undefined ? '' : `: ${reason}`}. Run it there by hand to see what it says.`,
    );
  };

  return {
    name: controller.name,
    site,
    controller,
    where,
    platform,
    get commands() {
      return (commands ??= catalogue(site, platform));
    },
    clock,
    attempt,
    ready: async () => {
      await (
        await link()
      ).ready;
    },
    run: async (command) => {
      const outcome = await attempt(command);
      if (outcome.exitCode === 0) return outcome;
      throw failure(command, outcome);
    },
    failure,
    tunnel: async (host, port) => (await link()).tunnel(host, port),
  };
}
