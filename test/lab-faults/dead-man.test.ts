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

/** Runs an apply in a process of its own. @returns that, once it has armed the dead-man and HAProxy is gone everywhere; and when it armed */
async function disabledByAnother(): Promise<{ readonly runner: ChildProcess; readonly armedAt: number }> {
  const runner = spawn(process.execPath, ['--import', 'tsx', join(__dirname, 'runner.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const { document: own, privateKey, secrets } = site.lab;
  runner.stdin.end(JSON.stringify({ document: own, privateKey, secrets }));
  let armedAt = NaN;
  for await (const state of createInterface(runner.stdout)) {
    if (state === 'Arm dead-man') armedAt = Date.now();
    // It waits for HAProxy to stop, in the function's own process.
    if (state === 'Disable HAProxy') break;
    if (state.startsWith('FAILED') || state.startsWith('SUCCEEDED')) throw new Error(state);
  }
  await site.bash('node-2', 'until ! pgrep -x haproxy > /dev/null; do sleep 0.02; done');
  return { runner, armedAt };
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
  const left = ALL.filter((name) => !gone.includes(name));

  const { runner, armedAt } = await disabledByAnother();
  const killed = once(runner, 'exit');
  runner.kill('SIGKILL');
  await killed;
  await site.lab.powerOff('bastion');
  for (const name of gone) await site.lab.powerOff(name);
  const early = armedAt + (DEAD_MAN_SECONDS - 4) * 1000 - Date.now();
  await sleep(early);
  const tooEarly = await site.wrongHaproxyNow(left);
  let wrong = tooEarly;
  while (wrong.length > 0 && Date.now() < armedAt + (DEAD_MAN_SECONDS + 15) * 1000) {
    await sleep(100);
    wrong = await site.wrongHaproxyNow(left);
  }
  const seconds = (Date.now() - armedAt) / 1000;
  await site.bash('node-3', `sed -i 's/; sleep 6$//' /usr/lib/ocf/resource.d/fuel/ns_haproxy`);
  for (const name of ['bastion', ...gone]) await site.powerOn(name);
  const settled = await site.wrongHaproxy(ALL);
  const next = await site.apply();

  console.log(`HAProxy served again ${seconds.toFixed(1)} s after the dead-man was armed for ${DEAD_MAN_SECONDS} s.`);
  expect(early).toBeGreaterThan(0);
  expect(tooEarly).not.toEqual([]);
  expect(wrong).toEqual([]);
  expect(seconds).toBeLessThan(DEAD_MAN_SECONDS + 5);
  expect(settled).toEqual([]);
  expect(next).toMatchObject({ status: 'SUCCEEDED' });
});
