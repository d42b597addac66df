import { connect as connectTcp } from 'node:net';
import type { Duplex } from 'node:stream';
import { Client, type ParsedKey, type ServerHostKeyAlgorithm, utils } from 'ssh2';
import type { Clock } from '../world';
import { SshPrivateKeyInvalid } from './errors';
import { algorithmsDiffer, authenticationFailed, hostKeyMismatch, moreIsAskedFor } from './failures';
import { handshakeOf } from './handshake';
import { pipeline } from './pipelining';

/** Time for the TCP connection and the exchange of keys, in milliseconds. */
const HANDSHAKE_TIMEOUT_MS = 15_000;
/** The same with the login, for which sshd may ask name servers that do not answer: 30 s where there are three. */
const LOGIN_TIMEOUT_MS = 45_000;

/** Whom to connect to, as whom. */
export interface Target {
  /** How messages name the host: "bastion of site golden", "controller node-1 of site golden". */
  readonly label: string;
  /** Where to connect, or a stream that leads there. */
  readonly via: { readonly host: string; readonly port: number } | Duplex;
  readonly user: string;
  readonly key: ParsedKey;
  /** The pinned key, "ssh-ed25519 AAAA…". */
  readonly hostKey: string;
}

/** A connection on which channels can be asked for: the host has shown its key, and is asked to let us in. */
export interface Connection {
  readonly client: Client;
  /** Resolves once it has let us in; rejects with what `connect` throws. */
  readonly ready: Promise<void>;
}

/**
 * Opens an SSH connection.
 *
 * @throws HostKeyMismatch, SshAlgorithmsDiffer, SshAuthenticationFailed; any other failure through `unreachable`
 */
export function connect(clock: Clock, target: Target, unreachable: (reason: string) => Error): Promise<Connection> {
  const [algorithm = '', pinned = ''] = target.hostKey.split(' ');
  const handshake = handshakeOf(target.user, target.key);
  const { via } = target;
  // Otherwise every small packet waits for the acknowledgement of the one before.
  const stream = 'host' in via ? connectTcp({ ...via, noDelay: true }) : via;
  // A channel stays half open when its other side has closed, and ssh2 would neither end nor look any more.
  stream.once('end', () => stream.destroy());
  const client = new Client();
  let shown: string | undefined;
  let asked: () => void = () => undefined;
  const authenticating = new Promise<void>((resolve) => (asked = resolve));
  const ready = new Promise<void>((resolve, reject) => {
    const fail = (error: Error & { level?: string }) => {
      cancel();
      client.end();
      reject(explain(error));
    };
    const cancel = clock.after(HANDSHAKE_TIMEOUT_MS, () => {
      fail(new Error(`no answer within ${HANDSHAKE_TIMEOUT_MS / 1000} s`));
      stream.destroy();
    });
    const explain = (error: Error & { level?: string }): Error => {
      if (shown !== undefined) return hostKeyMismatch(target.label, target.hostKey, shown);
      if (error.level === 'client-authentication') {
        const { wanted } = handshake;
        return wanted
          ? moreIsAskedFor(target.label, target.user, wanted)
          : authenticationFailed(target.label, target.user);
      }
      const disagreement = handshake.disagreement(error.message);
      if (disagreement !== undefined) return algorithmsDiffer(target.label, algorithm, disagreement);
      return unreachable(error.message);
    };
    client
      .once('handshake', cancel)
      .once('ready', () => {
        client.off('error', fail).off('close', closed);
        // Without a listener a later error would end the process; commands under way learn of it by their channels' end.
        client.on('error', () => client.end());
        resolve();
      })
      // Not once: a connection that is refused may break as well, and an error that nobody hears ends the process.
      .on('error', fail);
    const closed = () => {
      cancel();
      reject(unreachable('the connection was closed during the handshake'));
    };
    client.once('close', closed);
    client.connect({
      sock: stream,
      username: target.user,
      // Only public key, at once: the usual `none` request first costs a round trip.
      authHandler: handshake.authenticate,
      debug: handshake.listen,
      hostVerifier: (key: Buffer) => {
        if (key.toString('base64') === pinned) return true;
        shown = `${keyType(key)} ${key.toString('base64')}`;
        return false;
      },
      // The host must show the key of the pinned type; others it may have as well.
      algorithms: { serverHostKey: hostKeyAlgorithms(algorithm) },
      readyTimeout: LOGIN_TIMEOUT_MS,
      // A host that falls silent is given up after four of these: HAProxy may be disabled meanwhile.
      keepaliveInterval: 2_000,
    });
    pipeline(client, target.key, stream, asked);
  });
  // A caller that only asks for channels learns of a failure by these.
  ready.catch(() => undefined);
  return Promise.race([authenticating, ready]).then(() => ({ client, ready }));
}

/** Parses the private key once, for both hops. @throws SshPrivateKeyInvalid */
export function parsePrivateKey(text: string, parameter: string): ParsedKey {
  const parsed = utils.parseKey(text) as ParsedKey | ParsedKey[] | Error;
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key === undefined || key instanceof Error || !key.isPrivateKey()) {
    throw new SshPrivateKeyInvalid(
      `The SSM parameter ${parameter} holds no private key in OpenSSH or PEM form without a passphrase. Put the whole file ` +
        `there, with its BEGIN and END lines.`,
    );
  }
  return key;
}

/** What to offer a host for a key of a type. */
export function hostKeyAlgorithms(type: string): ServerHostKeyAlgorithm[] {
  return (type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [type]) as ServerHostKeyAlgorithm[];
}

/** A key's binary form begins with the type's length and the type (RFC 4253, section 6.6). */
export function keyType(key: Buffer): string {
  return key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1');
}
