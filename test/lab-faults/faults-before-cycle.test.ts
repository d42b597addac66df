import {
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
