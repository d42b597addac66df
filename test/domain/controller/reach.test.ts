import type { Duplex } from 'node:stream';
import { reach } from '../../../domain/controller/reach';
import type { Site } from '../../../domain/site/document';
import { connection } from '../../../local/simulated-site/duplex-pair';
import { serveHttp } from '../../../local/simulated-site/http-server';
import { fakeConnection } from '../fakes';
import { site } from '../sites';

/** A line of `ss -ltnp`. */
const listening = (address: string, port: number, program = 'uwsgi') =>
  `LISTEN 0      128    ${address}:${port}     0.0.0.0:*    users:(("${program}",pid=812,fd=4))\n`;
const HAPROXY = listening('10.21.22.2', 5000, 'haproxy');

interface Found {
  /** What listens on node-2. @default HAProxy at the VIP, Magnum at the controller's own address */
  readonly sockets?: string;
  /** Whether the API at this address answers so many milliseconds after the beginning. @default it does */
  readonly answers?: (host: string, milliseconds: number) => boolean;
}

/** Whether HAProxy will reach Magnum on a site that is so. */
async function reaching(document: Site, { sockets, answers = () => true }: Found = {}) {
  const {
    connection: connected,
    clock,
    dialled,
  } = await fakeConnection(document, {
    answer: (name) => (name === 'node-2' ? sockets : undefined) ?? HAPROXY + listening('10.21.22.5', 9511),
    accept: (host) => (answers(host, clock.now() - began) ? api() : undefined),
  });
  const began = clock.now();
  const [result] = await Promise.allSettled([clock.drive(reach(connected.nodes))]);
  return { result, dialled, milliseconds: clock.now() - began };
}

/** An API of Magnum, as far as it lists its versions. */
function api(): Duplex {
  const { near, far } = connection();
  serveHttp(far, (_, response) => response.end('{"versions":[]}'));
  return near;
}

const golden = site('golden');

test('every API is asked by every other controller, and by its own only if there is no other', async () => {
  const alone = site('golden', (document) => (document.controllers = [document.controllers[0]]));

  const [all, one] = [await reaching(golden), await reaching(alone)];

  expect([all.result.status, one.result.status]).toEqual(['fulfilled', 'fulfilled']);
  expect(all.dialled.toSorted()).toEqual([
    'node-1: 10.21.22.4:9511',
    'node-1: 10.21.22.5:9511',
    'node-2: 10.21.22.4:9511',
    'node-2: 10.21.22.6:9511',
    'node-3: 10.21.22.5:9511',
    'node-3: 10.21.22.6:9511',
  ]);
  expect(one.dialled).toEqual(['node-1: 10.21.22.6:9511']);
});

test('an API that takes its time is waited for', async () => {
  const { result, milliseconds } = await reaching(golden, {
    answers: (host, passed) => host !== '10.21.22.5' || passed > 12_000,
  });

  expect(result.status).toBe('fulfilled');
  expect(milliseconds).toBe(13_000);
});

test('one that nobody reaches is told after half a minute: who does not, whom, and where to look', async () => {
  const { result, milliseconds } = await reaching(golden, { answers: (host) => host !== '10.21.22.5' });

  const message = expect.stringMatching(
    /node-1 does not reach node-2 \(10\.21\.22\.5:9511\): .*ECONNREFUSED.*; node-3 does not reach node-2.*iptables -S/,
  ) as string;
  expect(result).toMatchObject({ reason: { name: 'MagnumUnreachable', message } });
  expect(milliseconds).toBe(30_000);
});

describe('the address that HAProxy needs', () => {
  test('is also that of the public VIP', async () => {
    const publicVip = { address: '203.0.113.9', port: 443, certificate: '/etc/ssl/magnum.pem' };
    const document = { ...golden, haproxy: { ...golden.haproxy, publicVip } };

    const { result } = await reaching(document, { sockets: HAPROXY + listening('0.0.0.0', 443) });

    const message = expect.stringMatching(/listens on port 443 of every address.*at 203\.0\.113\.9:443/) as string;
    expect(result).toMatchObject({ reason: { name: 'ApiPortTaken', message } });
  });

  test('is taken by something that listens on every address: nothing would come back', async () => {
    const { result, dialled } = await reaching(golden, { sockets: HAPROXY + listening('0.0.0.0', 9511) });

    const message = expect.stringMatching(
      /On node-2 of site golden uwsgi listens on port 9511.*HAProxy was not disabled.*--http-socket 10\.21\.22\.5:9511/,
    ) as string;
    expect(result).toMatchObject({ reason: { name: 'ApiPortTaken', message } });
    expect(dialled).toEqual([]);
  });

  test.each([
    ['by HAProxy itself', HAPROXY + listening('10.21.22.2', 9511, 'haproxy')],
    ['by another port', HAPROXY + listening('0.0.0.0', 22)],
    ['where HAProxy is in a network namespace of its own', listening('0.0.0.0', 9511)],
  ])('is not taken %s', async (_, sockets) => {
    const { result } = await reaching(golden, { sockets });

    expect(result.status).toBe('fulfilled');
  });
});
