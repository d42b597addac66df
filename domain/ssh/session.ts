import type { Duplex } from 'node:stream';
import type { Client, ParsedKey } from 'ssh2';
import { messageOf } from '../errors';
import type { Controller, Site } from '../site/document';
import { realClock } from '../world';
import type { Command, Outcome } from './command';
import { commandLine } from './command-line';
import { connect, parsePrivateKey } from './connect';
import { CommandFailed, CommandTimeout, SudoRefused } from './errors';
import { executor } from './execute';
import { bastionUnreachable, controllerUnreachable } from './failures';

/** Time for a TCP connection through a tunnel, in milliseconds. */
const TUNNEL_TIMEOUT_MS = 5_000;
/** Of what a command printed on stderr, an error message quotes this many characters at most. */
const QUOTED = 600;

/** What sudo says, in versions from 1.8 on, where it does not run a command. It may also warn and run it. */
const SUDO_REFUSES =
  /^sudo: (a password is required|a terminal is required|no tty present|sorry, you must have a tty)|is not in the sudoers file|^Sorry, user /m;

/** What a session tells of each command, for the log: never what it read or printed. */
export interface CommandRecord {
  readonly site: string;
  readonly controller: string;
  readonly command: string;
  /** Null where the connection was lost. */
  readonly exitCode: number | null;
  readonly milliseconds: number;
}

/** What a session needs besides the site. */
export interface SessionOptions {
  readonly site: Site;
  readonly privateKey: string;
  /** Takes the secrets out of what a command printed before it goes into an error message. */
  readonly redact: (text: string) => string;
  readonly log: (record: CommandRecord) => void;
  /** Controllers that will surely be used: they are connected to at once. */
  readonly expected?: readonly Controller[];
}

/** One connection to the bastion, and through it one to each controller that is used. */
export interface Session {
  /**
   * Connects to a controller, once. It may still have to let us in: where it does not, what is asked of it fails with that.
   *
   * @throws ControllerUnreachable and what `connect` throws
   */
  controller(controller: Controller): Promise<RemoteController>;
  /** Whether the connection to the bastion still stands. */
  readonly alive: boolean;
  close(): void;
}

/** A controller one is connected to. */
export interface RemoteController {
  readonly name: string;
  /** Kept once it has let us in. */
  readonly ready: Promise<void>;
  /**
   * Runs a command of the catalogue. Those asked for at the same moment travel together, and run one after the other.
   *
   * @param accept exit codes that are an answer and no failure
   * @throws CommandFailed, CommandTimeout, SshConnectionLost, SudoRefused
   */
  run(command: Command, accept?: readonly number[]): Promise<Outcome>;
  /** A TCP connection from the controller to a host and port. */
  tunnel(host: string, port: number): Promise<Duplex>;
}

/**
 * Connects to the bastion of a site.
 *
 * @throws BastionUnreachable, HostKeyMismatch, SshAuthenticationFailed, SshPrivateKeyInvalid
 */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { site } = options;
  const key = parsePrivateKey(options.privateKey, site.ssh.privateKey.ssm);
  const { host, port, user, hostKey } = site.bastion;
  const { client: bastion, ready } = await connect(
    { label: `bastion ${host}:${port} of site ${site.name}`, via: { host, port }, user, key, hostKey },
    (reason) => bastionUnreachable(site, reason),
  );
  const controllers = new Map<string, Promise<RemoteController>>();
  let alive = true;
  bastion.once('close', () => (alive = false));
  const session: Session = {
    controller: (controller) => {
      const known = controllers.get(controller.name);
      if (known) return known;
      const opened = openController(bastion, key, controller, options);
      controllers.set(controller.name, opened);
      // A failed or lost connection is not kept: the next use tries again.
      const forget = () => controllers.delete(controller.name);
      opened.then(({ client }) => client.once('close', forget), forget);
      return opened;
    },
    get alive() {
      return alive;
    },
    close: () => bastion.end(),
  };
  // Whoever uses them hears what is wrong.
  for (const controller of options.expected ?? []) session.controller(controller).catch(() => undefined);
  await ready;
  return session;
}

async function openController(
  bastion: Client,
  key: ParsedKey,
  controller: Controller,
  { site, redact, log }: SessionOptions,
): Promise<RemoteController & { client: Client }> {
  const { name, address, port, hostKey } = controller;
  const where = `controller ${name} (${address}:${port}) of site ${site.name}`;
  const unreachable = (reason: string) => controllerUnreachable(site, controller, reason);
  const via = await forward(bastion, address, port).catch((error: unknown) => {
    throw unreachable(messageOf(error));
  });
  const { client, ready } = await connect({ label: where, via, user: site.ssh.user, key, hostKey }, unreachable);
  // Each tunnel that is being opened waits for the connection's end, too.
  client.setMaxListeners(0);
  const execute = executor(realClock, client, where);
  /** A connection that was refused tells why, before what was asked for on it tells that it is gone. */
  const onceReady = async <T>(asked: Promise<T>) => (await Promise.all([ready, asked]))[1];
  return {
    name,
    client,
    ready,
    tunnel: (host, tcpPort) => onceReady(forward(client, host, tcpPort)),
    run: async (command, accept = [0]) => {
      const line = commandLine(command, site.ssh.sudo);
      const started = Date.now();
      const record = (exitCode: number | null) => {
        log({ site: site.name, controller: name, command: line, exitCode, milliseconds: Date.now() - started });
      };
      const outcome = await onceReady(execute(line, command)).catch((error: unknown) => {
        record(null);
        throw error;
      });
      record(outcome.exitCode);
      const what = `\`${command.argv.join(' ')}\` on the ${where}`;
      // Its exit code, 1, is an answer of many commands: this one has not run.
      if (site.ssh.sudo && command.root && outcome.exitCode === 1 && SUDO_REFUSES.test(outcome.stderr)) {
        throw new SudoRefused(
          `sudo refuses ${what} to user ${site.ssh.user}. Allow that user to run it without a password: sudo -n -l shows there ` +
            `what is allowed.`,
        );
      }
      if (accept.includes(outcome.exitCode)) return outcome;
      const said = command.quotesFiles ? '' : redact(outcome.stderr.trim()).slice(0, QUOTED);
      if (outcome.exitCode === 124) {
        throw new CommandTimeout(
          `${what} did not end within ${command.timeoutSeconds} s and was killed. Run it there by hand to see what it waits for.`,
        );
      }
      throw new CommandFailed(
        `${what} failed with exit code ${outcome.exitCode}${said ? `: ${said}` : '. Run it there by hand to see what it says.'}`,
      );
    },
  };
}

function forward(client: Client, host: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      reject(new Error(`no answer from ${host}:${port} within ${TUNNEL_TIMEOUT_MS / 1000} s`));
    }, TUNNEL_TIMEOUT_MS);
    const gone = () => {
      clearTimeout(timer);
      reject(new Error('the SSH connection closed'));
    };
    client.once('close', gone);
    try {
      client.forwardOut('127.0.0.1', 0, host, port, (error, channel) => {
        clearTimeout(timer);
        client.off('close', gone);
        if (error) reject(new Error(error.message));
        else if (late) channel.destroy();
        else resolve(channel);
      });
    } catch (error) {
      clearTimeout(timer);
      client.off('close', gone);
      reject(new Error(messageOf(error)));
    }
  });
}
