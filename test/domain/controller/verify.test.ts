import type { Restart } from '../../../domain/controller/restart';
import { verify } from '../../../domain/controller/verify';
import { connection } from '../../../local/simulated-site/duplex-pair';
import { serveHttp } from '../../../local/simulated-site/http-server';
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
}

/** Verifies a site that is so. */
async function verified({ silent = [], without = [], instances }: Found = {}, restarts: readonly Restart[] = []) {
  const { connection: connected, dialled } = await fakeConnection(golden, {
    answer: (name, { argv: [program] }) => {
      if (program === 'ps') return processes(without.includes(name) ? [] : ['9 magnum-conductor']);
      if (program === 'date') return String(Math.floor(session.clock.now() / 1000));
      return crmMon({ instances: instances ?? ALL.map((node) => ({ node })) });
    },
    accept: (host) => {
      if (silent.includes(host)) return undefined;
      const { near, far } = connection();
      serveHttp(far, (_, response) => response.end('{"versions":[]}'));
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
