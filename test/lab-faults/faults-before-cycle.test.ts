import { probe } from '../../lab/prober';
import { reportOf } from '../workflow/local';
import {
  AGENT,
  aftermath,
  ALL,
  bastionRefusesForAWhile,
  breaking,
  endOf,
  failed,
  faults,
  faultyLab,
  fillDisk,
  FRAGMENTS,
  GONE,
  makeReadOnly,
  powerOff,
  STARTED,
  property,
  site,
  splitCluster,
  undo,
  WELL,
} from './faults';

faultyLab();

describe('what goes wrong before HAProxy is cycled', () => {
  beforeEach(() => site.drift('everything'));

  it.each(
    [
      { state: 'Preflight', after: 300 },
      { state: 'Inspect controllers', after: 200 },
      { state: 'Stage files', after: 300 },
      { state: 'Commit files', after: 200 },
      { state: 'Restart Magnum', after: 300 },
    ].flatMap((when, index) => [
      // The first controller is the one that others are asked through.
      { ...when, fault: 'loses power' as const, name: index % 2 === 0 ? 'node-1' : 'node-3' },
      { ...when, fault: 'is cut off' as const, name: index % 2 === 0 ? 'node-3' : 'node-1' },
    ]),
  )('$name $fault in $state', async ({ state, after, fault, name }) => {
    const result = await site.apply({ state, after, act: () => faults[fault](name) });

    expect(endOf(result)).toEqual(failed(GONE, name));
    expect(await aftermath(ALL.filter((one) => one !== name))).toEqual(WELL);
  });

  it('a controller that reboots as its services are restarted', async () => {
    const act = async () => {
      await powerOff('node-2');
      await undo.pop()?.();
    };

    const result = await site.apply({ state: 'Restart Magnum', act });

    // It comes back soon enough, or not.
    expect([{ status: 'SUCCEEDED' }, failed(`${GONE}|MagnumServiceDown`, 'node-2')]).toContainEqual(endOf(result));
    expect(await aftermath(ALL)).toEqual(WELL);
  });

  it('the bastion refuses for a while in Commit: outlived', async () => {
    const apply = () => site.apply({ state: 'Commit files', act: bastionRefusesForAWhile });

    const result = await site.unhurried(apply);

    expect(endOf(result)).toEqual({ status: 'SUCCEEDED' });
    // A connection was lost in a task that changes something, so the lock is kept.
    expect(await aftermath(ALL)).toMatchObject({ files: WELL.files, haproxy: WELL.haproxy });
  });

  it.each([
    { what: 'unmanaged', set: 'pcs resource unmanage p_haproxy', unset: 'pcs resource manage p_haproxy' },
    { what: 'in maintenance mode', set: property('true'), unset: property('false') },
  ])('HAProxy is $what', async ({ set, unset }) => {
    await breaking('node-1', set, unset);

    const result = await site.apply();

    expect(endOf(result)).toEqual(failed('PreflightRefused', 'HAProxyResourceUnmanaged', unset));
    expect(await aftermath(ALL)).toEqual(WELL);
  });

  it('there is no quorum', async () => {
    await splitCluster();
    await site.bash('node-1', 'until crm_mon -1 | grep -q WITHOUT; do sleep 0.1; done');

    const result = await site.apply();

    expect(endOf(result)).toEqual(failed('PreflightRefused', 'NoQuorum', 'node-1'));
    expect(await site.wrongFiles(ALL)).toEqual([]);
  });

  it('corosync does not run on two controllers', async () => {
    for (const name of ['node-2', 'node-3']) {
      await breaking(name, 'pkill -KILL pacemaker; pkill -KILL corosync; true', STARTED);
    }

    const result = await site.apply();

    expect(endOf(result)).toEqual(failed('PreflightRefused', 'PacemakerUnavailable', 'node-2'));
    expect(await site.wrongFiles(ALL)).toEqual([]);
  });

  it.each([undefined, 'Inspect controllers'])('a neighbouring fragment is broken (%s)', async (state) => {
    const file = `${FRAGMENTS}/050-broken.cfg`;
    const act = () => breaking('node-2', `echo nonsense > ${file}`, `rm ${file}`);
    if (state === undefined) await act();

    const result = await site.apply(state === undefined ? undefined : { state, act });

    expect(endOf(result)).toEqual(failed('PreflightRefused|StagedFileRejected', 'node-2', '050-broken.cfg'));
    expect(await site.wrongHaproxy(ALL)).toEqual([]);
    expect(await site.wrongFiles(['node-1', 'node-3'])).toEqual([]);
  });

  it('its fragment is rejected, and the directory of fragments is a link: what is in use stays as it is', async () => {
    const file = `${FRAGMENTS}/050-broken.cfg`;
    const elsewhere = '/srv/fragments';
    await breaking(
      'node-2',
      `mv ${FRAGMENTS} ${elsewhere} && ln -s ${elsewhere} ${FRAGMENTS}`,
      `rm ${FRAGMENTS} && mv ${elsewhere} ${FRAGMENTS}`,
    );
    const before = await site.bash('node-2', `ls ${elsewhere}`);
    const act = () => breaking('node-2', `echo nonsense > ${file}`, `rm ${file}`);

    const result = await site.apply({ state: 'Inspect controllers', act });

    expect(endOf(result)).toEqual(failed('StagedFileRejected', 'node-2', '050-broken.cfg'));
    expect(await site.bash('node-2', `ls ${elsewhere} | grep -v 050-broken`)).toBe(before);
  });

  it.each([
    { what: 'its disk is full', state: 'Preflight', act: fillDisk },
    { what: 'its /etc is read-only', state: 'Preflight', act: makeReadOnly },
    { what: 'its /etc is read-only', state: 'Commit', act: makeReadOnly },
  ])('$what from $state on', async ({ state, act }) => {
    const result = await site.apply({ state, act });

    expect(endOf(result)).toEqual(failed('CommandFailed|StagedFileDamaged', 'node-2'));
    expect(result.cause).toMatch(/No space left on device|Read-only file system|is not what was sent/);
    expect(await aftermath(ALL)).toEqual(WELL);
  });

  it('its disk is full from Commit on: what is staged already is put in place, or is not', async () => {
    const result = await site.apply({ state: 'Commit', act: fillDisk });

    expect([{ status: 'SUCCEEDED' }, failed('CommandFailed', 'node-2')]).toContainEqual(endOf(result));
    expect(await aftermath(ALL)).toEqual(WELL);
  });

  it('and all is well once it is gone', async () => {
    const result = await site.apply();

    expect(endOf(result)).toEqual({ status: 'SUCCEEDED' });
    expect(await aftermath(ALL)).toEqual(WELL);
  });
});

describe('HAProxy that does not run on one controller', () => {
  const toStart = (name: string) => [
    `${name}: start p_haproxy there, because HAProxy does not run; nothing is disabled for it`,
  ];
  const NO_OUTAGE = { outages: [], lost: [] };
  let name: string;

  beforeEach(async () => {
    const holder = await site.bash('node-1', "crm_mon -1 -r | sed -n 's/.*vip__management.*Started //p'");
    // The VIP goes with HAProxy, and that is no outage of the apply's.
    name = ALL.find((one) => one !== holder.trim()) ?? '';
    // Otherwise pacemaker would try again by itself after two minutes.
    const expires = (seconds: string) => `pcs resource meta p_haproxy failure-timeout=${seconds}`;
    await breaking('node-1', expires(''), expires('120'));
  });

  const dies = () => site.bash(name, 'kill -KILL $(pidof haproxy)');
  /** An apply at true speed, and when the VIP did not answer meanwhile. */
  const mended = async () => {
    const stop = await probe(site.lab);
    const report = reportOf(await site.unhurried(() => site.apply()));
    const { outages, lost } = await stop();
    return { report, probed: { outages, lost } };
  };

  it('and that pacemaker has given up is told, and started there without an outage for the others', async () => {
    await site.bash(name, `sed -i 's#^start() {#&\\n  return "$OCF_ERR_GENERIC"#' ${AGENT}`);
    await dies();
    await site.bash('node-1', 'until crm_mon -1 -r | grep -q Stopped:; do sleep 0.1; done');
    await site.bash(name, `sed -i '/^start() {/{n;d}' ${AGENT}`);

    const checked = reportOf(await site.check());
    const { report, probed } = await mended();

    expect(checked).toMatchObject({ outcome: 'drift', plan: toStart(name) });
    expect(checked.verdicts[0]).toEqual({
      ...{ thing: 'HAProxy', verdict: 'service down', reason: 'HAProxy does not run', controllers: [name] },
    });
    expect(probed).toEqual(NO_OUTAGE);
    expect(report).toMatchObject({ outcome: 'changed', plan: toStart(name), outageMs: null, outages: [] });
    expect(reportOf(await site.check()).outcome).toBe('unchanged');
    expect(await aftermath(ALL)).toEqual(WELL);
  });

  it('and of which pacemaker does not know yet is waited for', async () => {
    // Another interval begins with a monitor now: the next one comes long after the apply has looked.
    const monitor = (seconds: number) => `pcs resource update p_haproxy op monitor interval=${seconds}s timeout=60s`;
    await breaking('node-1', monitor(45), monitor(30));
    await site.bash('node-1', 'crm_resource --wait');
    await dies();

    const { report, probed } = await mended();

    expect(probed).toEqual(NO_OUTAGE);
    expect(report).toMatchObject({ outcome: 'changed', plan: toStart(name), outageMs: null, outages: [] });
    expect(await aftermath(ALL)).toEqual(WELL);
  });
});
