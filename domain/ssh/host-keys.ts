import { connect as connectTcp } from 'node:net';
import type { Duplex } from 'node:stream';
import { Client } from 'ssh2';
import { messageOf } from '../errors';
import { mapAll } from '../non-empty';
import type { Site } from '../site/document';
import type { Clock } from '../world';
import { connect, hostKeyAlgorithms, keyType, parsePrivateKey } from './connect';
import { bastionOf, bastionUnreachable } from './failures';
import { forward } from './transport';

/** Time for TCP and the key exchange, in milliseconds. */
const TIMEOUT_MS = 15_000;
/** All types that a site document can pin, the best first. */
const TYPES = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521', 'ssh-rsa'];

/** The host key that a host of a site shows, or why it shows none. */
export interface ShownKey {
  /** Path of the host in the document: `bastion`, `controllers.1`. */
  readonly path: string;
  readonly name: string;
  /** As a site document has it: "ssh-ed25519 AAAA…". */
  readonly hostKey?: string;
  readonly problem?: string;
}

/**
 * Asks every host of a site for its host key: the bastion directly, the controllers through it. Only the bastion is logged in
 * to, and only if it shows its pinned key, or has none pinned.
 *
 * @param pins the keys in the document, by path of the host: a host is asked for the type of its own, or for its best
 * @throws BastionUnreachable, HostKeyMismatch, SshAuthenticationFailed, SshPrivateKeyInvalid
 */
export async function scanHostKeys(
  clock: Clock,
  site: Site,
  { privateKey, pins }: { readonly privateKey: string; readonly pins: ReadonlyMap<string, string> },
): Promise<ShownKey[]> {
  const key = parsePrivateKey(privateKey, site.ssh.privateKey.ssm);
  const { host, port, user } = site.bastion;
  const unreachable = (reason: string) => bastionUnreachable(site, reason);
  const hostKey =
    pins.get('bastion') ??
    (await shownKey(connectTcp({ host, port }), TYPES).catch((error: unknown) => {
      throw unreachable(messageOf(error));
    }));
  const target = { label: bastionOf(site), via: { host, port }, user, key, hostKey };
  const bastion = await connect(clock, target, unreachable);
  try {
    await bastion.ready;
    const controllers = await Promise.all(
      mapAll(site.controllers, async (controller, index): Promise<ShownKey> => {
        const { name, address, port: sshPort } = controller;
        const path = `controllers.${index}`;
        const [pinnedType] = pins.get(path)?.split(' ', 1) ?? [];
        try {
          const stream = await forward(clock, bastion, target.label, address, sshPort);
          return { path, name, hostKey: await shownKey(stream, pinnedType === undefined ? TYPES : [pinnedType]) };
        } catch (error) {
          return { path, name, problem: messageOf(error) };
        }
      }),
    );
    return [{ path: 'bastion', name: 'bastion', hostKey }, ...controllers];
  } finally {
    bastion.client.end();
  }
}

/** The key that whoever answers on a stream shows. Nobody is logged in to: the connection ends there. */
function shownKey(stream: Duplex, types: readonly string[]): Promise<string> {
  const client = new Client();
  return new Promise<string>((resolve, reject) => {
    client.on('error', reject).once('close', () => {
      reject(new Error('the connection was closed during the key exchange'));
    });
    client.connect({
      sock: stream,
      username: 'nobody',
      hostVerifier: (key: Buffer) => {
        resolve(`${keyType(key)} ${key.toString('base64')}`);
        return false;
      },
      algorithms: { serverHostKey: types.flatMap(hostKeyAlgorithms) },
      readyTimeout: TIMEOUT_MS,
    });
  }).finally(() => {
    client.destroy();
  });
}
