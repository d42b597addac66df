import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import ssh2, { type AuthContext, type Connection, type ParsedKey, type ServerChannel } from 'ssh2';
import { ConnectError } from './network';

/** An SSH key pair. */
export interface KeyPair {
  /** OpenSSH format. */
  readonly private: string;
  /** As a line of authorized_keys without comment: `ssh-ed25519 AAAA…`. */
  readonly public: string;
}

/** Makes an Ed25519 key pair. */
export function generateKeyPair(): KeyPair {
  let pair = ssh2.utils.generateKeyPairSync('ed25519');
  // ssh2 makes one key in 256 that it cannot read itself (mscdex/ssh2#1513).
  while ([pair.private, pair.public].some((key) => (ssh2.utils.parseKey(key) as unknown) instanceof Error)) {
    pair = ssh2.utils.generateKeyPairSync('ed25519');
  }
  return { private: pair.private, public: pair.public.split(' ').slice(0, 2).join(' ') };
}

/** Who may log in. */
export interface Access {
  readonly user: string;
  readonly publicKey: string;
}

/** Runs the line of an `exec` request on a channel. */
export type Exec = (user: string, line: string, channel: ServerChannel) => void;

/** Connects into the network behind the bastion; fails with a ConnectError. */
export type Forward = (address: string, port: number) => Promise<Duplex>;

/** An sshd that runs commands and forwards TCP. It has no port: connections are handed to it. */
export class ControllerSshServer {
  private readonly connections = new Set<Duplex>();
  private server: ssh2.Server;

  constructor(
    hostKey: KeyPair,
    private readonly access: Access,
    private readonly exec: Exec,
    private readonly forward: Forward,
  ) {
    this.server = this.serve(hostKey);
  }

  /** Serves a connection. */
  accept(connection: Duplex): void {
    this.connections.add(connection);
    connection.once('close', () => this.connections.delete(connection));
    // ssh2 asks no more of it than a Duplex has.
    this.server.injectSocket(connection as never);
  }

  /** Shows another host key from the next connection on. */
  setHostKey(hostKey: KeyPair): void {
    this.server = this.serve(hostKey);
  }

  /** Breaks every connection. */
  disconnect(): void {
    for (const connection of this.connections) connection.destroy();
  }

  private serve(hostKey: KeyPair): ssh2.Server {
    return new ssh2.Server({ hostKeys: [hostKey.private] }, (client) => {
      client.on('error', () => undefined);
      authenticate(client, this.access);
      client.on('session', (acceptSession) => {
        acceptSession().on('exec', (accept, _reject, { command }) => {
          this.exec(this.access.user, command, accept());
        });
      });
      forwardTcp(client, this.forward);
    });
  }
}

/** An sshd on a port of 127.0.0.1 that forwards TCP and runs nothing. */
export class BastionSshServer {
  private readonly sockets = new Set<Socket>();
  private listener: Server | undefined;
  private ssh: ssh2.Server;
  private port = 0;

  constructor(
    hostKey: KeyPair,
    private readonly access: Access,
    private readonly forward: Forward,
  ) {
    this.ssh = this.serve(hostKey);
  }

  /** Listens; on the same port again after `stop`. */
  async start(): Promise<AddressInfo> {
    const listener = createServer({ noDelay: true }, (socket) => {
      if (this.listener !== listener) {
        socket.destroy();
        return;
      }
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
      this.ssh.injectSocket(socket);
    });
    this.listener = listener;
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen(this.port, '127.0.0.1', resolve);
    });
    const address = listener.address() as AddressInfo;
    this.port = address.port;
    return address;
  }

  /** Shows another host key from the next connection on. */
  setHostKey(hostKey: KeyPair): void {
    this.ssh = this.serve(hostKey);
  }

  /** Breaks every connection. */
  disconnect(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Breaks every connection and listens no longer. */
  async stop(): Promise<void> {
    const { listener } = this;
    if (!listener) return;
    this.listener = undefined;
    const closed = new Promise<void>((resolve) => {
      listener.close(() => {
        resolve();
      });
    });
    this.disconnect();
    await closed;
  }

  private serve(hostKey: KeyPair): ssh2.Server {
    return new ssh2.Server({ hostKeys: [hostKey.private] }, (client) => {
      client.on('error', () => undefined);
      authenticate(client, this.access);
      // No shell: a session may open, as with OpenSSH, but every request on it is refused.
      client.on('session', (accept) => void accept());
      forwardTcp(client, this.forward);
    });
  }
}

/** AllowTcpForwarding: a connection from this host on behalf of the client. */
function forwardTcp(client: Connection, forward: Forward): void {
  client.on('tcpip', (accept, reject, { destIP, destPort }) => {
    forward(destIP, destPort).then(
      (target) => {
        splice(accept(), target);
      },
      (error: unknown) => {
        refuse(client, reject, error);
      },
    );
  });
}

function authenticate(client: Connection, { user, publicKey }: Access): void {
  const allowed = ssh2.utils.parseKey(publicKey) as ParsedKey;
  client.on('authentication', (context: AuthContext) => {
    if (
      context.method === 'publickey' &&
      context.username === user &&
      context.key.algo === allowed.type &&
      context.key.data.equals(allowed.getPublicSSH()) &&
      (context.signature === undefined ||
        (context.blob !== undefined &&
          (allowed.verify(context.blob, context.signature, context.hashAlgo) as unknown) === true))
    ) {
      context.accept();
    } else {
      context.reject(['publickey']);
    }
  });
}

function splice(one: Duplex, other: Duplex): void {
  one.pipe(other).pipe(one);
  for (const [stream, peer] of [
    [one, other],
    [other, one],
  ] as const) {
    stream.on('error', () => undefined);
    stream.once('close', () => {
      peer.destroy();
    });
  }
}

/** ssh2's `reject` sends no text; OpenSSH sends the reason, and clients show it. */
function refuse(client: Connection, reject: () => void, error: unknown): void {
  const { _protocol: protocol } = client as unknown as Internals;
  const original = protocol.channelOpenFail.bind(protocol);
  protocol.channelOpenFail = (recipient, reason) => {
    original(recipient, reason, error instanceof ConnectError ? error.message : String(error));
  };
  try {
    reject();
  } finally {
    protocol.channelOpenFail = original;
  }
}

/** What is used of ssh2's insides. */
interface Internals {
  readonly _protocol: { channelOpenFail(recipient: number, reason: number, description: string): void };
}
