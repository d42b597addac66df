import { inTheWay, parseListening, takers } from '../../../domain/commands/listening';

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
    { address: '127.0.0.1', port: 18999, pids: [10364], program: 'haproxy' },
    { address: '*', port: 9511, pids: [812, 813], program: 'uwsgi_python3' },
    { address: '*', port: 22, pids: [700], program: 'sshd' },
    { address: '*', port: 22, pids: [700], program: 'sshd' },
    { address: '10.21.22.2', port: 80, pids: [], program: undefined },
    { address: '10.21.22.2', port: 8080, pids: [900], program: 'java' },
    // A process with a quote in its name.
    { address: '10.21.22.2', port: 5000, pids: [], program: undefined },
    { address: '10.21.22.4', port: 9511, pids: [2201], program: 'magnum-api' },
  ]);
});

test('what would be in the way of a listener: the address itself, and all addresses', () => {
  const listening = parseListening(SS);

  expect(takers(listening, '10.21.22.2', 9511).map(({ pids }) => pids)).toEqual([[812, 813]]);
  expect(takers(listening, '10.21.22.4', 9511).map(({ pids }) => pids)).toEqual([[812, 813], [2201]]);
  expect(takers(listening, '10.21.22.2', 443)).toEqual([]);
});

describe('what keeps HAProxy from an address', () => {
  const line = (address: string, program: string) =>
    `LISTEN 0 128 ${address} 0.0.0.0:* users:(("${program}",pid=1,fd=3))\n`;
  const haproxy = line('10.21.22.2:5000', 'haproxy');

  test.each<[string, string, string | undefined]>([
    ['something on every address', haproxy + line('0.0.0.0:9511', 'uwsgi'), 'uwsgi'],
    ['on every address of both kinds', haproxy + line('*:9511', 'uwsgi'), 'uwsgi'],
    ['nothing at another address', haproxy + line('10.21.22.4:9511', 'magnum-api'), undefined],
    ['nothing at another port', haproxy + line('0.0.0.0:9512', 'uwsgi'), undefined],
    ['nothing that is HAProxy itself', haproxy + line('0.0.0.0:9511', 'haproxy'), undefined],
    ['nothing if HAProxy is in a network namespace', line('0.0.0.0:9511', 'uwsgi'), undefined],
    ['also if HAProxy listens on every address', line('*:80', 'haproxy') + line('*:9511', 'uwsgi'), 'uwsgi'],
    ['also if nobody says which program', 'LISTEN 0 1 10.21.22.2:80 *:*\nLISTEN 0 1 *:9511 *:*\n', undefined],
  ])('%s', (_, ss, program) => {
    expect(inTheWay(parseListening(ss), '10.21.22.2', 9511)?.program).toBe(program);
  });
});

test('nothing', () => {
  expect(parseListening('')).toEqual([]);
});
