import { uuid } from '../../../local/emulator/uuid';

test.each([
  [0x00, '00000000-0000-4000-8000-000000000000'],
  [0xff, 'ffffffff-ffff-4fff-bfff-ffffffffffff'],
])('random bytes make a UUID of version 4: %d', (byte, expected) => {
  expect(uuid({ number: () => 0, bytes: (length) => Buffer.alloc(length, byte) })).toBe(expected);
});
