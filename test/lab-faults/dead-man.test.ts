import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Site } from '../../domain/site/document';
import { document, reportOf } from '../workflow/local';
import { type FaultyLab, startFaultyLab } from './lab';

// Everything that could enable HAProxy is gone: the process that runs the workflow, and the only way to the controllers. What
// is left is pacemaker.

const ALL = ['node-1', 'node-2', 'node-3'];
/** After so many seconds HAProxy comes back by itself. */
const DEAD_MAN_SECONDS = 20;

let site: FaultyLab;

beforeAll(async () => {
  site = await startFaultyLab({ document: impatient(document('golden')) });
  reportOf(await site.apply());
});
afterAll(() => site.close());

function impatient({ haproxy, ...golden }: Site): Site {
  return { ...golden, haproxy: { ...haproxy, stopTimeoutSeconds: 10, deadManSeconds: DEAD_MAN_SECONDS } };
}

/** Runs an apply in a process of its own. @returns it, once it has disabled HAProxy */
async function disabledByAnother(): Promise<ChildProcess> {
  const runner = spawn(process.execPath, ['--import', 'tsx', join(__dirname, 'runner.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const { document: own, privateKey, secrets } = site.lab;
  runner.stdin.end(JSON.stringify({ document: own, privateKey, secrets }));
  for await (const state of createInterface(runner.stdout)) {
    // It waits for HAProxy to stop, in the function's own process.
    if (state === 'Disable HAProxy') break;
    if (state.startsWith('FAILED') || state.startsWith('SUCCEEDED')) throw new Error(state);
  }
  await site.bash('node-2', 'until ! pgrep -x haproxy > /dev/null; do sleep 0.02; done');
  return runner;
}

/** When pacemaker ends the disable, in milliseconds since 1970. */
async function endOfDisable(): Promise<number> {
  const xml = await site.bash('node-2', `cibadmin -Q -A "//date_expression[@id='magnum-ha-disabled-until']"`);
  return Date.parse(/end="([^"]+)"/.exec(xml)?.[1] ?? '');
}

/** HAProxy's agent takes a while to stop it on one controller, so that nobody is ready to enable it. */
async function slowStop(): Promise<void> {
  const agent = '/usr/lib/ocf/resource.d/fuel/ns_haproxy';
  await site.bash('node-3', `sed -i '/^  kill /s/$/; sleep 6/' ${agent}`);
}

test.each<[string, readonly string[]]>([
  ['the runner and the bastion', []],
  ['and the controller that was told', ['node-1']],
])('HAProxy comes back without %s', async (_, gone) => {
  await site.drift('fragment');
  await slowStop();

  const runner = await disabledByAnother();
  const killed = once(runner, 'exit');
  runner.kill('SIGKILL');
  await killed;
  const end = await endOfDisable();
  await site.lab.powerOff('bastion');
  for (const name of gone) await site.lab.powerOff(name);
  const left = ALL.filter((name) => !gone.includes(name));
  await sleep(end - 2_000 - Date.now());
  const early = await site.wrongHaproxyNow(left);
  let wrong = early;
  while (wrong.length > 0 && Date.now() < end + 15_000) {
    await sleep(100);
    wrong = await site.wrongHaproxyNow(left);
  }
  const seconds = (Date.now() - end) / 1000;
  await site.bash('node-3', `sed -i 's/; sleep 6$//' /usr/lib/ocf/resource.d/fuel/ns_haproxy`);
  for (const name of ['bastion', ...gone]) await site.powerOn(name);
  const settled = await site.wrongHaproxy(ALL);
  const next = await site.apply();

  console.log(`HAProxy was seen to serve ${seconds.toFixed(1)} s after the end of the disable.`);
  expect(early).not.toEqual([]);
  expect(wrong).toEqual([]);
  expect(seconds).toBeLessThan(5);
  expect(settled).toEqual([]);
  expect(next).toMatchObject({ status: 'SUCCEEDED' });
});
