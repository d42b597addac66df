import { parseListening, takers } from '../../../domain/commands/listening';

/** ss -ltnp of iproute2 6.1 (Debian 12) as root; the last line in the form of 3.12 (Ubuntu 14.04). */
const SS = `State  Recv-Q Send-Q Local Address:Port  Peer Address:PortProcess
LISTEN 0      100        127.0.0.1:18999      0.0.0.0:*    users:(("haproxy",pid=10364,fd=7))
LISTEN 0      511                *:9511             *:*    users:(("uwsgi_python3",pid=812,fd=4),("uwsgi_python3",pid=813,fd=4))
LISTEN 0      128          0.0.0.0:22         0.0.0.0:*    users:(("sshd",pid=700,fd=3))
LISTEN 0      128             [::]:22            [::]:*    users:(("sshd",pid=700,fd=4))
LISTEN 0      4096   10.21.22.2%br-mgmt:80    0.0.0.0:*
LISTEN 0      4096 [::ffff:10.21.22.2]:8080         *:*    users:(("java",pid=900,fd=9))
LISTEN 0      5            10.21.22.2:5000      0.0.0.0:*    users:(("x",pid=1,fd=3)",pid=66,fd=3))
LISTEN 0      128                 10.21.22.4:9511            *:*      users:(("magnum-api",2201,5))
`;

test('addresses, ports and processes', () => {
  expect(parseListening(SS)).toEqual([
    { address: '127.0.0.1', port: 18999, pids: [10364] },
    { address: '*', port: 9511, pids: [812, 813] },
    { address: '*', port: 22, pids: [700] },
    { address: '*', port: 22, pids: [700] },
    { address: '10.21.22.2', port: 80, pids: [] },
    { address: '10.21.22.2', port: 8080, pids: [900] },
    // A process with a quote in its name.
    { address: '10.21.22.2', port: 5000, pids: [] },
    { address: '10.21.22.4', port: 9511, pids: [2201] },
  ]);
});

test('what would be in the way of a listener: the address itself, and all addresses', () => {
  const listening = parseListening(SS);

  expect(takers(listening, '10.21.22.2', 9511).map(({ pids }) => pids)).toEqual([[812, 813]]);
  expect(takers(listening, '10.21.22.4', 9511).map(({ pids }) => pids)).toEqual([[812, 813], [2201]]);
  expect(takers(listening, '10.21.22.2', 443)).toEqual([]);
});

test('nothing', () => {
  expect(parseListening('')).toEqual([]);
});
