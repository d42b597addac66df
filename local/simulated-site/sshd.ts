import type { Duplex } from 'node:stream';
import type { Random } from '../../domain/world';
import type { Connection } from './duplex-pair';
import type { Network, NetworkHost } from './network';

/** sshd of a host: which key it shows, whom it lets in, who is connected. What is spoken on a connection is another matter. */
export class Sshd {
  /** Lets nobody in: the key is in no authorized_keys any more. */
  refusing = false;
  /** Speaks SSH on a connection that somebody has opened. */
  protocol: (connection: Duplex) => void = (connection) => connection.resume();
  private readonly connections = new Set<Duplex>();

  constructor(
    /** What it shows from the next connection on, as a line of authorized_keys: `ssh-ed25519 AAAA…`. */
    public hostKey: string,
    /** Whom it lets in. */
    readonly user: string,
    /** Makes another host key. */
    public newHostKey: () => string,
  ) {}

  /** Shows another host key from the next connection on. */
  rotateHostKey(): void {
    this.hostKey = this.newHostKey();
  }

  /** Takes a connection. */
  accept(connection: Duplex): void {
    this.hold(connection);
    this.protocol(connection);
  }

  /** Counts a connection as one of its own. */
  hold(connection: Duplex): void {
    this.connections.add(connection);
    connection.once('close', () => this.connections.delete(connection));
  }

  /** Breaks every connection. */
  disconnect(): void {
    for (const connection of this.connections) connection.destroy();
  }
}

/** The host through which all others are reached. */
export class Bastion implements NetworkHost {
  readonly name = 'bastion';
  /** What listens for the world outside, if anything does. */
  port: { open(): Promise<void>; close(): Promise<void> } | undefined;
  /** Whether its sshd runs. */
  running = true;

  constructor(
    /** On the management network. */
    readonly address: string,
    /** Where the world outside reaches it. */
    public endpoint: { readonly host: string; readonly port: number },
    readonly sshd: Sshd,
    private readonly network: Network,
  ) {}

  verdict(): 'ACCEPT' {
    return 'ACCEPT';
  }

  /** A connection from outside; nothing gets through it while the bastion's link is down. */
  dial(): Connection {
    return this.network.join([this.name]);
  }

  /** Its sshd ends, and with it its connections. */
  async stop(): Promise<void> {
    this.running = false;
    this.sshd.disconnect();
    await this.port?.close();
  }

  async start(): Promise<void> {
    this.running = true;
    await this.port?.open();
  }
}

/** A host key that nobody has the private half of. */
export function anyHostKey(random: Random): string {
  const type = Buffer.from('\0\0\0\x0bssh-ed25519\0\0\0\x20', 'latin1');
  return `ssh-ed25519 ${Buffer.concat([type, random.bytes(32)]).toString('base64')}`;
}
