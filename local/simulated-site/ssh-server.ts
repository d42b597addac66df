import { createServer, type AddressInfo, type Server } from 'node:net';
import type { Duplex } from 'node:stream';
import ssh2, { type AuthContext, type Connection, type ParsedKey, type ServerChannel } from 'ssh2';
import { mapAll } from '../../domain/non-empty';
import type { Site } from '../../domain/site/document';
import { keepCipherKeys } from '../../domain/ssh/cipher-keys';
import type { SimulatedSite } from '.';
import type { Channel, Input } from './channel';
import type { Openssh } from './generations/generation';
import { ConnectError } from './network';
import type { Sshd } from './sshd';

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

/** The real SSH to a simulated site. */
export interface SshFront {
  /** The site's document, with the endpoint of the bastion and the host keys that there are. */
  readonly document: Site;
  /** For bastion and controllers, OpenSSH format. */
  readonly privateKey: string;
}

/** Gives a simulated site an sshd on its bastion, on a port of 127.0.0.1, and one on each controller. They end with the site. */
export async function startSshFront(site: SimulatedSite): Promise<SshFront> {
  const { document, bastion, controllers, network, shell } = site;
  const key = generateKeyPair();
  // No shell: a session may open, as with OpenSSH, but every request on it is refused.
  serve(bastion.sshd, key.public, bastion.address, (client) => {
    client.on('session', (accept) => void accept());
  });
  for (const controller of controllers.values()) {
    const { sshd, address } = controller;
    const sessions = (client: Connection) => {
      client.on('session', (acceptSession) => {
        acceptSession().on('exec', (accept, _reject, { command }) => {
          void shell.run(controller, sshd.user, command, channelOf(accept()));
        });
      });
    };
    serve(sshd, key.public, address, sessions, controller.generation.openssh);
  }
  const port = listenFor(site);
  bastion.port = port;
  await port.open();
  bastion.endpoint = { host: '127.0.0.1', port: port.number };
  return {
    document: {
      ...document,
      bastion: { ...document.bastion, ...bastion.endpoint, hostKey: bastion.sshd.hostKey },
      controllers: mapAll(document.controllers, (one) => ({
        ...one,
        hostKey: controllers.get(one.name)?.sshd.hostKey ?? '',
      })),
    },
    privateKey: key.private,
  };

  /** Makes an sshd speak SSH, with a host key of its own. */
  function serve(
    sshd: Sshd,
    allowed: string,
    from: string,
    sessions: (client: Connection) => void,
    openssh?: Openssh,
  ): void {
    const offers = openssh && { ident: openssh.version, algorithms: algorithmsOf(openssh) };
    let server: ssh2.Server;
    sshd.newHostKey = () => {
      const hostKey = generateKeyPair();
      server = new ssh2.Server({ hostKeys: [hostKey.private], ...offers }, (client) => {
        client.on('error', () => undefined);
        client.once('handshake', () => {
          keepCipherKeys(client);
        });
        authenticate(client, sshd, allowed);
        sessions(client);
        forwardTcp(client, (to, toPort) => network.connect(from, to, toPort));
      });
      return hostKey.public;
    };
    sshd.rotateHostKey();
    // ssh2 asks no more of it than a Duplex has.
    sshd.protocol = (connection) => {
      server.injectSocket(connection as never);
    };
  }
}

function algorithmsOf({ kex, cipher, hmac }: Openssh) {
  return { kex, cipher, hmac };
}

/** The bastion's port of 127.0.0.1; the same one when it is opened again. */
function listenFor({ bastion }: SimulatedSite) {
  let listener: Server | undefined;
  const port = {
    number: 0,
    open: async () => {
      const opened = createServer({ noDelay: true }, (socket) => {
        const { near, far } = bastion.dial();
        splice(socket, near);
        bastion.sshd.accept(far);
      });
      listener = opened;
      await new Promise<void>((resolve, reject) => {
        opened.once('error', reject);
        opened.listen(port.number, '127.0.0.1', resolve);
      });
      port.number = (opened.address() as AddressInfo).port;
    },
    close: async () => {
      const closed = listener;
      listener = undefined;
      await new Promise<void>((resolve) => {
        if (closed) {
          closed.close(() => {
            resolve();
          });
        } else resolve();
      });
    },
  };
  return port;
}

/** A session of a real sshd. */
function channelOf(channel: ServerChannel): Channel {
  channel.on('error', () => undefined);
  const chunks: Buffer[] = [];
  // From the start, so that the client can send it at any time.
  channel.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise<void>((resolve) => {
    channel.once('end', resolve);
    channel.once('close', resolve);
  });
  const input: Input = {
    get soFar() {
      return Buffer.concat(chunks).toString();
    },
    all: async () => {
      await ended;
      return input.soFar;
    },
  };
  return {
    input,
    get broken() {
      return channel.destroyed;
    },
    print: (stream, output) => {
      if (!channel.destroyed) (stream === 'stdout' ? channel : channel.stderr).write(output);
    },
    exit: (code) => {
      channel.exit(code);
      channel.end();
    },
  };
}

/** AllowTcpForwarding: a connection from this host on behalf of the client. */
function forwardTcp(client: Connection, forward: (address: string, port: number) => Promise<Duplex>): void {
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

function authenticate(client: Connection, sshd: Sshd, publicKey: string): void {
  const allowed = ssh2.utils.parseKey(publicKey) as ParsedKey;
  client.on('authentication', (context: AuthContext) => {
    if (
      !sshd.refusing &&
      context.method === 'publickey' &&
      context.username === sshd.user &&
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
