import { KeyObject } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { Client, type ParsedKey, Server, utils } from 'ssh2';
import { pipeline } from '../../../domain/ssh/pipelining';
import { closeServers, keys, serverThat } from './sshd';

const key = utils.parseKey(keys('ed25519').private) as ParsedKey;

test('a client whose insides look otherwise is left as it is', () => {
  const service = () => undefined;
  const protocol = { service };
  const client = Object.assign(new EventEmitter(), { _protocol: protocol });

  pipeline(client as unknown as Client, key, new PassThrough(), () => undefined);

  expect(protocol).toEqual({ service });
  expect(client.eventNames()).toEqual([]);
});

test('the insides of the ssh2 that is installed look as expected', () => {
  const client = new Client();
  client.on('error', () => undefined);
  const stream = new PassThrough();
  client.connect({ sock: stream, username: 'root' });

  pipeline(client, key, stream, () => undefined);

  expect(client.listenerCount('handshake')).toBe(1);
  client.destroy();
});

test("ciphers have keys of Node's own kind", async () => {
  const server = new Server({ hostKeys: [keys('ed25519').private] }, (peer) => {
    peer.on('authentication', (context) => {
      context.accept();
    });
  });
  const inject = (incoming: Socket) => {
    server.injectSocket(incoming);
  };
  const socket = connect(await serverThat(inject), '127.0.0.1');
  const client = new Client();
  const ready = once(client, 'ready');
  client.connect({ sock: socket, username: 'root', privateKey: keys('ed25519').private });

  pipeline(client, key, socket, () => undefined);
  await ready;

  const { _cipher: cipher, _decipher: decipher } = (client as unknown as { _protocol: Insides })._protocol;
  expect([cipher._encKey, decipher._decipherKey]).toEqual([expect.any(KeyObject), expect.any(KeyObject)]);
  client.destroy();
  closeServers();
});

interface Insides {
  readonly _cipher: { readonly _encKey: unknown };
  readonly _decipher: { readonly _decipherKey: unknown };
}
