import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { RunResult } from './run';
import type { Schedule } from './schedule';
import type { Job } from './worker';

/** A run leaves much garbage and little else: with room for that of a few runs it is collected less often. */
const ROOM = '--max-semi-space-size=64';

/** What came of a run, or why it did not come to its end. */
export type Answer = { readonly result: RunResult } | { readonly error: string };

/** Runs schedules on all cores. Tells each answer as it comes. @throws Error if a process dies */
export async function runAll(
  schedules: readonly Schedule[],
  onAnswer: (schedule: Schedule, answer: Answer) => void,
  processes = availableParallelism(),
): Promise<void> {
  let next = 0;
  const take = (): Job | undefined => {
    const schedule = schedules[next];
    return schedule && { number: next++, schedule };
  };
  const work = (child: ChildProcess) =>
    new Promise<void>((resolve, reject) => {
      const go = () => {
        const job = take();
        if (job) child.send(job);
        else resolve();
      };
      child.on('message', ({ number, ...answer }: { readonly number: number } & Answer) => {
        onAnswer(schedules[number] as Schedule, answer);
        go();
      });
      child.once('error', reject);
      child.once('exit', (code) => {
        reject(new Error(`A process of the search ended with ${code ?? 'a signal'}`));
      });
      go();
    });
  const execArgv = [...process.execArgv, ROOM];
  const children = Array.from({ length: Math.min(processes, schedules.length) }, () =>
    fork(join(__dirname, 'worker.ts'), { execArgv, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }),
  );
  try {
    await Promise.all(children.map(work));
  } finally {
    for (const child of children) child.kill();
  }
}
