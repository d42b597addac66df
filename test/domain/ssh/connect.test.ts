import { type Duplex, PassThrough } from 'node:stream';
import { type ParsedKey, utils } from 'ssh2';
import { connect } from '../../../domain/ssh/connect';
import { realClock } from '../../../domain/world';

const key = utils.parseKey(utils.generateKeyPairSync('ed25519').private) as ParsedKey;
const connectBy = (via: Duplex) =>
  connect(
    realClock,
    { label: 'bastion of site golden', via, user: 'root', key, hostKey: 'ssh-ed25519 AAAA' },
    (reason) => new Error(`unreachable: ${reason}`),
  );

test('a connection that breaks twice fails once, and ends nothing else', async () => {
  const via = new PassThrough();
  const connected = connectBy(via);

  via.emit('error', new Error('reset'));
  via.emit('error', new Error('reset again'));

  await expect(connected).rejects.toThrow('unreachable: reset');
});

test('a channel whose other side has closed is not waited for, though it is half open', async () => {
  const via = new PassThrough({ allowHalfOpen: true });
  const connected = connectBy(via);

  via.push(null);

  await expect(connected).rejects.toThrow('unreachable: Connection lost before handshake');
  expect(via.destroyed).toBe(true);
});
