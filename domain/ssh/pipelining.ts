import type { Duplex } from 'node:stream';
import type { Client, ParsedKey } from 'ssh2';
import { keepCipherKeys } from './cipher-keys';

/** SSH_MSG_IGNORE with empty data (RFC 4253, section 11.2): every server takes it at any time and answers nothing. */
const IGNORE = Buffer.from([2, 0, 0, 0, 0]);

/** With which hash a signature algorithm of an RSA key goes (RFC 8332). The other types have one of their own. */
const HASHES: Readonly<Record<string, string>> = {
  'rsa-sha2-512': 'sha512',
  'rsa-sha2-256': 'sha256',
  'ssh-rsa': 'sha1',
};

/**
 * Spares an SSH connection the waiting that the protocol does not ask for. ssh2 has no options for this: it reaches into
 * ssh2 1.17, and leaves a client whose insides look otherwise as it is, which then takes seven round trips more.
 *
 * - The signature is sent at once, not after asking whether the server would take the key. There is only this key.
 * - The request for authentication goes with the one for its service, not after the server granted that. Not with an RSA
 *   key: what the server tells before it grants the service decides how that signs.
 * - Once authentication is asked for, channels may be: a server takes what it is sent in order, and opens them when it has
 *   let us in. If it does not, the connection ends, and their requests with it.
 * - A command is sent without asking whether it was begun: its output tells.
 * - What arrives and calls for no answer is answered with an empty message. sshd leaves Nagle's algorithm on: it holds the
 *   next packet back until the last one is acknowledged, which the kernel delays for 40 ms unless something is to be sent.
 *
 * All of this begins when the host has proved that it has the pinned key. ssh2 itself still handles a refusal.
 *
 * @param client whose `connect` was just called
 * @param stream what it is connected by
 * @param asked is called once authentication is asked for
 */
export function pipeline(client: Client, key: ParsedKey, stream: Duplex, asked: () => void): void {
  const protocol = protocolOf(client);
  if (!protocol) return;
  signAtOnce(protocol, key, asked);
  if (key.type !== 'ssh-rsa') authenticateAtOnce(protocol);
  executeAtOnce(client, protocol);
  client.once('handshake', () => {
    keepCipherKeys(client);
    acknowledgeAtOnce(protocol, stream);
  });
}

function signAtOnce(protocol: Protocol, key: ParsedKey, asked: () => void): void {
  const request = protocol.authPK.bind(protocol);
  protocol.authPK = (user, publicKey, algorithm, sign) => {
    request(
      user,
      publicKey,
      algorithm,
      sign ??
        ((data, done) => {
          const signature = key.sign(data, algorithm === undefined ? undefined : HASHES[algorithm]) as Buffer | Error;
          // Thrown into ssh2's parser, which ends the connection with it.
          if (signature instanceof Error) throw signature;
          done(signature);
        }),
    );
    asked();
  };
}

function executeAtOnce(client: Client, protocol: Protocol): void {
  const { _channels: channels } = (client as unknown as Channels)._chanMgr;
  const request = protocol.exec.bind(protocol);
  protocol.exec = (id, line) => {
    request(id, line, false);
    // What ssh2 would do on the server's answer.
    const channel = Object.values(channels).find((one) => typeof one === 'object' && one.outgoing.id === id);
    if (typeof channel === 'object') channel._callbacks.pop()?.(false);
  };
}

function authenticateAtOnce(protocol: Protocol): void {
  const request = protocol.service.bind(protocol);
  const granted = protocol._handlers.SERVICE_ACCEPT;
  protocol._handlers.SERVICE_ACCEPT = () => undefined;
  protocol.service = (name) => {
    request(name);
    granted(protocol, name);
  };
}

function acknowledgeAtOnce(protocol: Protocol, stream: Duplex): void {
  let due = false;
  // Before ssh2's own listener, which may answer.
  stream.prependListener('data', () => {
    if (due) return;
    due = true;
    const sent = protocol._cipher.outSeqno;
    setImmediate(() => {
      due = false;
      const answered = protocol._cipher.outSeqno !== sent;
      const exchangesKeys = protocol._kexinit !== undefined;
      const over = protocol._destruct === undefined || !stream.writable;
      if (answered || exchangesKeys || over) return;
      const writer = protocol._packetRW.write;
      const packet = writer.alloc(IGNORE.length);
      packet.set(IGNORE, writer.allocStart);
      protocol._cipher.encrypt(writer.finalize(packet));
    });
  });
}

/** What is used of ssh2's insides: lib/protocol/Protocol.js. */
interface Protocol {
  service(name: string): void;
  /** Asks whether the key would be taken; with `sign`, authenticates. */
  authPK(user: string, publicKey: unknown, algorithm: string | undefined, sign?: Sign): void;
  exec(channel: number, line: string, wantReply: boolean): void;
  readonly _handlers: { SERVICE_ACCEPT: (protocol: Protocol, name: string) => void };
  readonly _packetRW: {
    readonly write: { readonly allocStart: number; alloc(length: number): Buffer; finalize(packet: Buffer): Buffer };
  };
  readonly _cipher: { readonly outSeqno: number; encrypt(packet: Buffer): void };
  /** Set while keys are exchanged: other packets have to wait. */
  readonly _kexinit: unknown;
  /** Not set any longer once the connection is over. */
  readonly _destruct: unknown;
}

/** What is used of its channels by the server's numbers: lib/utils.js and lib/Channel.js. One that is being opened is a function. */
interface Channels {
  readonly _chanMgr: {
    readonly _channels: Readonly<
      Record<number, { outgoing: { id: number }; _callbacks: ((failed: boolean) => void)[] } | (() => void)>
    >;
  };
}

type Sign = (data: Buffer, done: (signature: Buffer) => void) => void;

/** @returns undefined if it does not look as expected */
function protocolOf(client: Client): Protocol | undefined {
  const { _protocol: protocol, _chanMgr: manager } = client as unknown as DeepPartial<Channels> & {
    readonly _protocol?: DeepPartial<Protocol>;
  };
  const expected =
    typeof manager?._channels === 'object' &&
    typeof protocol?.exec === 'function' &&
    typeof protocol.service === 'function' &&
    typeof protocol.authPK === 'function' &&
    typeof protocol._handlers?.SERVICE_ACCEPT === 'function' &&
    typeof protocol._packetRW?.write?.allocStart === 'number' &&
    typeof protocol._packetRW.write.alloc === 'function' &&
    typeof protocol._packetRW.write.finalize === 'function' &&
    typeof protocol._cipher?.outSeqno === 'number' &&
    typeof protocol._cipher.encrypt === 'function' &&
    typeof protocol._destruct === 'function' &&
    '_kexinit' in protocol;
  return expected ? (protocol as Protocol) : undefined;
}

type DeepPartial<T> = {
  readonly [K in keyof T]?: T[K] extends (...args: never[]) => unknown ? T[K] : DeepPartial<T[K]>;
};
