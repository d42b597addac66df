import { probe } from '../../lab/prober';
import type { During } from './lab';
import {
  aftermath,
  AGENT,
  ALL,
  bastionGoneForAWhile,
  breaking,
  cut,
  disabled,
  endOf,
  failed,
  faults,
  faultyLab,
  FRAGMENTS,
  GONE,
  impatient,
  patientStop,
  site,
  slowStop,
  splitCluster,
  undo,
  WELL,
} from './faults';

faultyLab();

describe('a controller that is lost, with everything in place', () => {
  it.each([
    { fault: 'loses power', name: 'node-3' },
    { fault: 'is cut off', name: 'node-1' },
  ] as const)('$fault: $name, in Verify', async ({ fault, name }) => {
    // Its API accepts and says nothing, so that Verify still waits for it.
    const silent = {
      state: 'Inspect controllers',
      act: () => breaking(name, 'pkill -STOP -x magnum-api', 'pkill -CONT -x magnum-api || true'),
    };
    const lost = { state: 'Verify', after: 1000, act: () => faults[fault](name) };

    const result = await site.apply([silent, lost]);

    expect(endOf(result)).toEqual(failed(GONE, name));
    expect(await aftermath(ALL.filter((one) => one !== name))).toEqual(WELL);
  });
});

describe('a controller that is lost while HAProxy is cycled', () => {
  beforeEach(() => site.drift('fragment'));

  it.each([
    { fault: 'loses power', name: 'node-1' },
    { fault: 'is cut off', name: 'node-3' },
  ] as const)('$fault: $name, as HAProxy stops', async ({ fault, name }) => {
    await slowStop();
    const probed = await probe(site.lab, { everyMs: 10 });
    const during: During = { state: 'Disable HAProxy', act: () => disabled().then(() => faults[fault](name)) };

    const result = await site.apply(during);

    expect(endOf(result)).toEqual(failed('HAProxyStopInterrupted', name));
    expect(await aftermath(ALL.filter((one) => one !== name))).toEqual(WELL);
    expect((await probed()).longestMs).toBeLessThan(20_000);
  });

  it.each([
    { fault: 'loses power', name: 'node-1' },
    { fault: 'is cut off', name: 'node-3' },
  ] as const)('$fault: $name, as it is enabled', async ({ fault, name }) => {
    const probed = await probe(site.lab, { everyMs: 10 });

    const result = await site.apply({ state: 'Enable HAProxy', act: () => faults[fault](name) });

    expect(endOf(result)).toEqual(failed(GONE, name));
    expect(await aftermath(ALL.filter((one) => one !== name))).toEqual(WELL);
    expect((await probed()).longestMs).toBeLessThan(20_000);
  });

  it('two at once: HAProxy comes back when they do', async () => {
    await slowStop();
    const act = () => disabled().then(() => Promise.all([cut('node-2'), cut('node-3')]));

    const result = await site.apply({ state: 'Disable HAProxy', act }, impatient());

    expect(endOf(result)).toEqual(failed('HAProxyStopInterrupted|HAProxyStartTimeout', 'node-2', 'node-3'));
    expect(await site.wrongFiles(ALL)).toEqual([]);
  });

  it('the quorum: HAProxy comes back with it', async () => {
    await slowStop();
    const act = () => disabled().then(splitCluster);

    const result = await site.apply({ state: 'Disable HAProxy', act }, impatient());

    // HAProxy may have stopped before anybody missed a controller.
    expect(endOf(result)).toEqual(failed('HAProxyStopInterrupted|HAProxyStartTimeout', '(offline|quorum)'));
    expect(await site.wrongFiles(ALL)).toEqual([]);
  });

  it('its management by pacemaker: told what to do, and HAProxy comes back with it', async () => {
    // pcs is done before HAProxy has stopped.
    await slowStop(6);
    const act = () =>
      disabled().then(() => breaking('node-1', 'pcs resource unmanage p_haproxy', 'pcs resource manage p_haproxy'));

    const result = await site.apply(
      { state: 'Disable HAProxy', act },
      { ...site.lab.document, haproxy: patientStop() },
    );

    expect(endOf(result)).toEqual(
      failed('HAProxyResourceUnmanaged|HAProxyStartTimeout', 'pcs resource manage p_haproxy'),
    );
    expect(await site.wrongFiles(ALL)).toEqual([]);
  });

  it('the bastion, for a while: enabled again as soon as it is back', async () => {
    await slowStop();
    const act = () => disabled().then(bastionGoneForAWhile);

    const result = await site.apply({ state: 'Disable HAProxy', act });

    expect(endOf(result)).toEqual(failed('HAProxyStopInterrupted', 'connection'));
    expect(await aftermath(ALL)).toEqual(WELL);
  });
});

describe('a haproxy that will not stop', () => {
  beforeEach(() => site.drift('fragment'));

  it('is enabled again, and the error says where and what to do', async () => {
    const stopTimeout = (seconds: number) => `pcs resource update p_haproxy op stop timeout=${seconds}s`;
    await breaking('node-1', stopTimeout(6), stopTimeout(60));
    undo.push(() => site.bash('node-1', 'pcs resource cleanup p_haproxy'));
    await breaking('node-2', 'kill -STOP $(pidof haproxy)', 'kill -CONT $(pidof haproxy)');

    const result = await site.apply();

    expect(endOf(result)).toEqual(failed('HAProxyStopBlocked', 'node-2', 'pcs resource cleanup p_haproxy'));
    expect(await aftermath(['node-1', 'node-3'])).toEqual(WELL);
  });

  it('because it is unmanaged since Preflight', async () => {
    const act = () => breaking('node-1', 'pcs resource unmanage p_haproxy', 'pcs resource manage p_haproxy');

    // Early enough for pcs to be done before HAProxy is to be disabled.
    const result = await site.apply({ state: 'Preflight cloud', act });

    expect(endOf(result)).toEqual(failed('HAProxyResourceUnmanaged', 'p_haproxy', 'pcs resource manage'));
    expect(await aftermath(ALL)).toEqual(WELL);
  });
});

describe('a haproxy that does not come up with the fragment', () => {
  beforeEach(() => site.drift('fragment'));

  it.each([
    { where: 'everywhere', names: ALL },
    { where: 'on one controller', names: ['node-2'] },
  ])('$where: it comes up with the one of before, and the error says so', async ({ names }) => {
    await slowStop();
    // Neither Preflight nor Reach can see it: HAProxy does not start with the fragment from then on.
    const refuse = `test ! -e ${FRAGMENTS}/180-magnum.cfg || return "$OCF_ERR_GENERIC"`;
    const act = () =>
      disabled().then(() =>
        Promise.all(
          names.map((name) =>
            breaking(name, `sed -i 's#^start() {#&\\n  ${refuse}#' ${AGENT}`, `sed -i '/^start() {/{n;d}' ${AGENT}`),
          ),
        ),
      );

    const result = await site.apply(
      { state: 'Disable HAProxy', act },
      { ...site.lab.document, haproxy: patientStop() },
    );

    expect(endOf(result)).toEqual(failed('HAProxyStartTimeout', 'Rolled back: .* on node-1, node-2, node-3'));
    expect(await aftermath(ALL)).toEqual(WELL);
  });
});
