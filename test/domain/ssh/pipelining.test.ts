import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { Client, type ParsedKey, utils } from 'ssh2';
import { pipeline } from '../../../domain/ssh/pipelining';
import { keys } from './sshd';

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
