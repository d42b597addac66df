import { InvalidArgumentError, Option } from 'commander';
import type { RunResult } from '../local/search/run';
import { type Answer, runAll } from '../local/search/pool';
import { type ScenarioName, SCENARIOS } from '../local/search/scenarios';
import { type Schedule, scheduleOf, seedOf } from '../local/search/schedule';
import { fixedSet, several, singles } from '../local/search/schedules';
import { type Finding, findingOf, isScenario, referenceNamed, runSchedule, smallest } from '../local/search/search';
import { type Context, EXIT, UsageError } from './context';
import { guarded, newCommand } from './program';

interface SearchOptions {
  readonly all?: boolean;
  readonly pairs: number;
  readonly triples: number;
  readonly scenario?: ScenarioName;
  readonly pessimistic: boolean;
  readonly seed?: string;
  readonly json?: boolean;
}

const AFTER = `
Without options: the fixed set of npm test.

Exit code: 0 all holds, or what does not is known; 1 something else does not;
64 wrong use.`;

/** The command line of `npm run search`. @returns the exit code */
export function searchMain(args: readonly string[], context: Context): Promise<number> {
  return guarded(args, context, async () => {
    let code: number = EXIT.done;
    await newCommand('npm run search --', context)
      .description('Searches for faults after which something does not hold.')
      .option('--all', 'every single fault at every point of every scenario')
      .option('--pairs <n>', 'and so many pairs of faults', count, 0)
      .option('--triples <n>', 'and so many times three faults', count, 0)
      .addOption(new Option('--scenario <name>', 'only this one').choices([...SCENARIOS]))
      .option('--pessimistic', 'also kinds of faults that no real program is known for', false)
      .option('--seed <seed>', 'one run again, exactly, as its seed says it')
      .option('--json', 'print what is found as JSON, one a line')
      .addHelpText('after', AFTER)
      .action(async (options: SearchOptions) => {
        code = await search(options, context);
      })
      .parseAsync(args, { from: 'user' });
    return code;
  });
}

/** @throws InvalidArgumentError */
function count(text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw new InvalidArgumentError('Give a number.');
  return Number(text);
}

/** Searches, and tells what it finds. @returns the exit code @throws UsageError */
async function search(options: SearchOptions, { out }: Context): Promise<number> {
  const say = (text: string) => {
    out.write(`${text}\n`);
  };
  const show = (finding: Finding) => {
    say(options.json ? JSON.stringify(asJson(finding)) : textOf(finding));
  };
  const schedules = await schedulesOf(options);
  const began = process.hrtime.bigint();
  const findings: Finding[] = [];
  const broken: string[] = [];
  const take = (schedule: Schedule, answer: Answer) => {
    if ('error' in answer) {
      broken.push(`${seedOf(schedule)} did not come to its end: ${answer.error}`);
      say(broken.at(-1) ?? '');
      return;
    }
    const finding = findingOf(schedule, answer.result);
    if (!finding) return;
    findings.push(finding);
    show(finding);
  };
  if (options.seed !== undefined) {
    const [schedule] = schedules as [Schedule];
    const result = await runSchedule(schedule);
    say(historyOf(result));
    take(schedule, { result });
  } else await runAll(schedules, take);
  for (const finding of findings) {
    if (finding.schedule.faults.length < 2 || finding.unknown.length === 0) continue;
    say(`smallest: ${seedOf(finding.schedule)} → ${seedOf(await smallest(finding))}`);
  }
  const minutes = Number(process.hrtime.bigint() - began) / 60e9;
  if (!options.json) say(summary(findings, schedules.length / minutes));
  const unknown = findings.reduce((sum, one) => sum + one.unknown.length, 0);
  const violations = findings.reduce((sum, { result }) => sum + result.violations.length, 0);
  if (violations > unknown) say(`${violations - unknown} of these violations are known: local/search/known.ts`);
  say(`${schedules.length} runs, ${violations + broken.length} violations`);
  return unknown + broken.length > 0 ? 1 : 0;
}

async function schedulesOf(options: SearchOptions): Promise<Schedule[]> {
  const { all = false, pairs, triples, scenario, seed } = options;
  if (seed !== undefined) {
    const schedule = scheduleOf(seed);
    if (!schedule || !isScenario(schedule.scenario)) throw new UsageError(`${seed} is no seed of a run`);
    return [schedule];
  }
  const names = scenario === undefined ? SCENARIOS : [scenario];
  const references = await Promise.all(names.map(referenceNamed));
  if (!all && pairs + triples === 0) return fixedSet(references);
  return [
    ...(all ? references.flatMap((one) => singles(one, options)) : []),
    ...several(2, references, pairs, options),
    ...several(3, references, triples, options),
  ];
}

/** What struck where, for whoever reads a seed. */
function struckText({ struck }: RunResult): string {
  return struck.map(({ kind, point }) => `${kind} at ${point.at} ${point.number}, ${point.what}`).join('; and ');
}

function textOf({ schedule, result, unknown }: Finding): string {
  return result.violations
    .map((one) => {
      const note = unknown.includes(one) ? '' : ' (known)';
      return `${one.invariant} ${one.what}${note}: ${one.detail}\n   --seed ${seedOf(schedule)}   ${struckText(result)}; ended: ${result.outcome}`;
    })
    .join('\n');
}

function asJson({ schedule, result: { violations, struck, outcome }, unknown }: Finding): object {
  return { seed: seedOf(schedule), violations, known: unknown.length === 0, struck, outcome };
}

function historyOf(result: RunResult): string {
  return `${struckText(result) || 'nothing was struck'}; ended: ${result.outcome}; digest of all that happened: ${result.digest}`;
}

/** Violations by invariant and kind of fault, the most frequent first. */
function summary(findings: readonly Finding[], perMinute: number): string {
  const counts = new Map<string, number>();
  for (const { result } of findings) {
    for (const { invariant, what } of result.violations) {
      const kinds = result.struck.map(({ kind }) => kind).join(' + ');
      const key = `${invariant} ${what}, after ${kinds}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  const lines = [...counts].sort(([, one], [, other]) => other - one).map(([key, count]) => `${count} × ${key}`);
  return [...lines, `${Math.round(perMinute)} runs a minute`].join('\n');
}
