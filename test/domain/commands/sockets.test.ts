import { occupies, parseSockets } from '../../../domain/commands/sockets';

// Lines of /proc/net/tcp and /proc/net/tcp6, in the form of Linux 3.13 to 6.12.
const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0616150A:2527 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 21034 1 0000000000000000 100 0 0 10 0
   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 18244 1 0000000000000000 100 0 0 10 0
   2: 0616150A:0016 0116150A:C350 01 00000000:00000000 02:000A7BD5 00000000     0        0 30111 2 0000000000000000 20 4 29 10 -1
  10: 0216150A:1388 00000000:0000 0A 00000000:00000000 00:00000000 00000000   108        0 19000 1 0000000000000000 100 0 0 10 0
`;
const TCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:2527 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 22 1 0
   1: 0000000000000000FFFF00000216150A:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 23 1 0
   2: 000080FE00000000FF005450B6AD1DFE:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 24 1 0
`;

test('what listens is found, in both families, and no connection', () => {
  expect(parseSockets(TCP + TCP6)).toEqual([
    { address: '10.21.22.6', port: 9511 },
    { address: '0.0.0.0', port: 22 },
    { address: '10.21.22.2', port: 5000 },
    { address: '::', port: 9511 },
    { address: '::ffff:10.21.22.2', port: 80 },
    { address: 'fe80:0:0:0:5054:ff:fe1d:adb6', port: 80 },
  ]);
});

test('text that is no such table holds nothing', () => {
  expect(parseSockets('cat: /proc/net/tcp6: No such file or directory\n')).toEqual([]);
});

test.each([
  ['0.0.0.0', true],
  ['::', true],
  ['10.21.22.2', true],
  ['::ffff:10.21.22.2', true],
  ['10.21.22.6', false],
  ['127.0.0.1', false],
])('a process on %s keeps HAProxy from the VIP: %s', (address, expected) => {
  expect(occupies({ address, port: 9511 }, '10.21.22.2', 9511)).toBe(expected);
  expect(occupies({ address, port: 9512 }, '10.21.22.2', 9511)).toBe(false);
});
