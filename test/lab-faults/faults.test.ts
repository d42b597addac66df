import type { ExecutionResult } from '../../local/emulator/asl';
import type { Site } from '../../domain/site/document';
import { probe } from '../../lab/prober';
import { document, reportOf } from '../workflow/local';
import { type During, type FaultyLab, startFaultyLab } from './lab';

// Real faults under real daemons. Whatever happens: HAProxy serves wherever pacemaker can run it, each managed file is the
// old one or the new one, the error names the cause, and the lock is free.

const ALL = ['node-1', 'node-2', 'node-3'];
const FRAGMENTS = '/etc/haproxy/conf.d';
const AGENT = '/usr/lib/ocf/resource.d/fuel/ns_haproxy';

let site: FaultyLab;
/** What brings the lab back after a test, the last fault first. */
const undo: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  site = await startFaultyLab({ document: document('golden') });
  reportOf(await site.apply());
  await site.learn();
});
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
  // Also where that could not be looked at before, and what a recovery may have been waiting for.
  // A lock that is kept because something may be under way is taken over by the next execution.
  if ((await site.locks()).length > 0) await site.apply();
  const locks = await site.locks();
  const wrong = [...(await site.wrongHaproxy(ALL)), ...(await site.wrongFiles(ALL))];
  const left = [...wrong, ...locks.map((lock) => `the lock ${lock} is left`)];
  if (left.length > 0) throw new Error(left.join('\n'));
});
afterAll(() => site.close());

/** What must hold after every execution. */
const WELL = { files: [], haproxy: [], locks: [] };
async function aftermath(up: readonly string[]) {
  const locks = await site.locks();
  return { haproxy: await site.wrongHaproxy(up), files: await site.wrongFiles(up), locks };
}

/** Compared as a whole, so that a test that fails says why. */
function endOf({ status, error, cause }: ExecutionResult) {
  return { status, error, cause };
}

function failed(error: string, ...names: string[]) {
  const cause = new RegExp(names.map((name) => `(?=.*${name})`).join(''), 's');
  const matching = (text: RegExp) => expect.stringMatching(text) as unknown;
  return { status: 'FAILED', error: matching(new RegExp(`^(${error})$`)), cause: matching(cause) };
}

/** Errors of a controller that is gone. */
const GONE = 'ControllerUnreachable|SshConnectionLost';

async function powerOff(name: string): Promise<void> {
  undo.push(() => site.powerOn(name));
  await site.lab.powerOff(name);
}

async function cut(name: string): Promise<void> {
  undo.push(() => site.lab.heal(name));
  await site.lab.cut(name);
}

const faults = { 'loses power': powerOff, 'is cut off': cut };

/** Does something on a controller, and undoes it after the test. */
async function breaking(name: string, script: string, undoing: string): Promise<void> {
  undo.push(() => site.bash(name, undoing));
  await site.bash(name, script);
}

/** Waits until pacemaker has been told to stop HAProxy. */
function disabled(): Promise<string> {
  return site.bash(
    'node-2',
    'until cibadmin -Q -o resources | grep -q magnum-ha-disabled-target-role; do sleep 0.02; done',
  );
}

/** HAProxy's agent takes its time to stop it, as Fuel's does, which sleeps between two looks. */
function slowStop(): Promise<unknown> {
  return Promise.all(
    ALL.map((name) => breaking(name, `sed -i '/^  kill /s/$/; sleep 3/' ${AGENT}`, `sed -i 's/; sleep 3$//' ${AGENT}`)),
  );
}

/** Lets the others' corosync hear nothing of two controllers, nor these of each other, while SSH reaches all. */
async function splitCluster(): Promise<void> {
  for (const name of ['node-2', 'node-3']) {
    // In another table than filter: the workflow looks at that one.
    const rules = ['PREROUTING -i', 'OUTPUT -o'].map((chain) => `${chain} br-mgmt -p udp --dport 5405 -j DROP`);
    const all = (action: string) => rules.map((rule) => `iptables -w -t raw ${action} ${rule}`).join(' && ');
    await breaking(name, all('-A'), all('-D'));
  }
}

function impatient(): Site {
  const { document: own } = site.lab;
  return { ...own, haproxy: { ...own.haproxy, stopTimeoutSeconds: 5, startTimeoutSeconds: 5 } };
}

/** HAProxy may take its time to stop, and little to start. */
function patientStop(): Site['haproxy'] {
  return { ...site.lab.document.haproxy, startTimeoutSeconds: 5 };
}

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
    await slowStop();
    const act = () =>
      disabled().then(() => breaking('node-1', 'pcs resource unmanage p_haproxy', 'pcs resource manage p_haproxy'));

    const result = await site.apply({ state: 'Disable HAProxy', act }, impatient());

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

  it('the bastion is gone for a while in Commit: outlived', async () => {
    const result = await site.apply({ state: 'Commit files', act: bastionGoneForAWhile });

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

function fillDisk(): Promise<void> {
  return breaking('node-2', 'cat /dev/zero > /full 2> /dev/null; test -s /full', 'rm /full');
}

function makeReadOnly(): Promise<void> {
  return breaking('node-2', 'mount --bind /etc /etc && mount -o remount,bind,ro /etc', 'umount /etc');
}

/** How a host boots corosync and pacemaker. */
const STARTED = 'service corosync start > /dev/null; setsid pacemakerd < /dev/null > /dev/null 2>&1 & sleep 0.1';

async function bastionGoneForAWhile(): Promise<void> {
  await site.lab.powerOff('bastion');
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  await site.powerOn('bastion');
}

function property(value: string): string {
  return `pcs property set maintenance-mode=${value}`;
}
