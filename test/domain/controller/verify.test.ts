import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Restart } from '../../../domain/controller/restart';
import { verify } from '../../../domain/controller/verify';
import { connection } from '../../../local/simulated-site/duplex-pair';
import { serveHttp } from '../../../local/simulated-site/http-server';
import { authority } from '../../../local/simulated-site/certificates';
import { fakeConnection } from '../fakes';
import { startSession, type TestSession } from '../openstack/session';
import { crmMon, type Instance } from '../pacemaker/crm-mon';
import { processes } from '../processes';
import { site } from '../sites';

const golden = site('golden');
const ALL = ['node-1', 'node-2', 'node-3'];

let session: TestSession;
beforeEach(async () => {
  session = await startSession();
});
afterEach(() => session.end());

interface Found {
  /** Addresses at which no API answers. */
  readonly silent?: readonly string[];
  /** Controllers on which no conductor runs. */
  readonly without?: readonly string[];
  readonly instances?: readonly Instance[];
  /** What the controllers find at the public VIP; the document has none without it. */
  readonly atPublicVip?: (connection: Duplex) => void;
}

const PUBLIC_VIP = '203.0.113.9';
const PRIVATE = authority('Operators').issue({ names: ['magnum.cloud.example'] });
const versions: RequestListener = (_, response) => response.end('{"versions":[]}');

/** Serves TLS on a connection, as `bind … ssl crt` does. */
function serveSecurely(connection: Duplex, listener: RequestListener): void {
  createServer(PRIVATE, listener).emit('connection', connection);
}

/** Verifies a site that is so. */
async function verified(found: Found = {}, restarts: readonly Restart[] = []) {
  const { silent = [], without = [], instances, atPublicVip } = found;
  const publicVip = { address: PUBLIC_VIP, port: 443, certificate: '/etc/ssl/magnum.pem' };
  const document = { ...golden, haproxy: { ...golden.haproxy, ...(atPublicVip && { publicVip }) } };
  const { connection: connected, dialled } = await fakeConnection(document, {
    answer: (name, { argv: [program] }) => {
      if (program === 'ps') return processes(without.includes(name) ? [] : ['9 magnum-conductor']);
      if (program === 'date') return String(Math.floor(session.clock.now() / 1000));
      return crmMon({ instances: instances ?? ALL.map((node) => ({ node })) });
    },
    accept: (host) => {
      if (silent.includes(host)) return undefined;
      const { near, far } = connection();
      if (host === PUBLIC_VIP) atPublicVip?.(far);
      else serveHttp(far, versions);
      return near;
    },
  });
  const [result] = await Promise.allSettled([session.drive(verify(connected, session, restarts))]);
  return { result, verification: result.status === 'fulfilled' ? result.value : undefined, dialled };
}

/** Conductors on these controllers have sent a heartbeat. */
function conductorsOn(...controllers: string[]): void {
  for (const controller of controllers) session.cloud.conductor(controller);
}

const restarted = (controller: string, ago: number): Restart => ({
  controller,
  services: [],
  restartedAt: Math.floor(session.clock.now() / 1000) - ago,
  seconds: 2,
});

test('healthy is what answers and lives everywhere', async () => {
  conductorsOn(...ALL);

  const { verification } = await verified();

  expect(verification).toMatchObject({ healthy: true, waitingFor: [] });
  expect(verification?.apis).toEqual([
    { name: 'node-1', address: '10.21.22.6', answers: true },
    { name: 'node-2', address: '10.21.22.5', answers: true },
    { name: 'node-3', address: '10.21.22.4', answers: true },
    { name: 'VIP', address: '10.21.22.2', answers: true },
  ]);
  expect(verification?.conductors.map(({ host }) => host)).toEqual(ALL);
});

test('each API is asked by its neighbour, through the firewall', async () => {
  conductorsOn(...ALL);

  const { dialled } = await verified();

  expect(dialled).toEqual([
    'node-2: 10.21.22.6:9511',
    'node-3: 10.21.22.5:9511',
    'node-1: 10.21.22.4:9511',
    'node-1: 10.21.22.2:9511',
  ]);
});

test.each<[string, Found, RegExp]>([
  ['an API does not answer', { silent: ['10.21.22.5'] }, /Magnum API of node-2 \(10\.21\.22\.5:9511\).*ECONNREFUSED/],
  ['the VIP does not answer', { silent: ['10.21.22.2'] }, /Magnum API of VIP \(10\.21\.22\.2:9511\) does not answer/],
  ['a conductor does not run', { without: ['node-3'] }, /^magnum-conductor does not run on node-3\.$/],
  [
    'HAProxy does not run somewhere',
    { instances: [{ node: 'node-1' }, { node: 'node-2', failed: true }, {}] },
    /^HAProxy does not run on node-2, node-3: see crm_mon/,
  ],
])('not healthy if %s, which is told', async (_, found, told) => {
  conductorsOn(...ALL);

  const { verification } = await verified(found);

  expect(verification).toMatchObject({ healthy: false, waitingFor: [expect.stringMatching(told) as string] });
});

describe('a public VIP', () => {
  test('is asked with TLS, whatever name its certificate has', async () => {
    conductorsOn(...ALL);

    const { verification, dialled } = await verified({
      atPublicVip: (connection) => {
        serveSecurely(connection, versions);
      },
    });

    expect(verification).toMatchObject({ healthy: true, waitingFor: [] });
    expect(verification?.apis.at(-1)).toEqual({ name: 'public VIP', address: PUBLIC_VIP, answers: true });
    expect(dialled).toContain('node-1: 203.0.113.9:443');
  });

  test.each<[string, (connection: Duplex) => void, RegExp]>([
    [
      'has no server up',
      (far) => {
        serveSecurely(far, (_, response) => response.writeHead(503).end('<h1>503</h1>'));
      },
      /public VIP \(203\.0\.113\.9:443\) does not answer: not yet/,
    ],
    [
      'talks http',
      (far) => {
        serveHttp(far, versions);
      },
      /public VIP .* speaks http, not https/,
    ],
    ['closes every connection', (far) => far.destroy(), /public VIP .* does not answer/],
  ])('is waited for if it %s', async (_, atPublicVip, told) => {
    conductorsOn(...ALL);

    const { verification } = await verified({ atPublicVip });

    expect(verification).toMatchObject({ healthy: false, waitingFor: [expect.stringMatching(told) as string] });
  });

  test('that the controllers have no way to is not reported on', async () => {
    conductorsOn(...ALL);

    const { verification } = await verified({
      atPublicVip: () => {
        throw new Error('(SSH) Channel open failure: No route to host');
      },
    });

    expect(verification).toMatchObject({ healthy: true });
    expect(verification?.apis.map(({ name }) => name)).not.toContain('public VIP');
  });
});

test('of conductors nobody is asked at a VIP that does not answer', async () => {
  conductorsOn(...ALL);
  const asked = jest.spyOn(session.magnum, 'services');

  const { verification } = await verified({ silent: ['10.21.22.2'] });

  expect(verification?.conductors).toEqual([]);
  expect(asked).not.toHaveBeenCalled();
});

describe('a conductor lives', () => {
  test('if it has sent a heartbeat since its restart', async () => {
    session.cloud.pass(300);
    conductorsOn(...ALL);

    const { verification } = await verified(
      {},
      ALL.map((name) => restarted(name, 5)),
    );

    expect(verification).toMatchObject({ healthy: true });
  });

  test('not if the last one is older than its restart', async () => {
    conductorsOn(...ALL);
    session.cloud.pass(30);

    const { verification } = await verified({}, [restarted('node-2', 10)]);

    expect(verification).toMatchObject({
      healthy: false,
      waitingFor: [expect.stringMatching(/^Only 2 of 3 conductors.*that of node-2/) as string],
    });
  });

  test('not if it was not restarted and has been silent for two minutes, though Magnum calls it up', async () => {
    conductorsOn(...ALL);
    session.cloud.openstack.faults.dropConductor('node-1');
    session.cloud.pass(150);

    const { verification } = await verified();

    expect(verification?.conductors.find(({ host }) => host === 'node-1')).toMatchObject({ state: 'up' });
    expect(verification).toMatchObject({
      healthy: false,
      waitingFor: [expect.stringMatching(/that of node-1/) as string],
    });
  });
});

test('what passes while services start is waited for: Magnum that cannot check tokens yet', async () => {
  conductorsOn(...ALL);
  await session.magnum.services();
  session.cloud.openstack.faults.keystoneDown = true;

  const { verification } = await verified();

  expect(verification).toMatchObject({ healthy: false, conductors: [] });
  expect(verification?.waitingFor).toHaveLength(1);
});

test('what does not pass is an error: refused credentials', async () => {
  await session.end();
  session = await startSession({}, { password: 'guess-4711' });

  const { result } = await verified();

  expect(result).toMatchObject({ reason: { name: 'KeystoneCredentialsRefused' } });
});
