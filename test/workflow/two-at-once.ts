import { lockOf } from '../../domain/site/lock';
import { fileOf, type Invocation, TASK_NAMES, type TaskName, TASKS } from '../../domain/tasks';
import type { Clock } from '../../domain/world';
import { deploy } from '../../local/deploy';
import { synthesized } from '../../local/emulator/assembly';
import type { Handler } from '../../local/emulator/aws/functions';
import type { Template } from '../../local/emulator/aws/template';
import { seededRandom } from '../../local/random';
import { virtualClock } from '../../local/virtual-clock';
import { document } from './local';

const golden = document('golden');
/** The same cloud under another name, in another order. */
const [one, ...others] = golden.controllers;
const twin = { ...golden, name: 'twin', controllers: [...others, one] };
const SITES = { golden, twin };

const SECOND = 1000;
/** The longest command of the catalogue, and timeout(1)'s SIGKILL after it. */
const LONGEST_COMMAND_MS = 152 * SECOND;

/** Something that changes the site, from its beginning until it can change it no more. */
interface Work {
  readonly execution: string;
  readonly state: string;
  readonly from: number;
  to: number;
}

/** What came of a round. */
export interface Round {
  /** Work of two executions at the same time. */
  readonly overlaps: readonly string[];
  /** How the executions ended. */
  readonly ends: readonly string[];
}

/** What each task returns, as far as the machine reads it: everything changes. */
const RESULTS: Partial<Record<TaskName, (input: Record<string, unknown>) => unknown>> = {
  loadSite: ({ input }) => {
    const { site, mode } = input as { site: keyof typeof SITES; mode: string };
    const asked = { mode, acts: mode, outsideWindow: null, startedBy: null };
    const found = { lock: lockOf(SITES[site] as typeof golden), document: null, findings: [], refusal: null };
    return { site: SITES[site], outline: SITES[site], ...asked, ...found };
  },
  lookAtHaproxy: () => ({ platforms: [], disabled: false }),
  preflight: () => ({ platforms: [], findings: [] }),
  preflightCloud: () => ({ findings: [] }),
  inspectControllers: () => ({ controllers: [], blastRadius: { listeners: [], resources: [] }, contents: '' }),
  plan: ({ site }) => {
    const names = (site as typeof golden).controllers.map(({ name }) => name);
    return { changed: true, stage: names, restart: names, cycle: true, summary: [] };
  },
  stage: ({ controller }) => ({ controller, files: [] }),
  cycle: ({ action }) => ({
    done: true,
    waitingFor: '',
    lastAnswerAt: 1,
    firstAnswerAt: action === 'disable' ? null : 2,
  }),
  ensureCluster: ({ cluster }) => ({ name: cluster, done: true }),
  report: () => ({ report: { outcome: 'changed' }, telling: null }),
};

/**
 * Two to four executions on one cloud, by a seed: begun at any time, stopped at any time, whose functions answer, fail, are
 * killed or hang, and whose commands go on without them. The clock that tells when an execution ended differs by minutes.
 */
export async function round(seed: number, tampered: (template: Template) => Template = (one) => one): Promise<Round> {
  const random = seededRandom(seed);
  const upTo = (most: number) => random.number() * most;
  const clock = virtualClock();
  const template = tampered(await synthesized());
  const works: Work[] = [];
  const skewMs = (random.number() - 0.5) * 600 * SECOND;
  const deployment = await deploy({
    template,
    site: { document: golden, privateKey: '', secrets: {} },
    clock,
    random,
    log: () => undefined,
    handlers: () => scripted(template, { clock, upTo, works }),
    intercept: async ({ resource }, proceed) => {
      await clock.sleep(upTo(2 * SECOND));
      const answer = await proceed();
      if (!resource.endsWith('describeExecution')) return answer;
      const { StopDate, ...rest } = answer as { StopDate?: string };
      if (StopDate === undefined) return answer;
      return { ...rest, StopDate: new Date(Date.parse(StopDate) + skewMs).toISOString() };
    },
  });
  const execute = async () => {
    await clock.sleep(upTo(600 * SECOND));
    const input = { site: upTo(2) < 1 ? 'golden' : 'twin', mode: upTo(4) < 3 ? 'apply' : 'check' };
    const execution = deployment.start('magnum-ha', { input });
    const stop = () => {
      execution.stop();
    };
    if (upTo(3) < 1) clock.after(upTo(300 * SECOND), stop);
    const { status, error, output } = await execution.result;
    return error ?? (output as { outcome?: string } | null)?.outcome ?? status;
  };
  try {
    const count = 2 + Math.floor(upTo(3));
    const ends = await clock.drive(Promise.all(Array.from({ length: count }, execute)));
    return { overlaps: overlapsOf(works), ends };
  } finally {
    await deployment.close();
  }
}

interface Scripting {
  readonly clock: Clock;
  readonly upTo: (most: number) => number;
  readonly works: Work[];
}

function scripted({ functions }: Template, scripting: Scripting): ReadonlyMap<string, Handler> {
  const tasks = new Map(TASK_NAMES.map((task) => [`magnum-ha: ${fileOf(task)}`, task]));
  return new Map(
    [...functions].flatMap(([name, { description }]) => {
      const task = tasks.get(description);
      return task ? [[name, handler(task, scripting)] as const] : [];
    }),
  );
}

function handler(task: TaskName, { clock, upTo, works }: Scripting): Handler {
  return async (event, { killed }) => {
    const { envelope, input } = event as Invocation<TaskName>;
    if (input === null) return null;
    const work: Work = { ...envelope, from: clock.now(), to: Infinity };
    if (TASKS[task].changes) works.push(work);
    /** What it has begun goes on without it. */
    const leave = () => {
      work.to = clock.now() + upTo(LONGEST_COMMAND_MS);
    };
    const fate = upTo(40);
    await clock.sleep(upTo(10 * SECOND));
    if (fate < 1) {
      leave();
      throw named('Runtime.ExitError');
    }
    if (fate < 2) {
      leave();
      throw named('SshConnectionLost');
    }
    if (fate < 3) {
      await new Promise((resolve) => {
        killed.addEventListener('abort', resolve);
      });
      leave();
    }
    if (fate >= 3) work.to = clock.now();
    if (fate < 4) throw named('CommandFailed');
    return RESULTS[task]?.(input) ?? {};
  };
}

function named(name: string): Error {
  return Object.assign(new Error('as the seed wants it'), { name });
}

function overlapsOf(works: readonly Work[]): string[] {
  return works.flatMap((work, index) =>
    works
      .slice(index + 1)
      .filter(({ execution, from, to }) => execution !== work.execution && from < work.to && work.from < to)
      .map((other) => `${work.state} of ${work.execution} and ${other.state} of ${other.execution}`),
  );
}
