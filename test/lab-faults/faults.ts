import { setTimeout as sleep } from 'node:timers/promises';
import type { Site } from '../../domain/site/document';
import type { ExecutionResult } from '../../local/emulator/asl';
import { document, reportOf } from '../workflow/local';
import { type FaultyLab, startFaultyLab } from './lab';

// Real faults under real daemons. Whatever happens: HAProxy serves wherever pacemaker can run it, each managed file is the
// old one or the new one, the error names the cause, and the lock is free.

export const ALL = ['node-1', 'node-2', 'node-3'];
export const FRAGMENTS = '/etc/haproxy/conf.d';
export const AGENT = '/usr/lib/ocf/resource.d/fuel/ns_haproxy';
/** Errors of a controller that is gone. */
export const GONE = 'ControllerUnreachable|SshConnectionLost';
/** What must hold after every execution, see `aftermath`. */
export const WELL = { files: [], haproxy: [], locks: [] };

export let site: FaultyLab;
/** What brings the lab back after a test, the last fault first. */
export const undo: (() => Promise<unknown>)[] = [];

/** Starts a lab for this file's tests, and looks at it after each. */
export function faultyLab(): void {
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
}

/** What is wrong now, where these controllers should serve. */
export async function aftermath(up: readonly string[]) {
  const locks = await site.locks();
  return { haproxy: await site.wrongHaproxy(up), files: await site.wrongFiles(up), locks };
}

/** Compared as a whole, so that a test that fails says why. */
export function endOf({ status, error, cause }: ExecutionResult) {
  return { status, error, cause };
}

export function failed(error: string, ...names: string[]) {
  const cause = new RegExp(names.map((name) => `(?=.*${name})`).join(''), 's');
  const matching = (text: RegExp) => expect.stringMatching(text) as unknown;
  return { status: 'FAILED', error: matching(new RegExp(`^(${error})$`)), cause: matching(cause) };
}

export async function powerOff(name: string): Promise<void> {
  undo.push(() => site.powerOn(name));
  await site.lab.powerOff(name);
}

export async function cut(name: string): Promise<void> {
  undo.push(() => site.lab.heal(name));
  await site.lab.cut(name);
}

export const faults = { 'loses power': powerOff, 'is cut off': cut };

/** Does something on a controller, and undoes it after the test. */
export async function breaking(name: string, script: string, undoing: string): Promise<void> {
  undo.push(() => site.bash(name, undoing));
  await site.bash(name, script);
}

/** Waits until pacemaker has been told to stop HAProxy. */
export function disabled(): Promise<string> {
  return site.bash(
    'node-2',
    'until cibadmin -Q -o resources | grep -q magnum-ha-disabled-target-role; do sleep 0.02; done',
  );
}

/** HAProxy's agent takes its time to stop it, as Fuel's does, which sleeps between two looks. */
export function slowStop(seconds = 3): Promise<unknown> {
  const undoing = `sed -i 's/; sleep ${seconds}$//' ${AGENT}`;
  return Promise.all(ALL.map((name) => breaking(name, `sed -i '/^  kill /s/$/; sleep ${seconds}/' ${AGENT}`, undoing)));
}

/** Lets the others' corosync hear nothing of two controllers, nor these of each other, while SSH reaches all. */
export async function splitCluster(): Promise<void> {
  for (const name of ['node-2', 'node-3']) {
    // In another table than filter: the workflow looks at that one.
    const rules = ['PREROUTING -i', 'OUTPUT -o'].map((chain) => `${chain} br-mgmt -p udp --dport 5405 -j DROP`);
    const all = (action: string) => rules.map((rule) => `iptables -w -t raw ${action} ${rule}`).join(' && ');
    await breaking(name, all('-A'), all('-D'));
  }
}

export function impatient(): Site {
  const { document: own } = site.lab;
  return { ...own, haproxy: { ...own.haproxy, stopTimeoutSeconds: 5, startTimeoutSeconds: 5 } };
}

/** HAProxy may take its time to stop, and little to start. */
export function patientStop(): Site['haproxy'] {
  return { ...site.lab.document.haproxy, startTimeoutSeconds: 5 };
}

export function fillDisk(): Promise<void> {
  return breaking('node-2', 'cat /dev/zero > /full 2> /dev/null; test -s /full', 'rm /full');
}

export function makeReadOnly(): Promise<void> {
  return breaking('node-2', 'mount --bind /etc /etc && mount -o remount,bind,ro /etc', 'umount /etc');
}

/** How a host boots corosync and pacemaker. */
export const STARTED = 'service corosync start > /dev/null; setsid pacemakerd < /dev/null > /dev/null 2>&1 & sleep 0.1';

export async function bastionGoneForAWhile(): Promise<void> {
  await site.lab.powerOff('bastion');
  await sleep(2_000);
  await site.powerOn('bastion');
}

/** Resets every connection to the bastion's sshd, and refuses others, for two seconds. */
export async function bastionRefusesForAWhile(): Promise<void> {
  const rule = 'INPUT -p tcp --dport 22 -j REJECT --reject-with tcp-reset';
  await site.bash('bastion', `iptables -w -I ${rule}`);
  await sleep(2_000);
  await site.bash('bastion', `iptables -w -D ${rule}`);
}

export function property(value: string): string {
  return `pcs property set maintenance-mode=${value}`;
}
