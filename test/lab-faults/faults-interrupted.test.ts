import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { commandsIn } from '../../domain/audit/commands';
import { seededRandom } from '../../local/random';
import type { Execution } from '../../local/emulator/aws/execution';
import { reportOf } from '../workflow/local';
import { aftermath, ALL, faultyLab, site, WELL } from './faults';

// Interrupted at any moment, by a seed. MAGNUM_HA_ROUNDS=100 does a hundred rounds of each, which takes hours; CI does the first.

faultyLab();

const ROUNDS = Number(process.env['MAGNUM_HA_ROUNDS'] ?? 1);
jest.setTimeout((1 + ROUNDS) * 300_000);

/** What must hold, and what a check says. */
async function state() {
  const { outcome } = reportOf(await site.check());
  return { outcome, ...(await aftermath(ALL)) };
}
const AS_WANTED = { outcome: 'unchanged', ...WELL };

/** A process of its own that runs an apply once it is told to. */
interface Runner {
  readonly process: ChildProcess;
  /** Resolves when the apply is about to start. */
  readonly go: () => Promise<void>;
  readonly exited: Promise<unknown>;
}

function runner(): Runner {
  const child = spawn(process.execPath, ['--import', 'tsx', join(__dirname, 'runner.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const { document, privateKey, secrets } = site.lab;
  const lines = createInterface(child.stdout);
  return {
    process: child,
    exited: once(child, 'exit'),
    go: async () => {
      child.stdin.end(JSON.stringify({ document, privateKey, secrets }));
      await once(lines, 'line');
    },
  };
}

test('the runner is killed at any moment, and the next apply reaches the wanted state', async () => {
  const random = seededRandom(10);
  await site.drift('everything');
  const whole = runner();
  await whole.go();
  const began = Date.now();
  await whole.exited;
  const longest = Date.now() - began;
  const wrong: unknown[] = [];

  for (let round = 1; round <= ROUNDS; round++) {
    await site.drift('everything');
    const killed = runner();
    await killed.go();
    const after = Math.floor(random.number() * longest);
    await sleep(after);
    killed.process.kill('SIGKILL');
    await killed.exited;
    const { status, error, cause } = await site.apply();
    const found = await state();
    const isWell = status === 'SUCCEEDED' && isDeepStrictEqual(found, AS_WANTED);
    if (!isWell) wrong.push({ round, after, status, error, cause, found });
    console.log(`Killed ${after} ms of ${longest} ms after its start (round ${round}): ${isWell ? 'mended' : 'WRONG'}`);
  }

  expect(wrong).toEqual([]);
});

/** Commands that change something on a controller. */
const CHANGING = /\b(mv|touch|chown|chmod|mkdir|rm) |\bof=|\brestart\b|iptables -w -[ID]|cibadmin -[MD]/;

test('of two executions at once never both change anything', async () => {
  const random = seededRandom(11);
  const { deployment, lab } = site;
  const pick = <T>(items: readonly T[]) => items[Math.floor(random.number() * items.length)] as T;
  const { persistentRules, magnum, haproxy } = lab.document;
  const drifts = [
    `rm ${haproxy.fragmentDirectory}/${haproxy.fragment}`,
    `cp -a /var/lib/initial/magnum.conf ${magnum.configFile}`,
    `cp -a /var/lib/initial/rules.v4 ${persistentRules} && iptables-restore ${persistentRules}`,
  ];
  const ends: Record<string, number> = {};
  const wrong: unknown[] = [];

  for (let round = 1; round <= ROUNDS; round++) {
    await site.bash(pick(ALL), pick(drifts));
    const start = () => deployment.start('magnum-ha', { input: { site: lab.document.name, mode: 'apply' } });
    const first = start();
    await sleep(random.number() * random.number() * 12_000);
    const second = start();
    const results = await Promise.all([first.result, second.result]);
    const end = results.map(({ error, status }) => error ?? status).join(' and ');
    ends[end] = (ends[end] ?? 0) + 1;
    const changed = results.map(({ executionArn }) => changesOf(executionArn));
    const [one = [], other = []] = changed;
    const apart = one.length === 0 || other.length === 0 || (one.at(-1) ?? 0) < (other[0] ?? 0);
    const isWell = apart && /^SUCCEEDED and (SUCCEEDED|SiteLocked)$|^SiteLocked and SUCCEEDED$/.test(end);
    if (!isWell) wrong.push({ round, end, changed });
  }

  console.log(`${ROUNDS} rounds: ${JSON.stringify(ends)}`);
  expect(wrong).toEqual([]);
  expect(Object.keys(ends).some((end) => end.includes('SiteLocked'))).toBe(true);
  expect(await state()).toEqual(AS_WANTED);

  /** Where among all that functions logged an execution's commands stand that change something. */
  function changesOf(execution: string): number[] {
    return deployment.logs.flatMap(({ message }, index) =>
      commandsIn([message], execution).some(({ command }) => CHANGING.test(command)) ? [index] : [],
    );
  }
});

/** The states of which some are tried always: those in which HAProxy is down, or may be. */
const CRUCIAL = ['HAProxy stopped?', 'Disable HAProxy', 'Enable HAProxy', 'HAProxy serving?', 'Arm dead-man'];

test('an execution is stopped at each of its states: HAProxy is back within 15 s, and the next apply reaches the wanted state', async () => {
  const { deployment, lab } = site;
  /** Runs an apply that is stopped as it enters a state. @returns the states it has entered */
  const stopped = async (at?: string) => {
    await site.drift('everything');
    const entered: string[] = [];
    const execution: Execution = deployment.start('magnum-ha', {
      input: { site: lab.document.name, mode: 'apply' },
      onEvent: ({ stateEnteredEventDetails: details }) => {
        if (details?.name === undefined) return;
        entered.push(details.name);
        // Not within the step that enters it.
        if (details.name === at)
          void sleep(20).then(() => {
            execution.stop();
          });
      },
    });
    await execution.result;
    return [...new Set(entered)];
  };
  const states = await stopped();
  const wrong: unknown[] = [];
  const seconds: number[] = [];

  const others = states.filter((one) => !CRUCIAL.includes(one));
  for (const at of [...CRUCIAL, ...others].slice(0, ROUNDS)) {
    const reached = await site.unhurried(() => stopped(at));
    const from = Date.now();
    let down = await site.wrongHaproxyNow(ALL);
    while (down.length > 0 && Date.now() < from + 60_000) {
      await sleep(100);
      down = await site.wrongHaproxyNow(ALL);
    }
    const back = (Date.now() - from) / 1000;
    seconds.push(back);
    const { status, error, cause } = await site.apply();
    const found = await state();
    const isWell = reached.includes(at) && back < 15 && status === 'SUCCEEDED';
    if (!isWell || !isDeepStrictEqual(found, AS_WANTED)) {
      wrong.push({ at, back, down, status, error, cause, found });
    }
    console.log(`Stopped at ${at}: HAProxy was seen to serve everywhere after ${back.toFixed(1)} s`);
  }

  console.log(`Stopped at ${seconds.length} states: HAProxy served after ${Math.max(...seconds).toFixed(1)} s at most`);
  expect(wrong).toEqual([]);
  expect(states).toEqual(expect.arrayContaining(CRUCIAL));
});
