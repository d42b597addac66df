import type { Duplex } from 'node:stream';
import { messageOf } from '../../domain/errors';
import type { Controller } from '../../domain/site/document';
import { batching, type Ran, type Waiting } from '../../domain/ssh/batching';
import { patience } from '../../domain/ssh/command-line';
import {
  authenticationFailed,
  bastionOf,
  bastionUnreachable,
  connectionLost,
  controllerOf,
  controllerUnreachable,
  hostKeyMismatch,
} from '../../domain/ssh/failures';
import type { Clock, ConnectOptions, Link, Transport } from '../../domain/world';
import type { Channel, Output } from './channel';
import type { SimulatedController } from './controller';
import type { Connection, Wire } from './duplex-pair';
import type { DialOptions, Network } from './network';
import type { Shell } from './shell';
import type { Bastion, Sshd } from './sshd';

/** For TCP connection, key exchange and authentication together, in milliseconds; this and what follows as SSH has it. */
const CONNECT_TIMEOUT_MS = 15_000;
/** For a TCP connection through a tunnel. */
const TUNNEL_TIMEOUT_MS = 5_000;
/** After so long a host that says nothing is given up: four keepalives of 2 s. */
const SILENCE_MS = 8_000;

/** What of a site is reached. */
export interface Reachable {
  readonly bastion: Bastion;
  readonly controllers: ReadonlyMap<string, SimulatedController>;
  readonly network: Network;
  readonly shell: Shell;
  readonly clock: Clock;
}

/**
 * Connects to a simulated site as by SSH, with the same errors and time limits, but nothing is enciphered: lines and outputs
 * are handed over as they are.
 *
 * @throws BastionUnreachable, HostKeyMismatch, SshAuthenticationFailed
 */
export async function connectInMemory(reachable: Reachable, options: ConnectOptions): Promise<Transport> {
  const { site } = options;
  const { bastion, clock } = reachable;
  const { endpoint } = bastion;
  const { host, port, user, hostKey } = site.bastion;
  const unreachable = (reason: string) => bastionUnreachable(site, reason);
  if (host !== endpoint.host || port !== endpoint.port || !bastion.running) {
    throw unreachable(`connect ECONNREFUSED ${host}:${port}`);
  }
  const connection = bastion.dial();
  bastion.sshd.hold(connection.far);
  const way = new Way(clock, connection);
  const login = { label: bastionOf(site), hostKey, user, sshd: bastion.sshd, unreachable };
  await shakeHands(way, login);
  const transport = new InMemoryTransport(reachable, options, way);
  // If one fails, each use of it fails with the reason.
  for (const controller of options.expected) transport.controller(controller).catch(() => undefined);
  await logIn(way, login);
  return transport;
}

class InMemoryTransport implements Transport {
  private readonly links = new Map<string, Promise<Link>>();

  constructor(
    private readonly reachable: Reachable,
    private readonly options: ConnectOptions,
    private readonly way: Way,
  ) {}

  get alive(): boolean {
    return !this.way.lost;
  }

  controller(controller: Controller): Promise<Link> {
    const known = this.links.get(controller.name);
    if (known) return known;
    const opened = this.open(controller);
    this.links.set(controller.name, opened);
    // A failed or lost connection is not kept: the next use tries again.
    const forget = () => this.links.delete(controller.name);
    opened.then(({ way }) => (way.lost ? forget() : way.onLost(forget)), forget);
    return opened;
  }

  close(): void {
    this.way.close();
  }

  private async open(controller: Controller): Promise<InMemoryLink> {
    const { controllers, network, bastion, clock } = this.reachable;
    const { site } = this.options;
    const { address, port, hostKey } = controller;
    const unreachable = (reason: string) => controllerUnreachable(site, controller, reason);
    const host = [...controllers.values()].find((one) => one.address === address && one.sshPort === port);
    const serve = (far: Duplex) => {
      // What listens there is no SSH server.
      if (host) host.sshd.hold(far);
      else far.destroy();
    };
    const connection = await forward(this.way, network, bastion.address, { address, port }, { serve }).catch(
      (error: unknown) => {
        throw unreachable(messageOf(error));
      },
    );
    const way = new Way(clock, connection, this.way);
    const label = controllerOf(site, controller);
    if (!host) throw unreachable('the connection was closed during the handshake');
    const login = { label, hostKey, user: site.ssh.user, sshd: host.sshd, unreachable };
    await shakeHands(way, login);
    return new InMemoryLink(this.reachable, host, label, way, logIn(way, login));
  }
}

class InMemoryLink implements Link {
  private readonly batched: Link['execute'];

  constructor(
    private readonly reachable: Reachable,
    private readonly host: SimulatedController,
    private readonly label: string,
    readonly way: Way,
    readonly ready: Promise<void>,
  ) {
    this.batched = batching(reachable.clock, (batch) => this.run(batch));
    // If it fails, each use of it fails with the reason.
    ready.catch(() => undefined);
  }

  readonly execute: Link['execute'] = (line, command) => this.onceReady(this.batched(line, command));

  readonly tunnel: Link['tunnel'] = async (address, port) => {
    const { network, bastion } = this.reachable;
    const opening = forward(this.way, network, this.host.address, { address, port }, { through: bastion.name });
    const { near } = await this.onceReady(opening);
    const forget = this.way.onLost(() => near.destroy());
    near.once('close', forget);
    return near;
  };

  /** A connection that was refused tells why, before what was asked for on it tells that it is gone. */
  private async onceReady<T>(asked: Promise<T>): Promise<T> {
    return (await Promise.all([this.ready, asked]))[1];
  }

  private run(batch: readonly Waiting[]): Promise<Ran> {
    const waiting = [...batch];
    const { way } = this;
    return new Promise((done) => {
      const end = (reason: string) => {
        forget();
        cancel();
        for (const { command, reject } of waiting.splice(0)) reject(connectionLost(command, this.label, reason));
        done('ended');
      };
      const forget = way.onLost(() => {
        end('the connection closed');
      });
      const cancel = this.reachable.clock.after(
        batch.reduce((sum, { command }) => sum + patience(command), 0),
        () => {
          end('no answer in time');
          // It may hang for ever: give the connection up.
          way.close();
        },
      );
      if (way.lost) end('Not connected');
      else {
        way.send(() => {
          void this.session(batch, (answer) => {
            way.reply(() => {
              const next = waiting.shift();
              if (next) answer(next);
              if (waiting.length === 0) end('');
            });
          });
        });
      }
    });
  }

  /** A session of the controller's sshd: a shell that runs one command after the other. */
  private async session(batch: readonly Waiting[], tell: (answer: (waiting: Waiting) => void) => void): Promise<void> {
    for (const { line, command } of batch) {
      const channel = new InMemoryChannel(this.way, wellFormed(command.stdin ?? ''));
      await this.reachable.shell.run(this.host, this.host.sshd.user, line, channel);
      const { exitCode, stdout, stderr } = channel;
      if (exitCode === undefined) return;
      tell(({ resolve }) => {
        resolve({ exitCode, stdout, stderr });
      });
    }
  }
}

class InMemoryChannel implements Channel {
  readonly input: Channel['input'];
  exitCode: number | undefined;
  stdout = '';
  stderr = '';

  constructor(
    private readonly way: Way,
    stdin: string,
  ) {
    this.input = { soFar: stdin, all: () => Promise.resolve(stdin) };
  }

  get broken(): boolean {
    return this.way.broken;
  }

  print(stream: 'stdout' | 'stderr', output: Output): void {
    this[stream] += typeof output === 'string' ? wellFormed(output) : output.toString();
  }

  exit(code: number): void {
    this.exitCode = code;
  }
}

/** The way to a host that one is connected to, through others: what is sent arrives when every wire on it lets it through. */
class Way {
  private over = false;
  private readonly listeners = new Set<() => void>();
  private silence: (() => void) | undefined;
  private unwatch: (() => void)[] = [];

  constructor(
    readonly clock: Clock,
    readonly connection: Connection,
    private readonly before?: Way,
  ) {
    const { near } = connection;
    near.once('close', () => {
      this.lose();
    });
    // An event at either end is one of the whole connection.
    near.resume();
    connection.far.resume();
    before?.onLost(() => {
      this.lose();
    });
    connection.far.setMaxListeners(0);
  }

  /** Whether the client has lost it. */
  get lost(): boolean {
    return this.over;
  }

  /** Whether the host has. */
  get broken(): boolean {
    return this.connection.far.destroyed;
  }

  private get wires(): readonly Wire[] {
    return [...(this.before?.wires ?? []), this.connection.wire];
  }

  send(action: () => void): void {
    const arrive = () => {
      this.connection.wire.carry(() => {
        if (!this.broken) action();
      });
    };
    if (this.before) this.before.send(arrive);
    else arrive();
  }

  reply(action: () => void): void {
    const arrive = () => {
      if (!this.over) action();
    };
    this.connection.wire.carry(() => {
      if (this.before) this.before.reply(arrive);
      else arrive();
    });
  }

  /** @returns takes the listener away */
  onLost(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  close(): void {
    const { near } = this.connection;
    if (this.before) this.before.send(() => near.destroy());
    else near.destroy();
    this.lose();
  }

  /** Gives the host up when nothing comes from it for too long. */
  giveUpSilence(): void {
    const watch = () => {
      if (!this.wires.some(({ frozen }) => frozen)) {
        this.silence?.();
        this.silence = undefined;
      } else {
        this.silence ??= this.clock.after(SILENCE_MS, () => {
          this.close();
        });
      }
    };
    for (const wire of this.wires) this.unwatch.push(wire.watch(watch));
  }

  private lose(): void {
    if (this.over) return;
    this.over = true;
    this.silence?.();
    for (const unwatch of this.unwatch) unwatch();
    for (const listener of [...this.listeners]) listener();
    this.listeners.clear();
  }
}

/** Whom one connects to, as whom. */
interface Login {
  /** How messages name the host. */
  readonly label: string;
  /** The pinned key. */
  readonly hostKey: string;
  readonly user: string;
  readonly sshd: Sshd;
  readonly unreachable: (reason: string) => Error;
}

/** Until the host has shown the pinned key. */
async function shakeHands(way: Way, { label, hostKey, sshd, unreachable }: Login): Promise<void> {
  const answer = expected<undefined>(way, CONNECT_TIMEOUT_MS, {
    late: 'no answer within 15 s',
    lost: 'the connection was closed during the handshake',
  });
  way.send(() => {
    way.reply(() => {
      answer.resolve(undefined);
    });
  });
  try {
    await answer.promise;
  } catch (error) {
    way.close();
    throw unreachable(messageOf(error));
  }
  if (keyOf(sshd.hostKey) === keyOf(hostKey)) return;
  way.close();
  throw hostKeyMismatch(label, hostKey, sshd.hostKey);
}

/** Until it has let one in. */
function logIn(way: Way, { label, user, sshd }: Login): Promise<void> {
  if (user === sshd.user && !sshd.refusing) {
    way.giveUpSilence();
    return Promise.resolve();
  }
  way.close();
  return Promise.reject(authenticationFailed(label, user));
}

function keyOf(hostKey: string): string | undefined {
  return hostKey.split(' ')[1];
}

/** A TCP connection that a host opens for its SSH client. @throws Error with the words of SSH */
async function forward(
  way: Way,
  network: Network,
  from: string,
  { address, port }: { readonly address: string; readonly port: number },
  options: DialOptions,
): Promise<Connection> {
  if (way.lost) throw new Error('Not connected');
  const answer = expected<Connection>(way, TUNNEL_TIMEOUT_MS, {
    late: `no answer from ${address}:${port} within ${TUNNEL_TIMEOUT_MS / 1000} s`,
    lost: 'the SSH connection closed',
  });
  way.send(() => {
    network.dial(from, address, port, options).then(
      (connection) => {
        const { near } = connection;
        const { far } = way.connection;
        // Who forwards for somebody ends it when he is gone.
        const end = () => near.destroy();
        if (far.destroyed) end();
        far.once('close', end);
        near.once('close', () => far.off('close', end));
        way.reply(() => {
          // Nobody waits for it any more.
          if (!answer.resolve(connection)) end();
        });
      },
      (error: unknown) => {
        way.reply(() => {
          answer.reject(new Error(messageOf(error)));
        });
      },
    );
  });
  return answer.promise;
}

/** Waits for an answer, until a time limit or until the connection that it would come by is lost. */
function expected<T>(way: Way, ms: number, why: { readonly late: string; readonly lost: string }) {
  let over = false;
  let settle: { resolve(value: T): void; reject(error: Error): void };
  const promise = new Promise<T>((resolve, reject) => (settle = { resolve, reject }));
  const end = (act: () => void): boolean => {
    if (over) return false;
    over = true;
    cancel();
    forget();
    act();
    return true;
  };
  const reject = (error: Error) =>
    end(() => {
      settle.reject(error);
    });
  const cancel = way.clock.after(ms, () => reject(new Error(why.late)));
  const forget = way.onLost(() => reject(new Error(why.lost)));
  return {
    promise,
    /** @returns whether it was still waited for */
    resolve: (value: T) =>
      end(() => {
        settle.resolve(value);
      }),
    reject,
  };
}

/** As it arrives: on the way it is UTF-8. */
function wellFormed(text: string): string {
  return /\p{Surrogate}/u.test(text) ? Buffer.from(text).toString() : text;
}
