import { PassThrough } from 'node:stream';
import { type ParsedKey, utils } from 'ssh2';
import { connect } from '../../../domain/ssh/connect';

test('a connection that breaks twice fails once, and ends nothing else', async () => {
  const key = utils.parseKey(utils.generateKeyPairSync('ed25519').private) as ParsedKey;
  const via = new PassThrough();
  const connected = connect(
    { label: 'bastion of site golden', via, user: 'root', key, hostKey: 'ssh-ed25519 AAAA' },
    (reason) => new Error(`unreachable: ${reason}`),
  );

  via.emit('error', new Error('reset'));
  via.emit('error', new Error('reset again'));

  await expect(connected).rejects.toThrow('unreachable: reset');
});
