import { writeFileSync } from 'node:fs';
import { audit as auditOf } from '../domain/audit/audit';
import { lengthText, OUTCOME_SIGNS, outcomesText, summaryPage } from '../domain/audit/page/summary';
import { intactRecord, keyTimeOf } from '../domain/audit/record';
import { type ExecutionSummary, lineOf, type Summary, summaryOf } from '../domain/audit/summary';
import { count } from '../domain/audit/verdict';
import { archiveOf, withArchive } from './archive-files';
import { type CommonOptions, type Context, EXIT, print, styleFor, UsageError } from './context';
import { refuseUnwritable } from './files';
import type { Style } from './style';

/** What a summary can be told. */
export interface SinceOptions extends CommonOptions {
  readonly since: string;
  readonly site?: string;
  readonly archive?: string;
  readonly stack: string;
  readonly html?: string;
}

const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000, w: 604_800_000 };
/** As wide as names of sites are shown. */
const NAME_WIDTH = 20;

/** Prints what executions of a time found and did, by the records of an archive. @returns the exit code */
export async function auditSince(context: Context, options: SinceOptions): Promise<number> {
  const { html, stack, site } = options;
  if (html !== undefined) refuseUnwritable(html);
  const until = context.clock.now();
  const since = startOf(options.since, until);
  const archive = options.archive ?? (await archiveOf(stack));
  const lines: ExecutionSummary[] = [];
  const altered: string[] = [];
  await withArchive(archive, async ({ path, files }) => {
    const wanted = (file: string) => {
      const time = keyTimeOf(file);
      return time !== null && time >= since && (site === undefined || file.split('/').at(-3) === site);
    };
    for await (const { path: file, text } of files(path, wanted)) {
      const record = intactRecord(text);
      if (record) lines.push(lineOf(auditOf(record), record.key));
      else altered.push(file);
    }
  });
  const summary = summaryOf(lines, { since, until });
  if (html !== undefined) writeFileSync(html, summaryPage(summary));
  print(context, options, summary, () => summaryText(summary, styleFor(context, options)));
  if (altered.length === 0) return EXIT.done;
  context.err.write(
    `${count(altered.length, 'record')} left out, because not as written: ${altered.join(', ')}. See magnum-ha verify.\n`,
  );
  return EXIT.failed;
}

/** @throws UsageError */
function startOf(since: string, now: number): number {
  const [, number, unit = ''] = /^(\d{1,5})([hdw])$/.exec(since) ?? [];
  const start = number === undefined ? Date.parse(since) : now - Number(number) * (UNIT_MS[unit] ?? NaN);
  if (!Number.isNaN(start) && start <= now) return start;
  throw new UsageError(`--since ${since} is no time that has been. Write for example 30d, 12h, 8w or 2026-11-01.`);
}

function summaryText(summary: Summary, style: Style): string {
  const { sites, periods, daysOfPeriod, executions } = summary;
  if (sites.length === 0) return `No record since ${summary.since}.`;
  const colours = { good: 'green', changed: 'yellow', bad: 'red' } as const;
  const name = (site: string) =>
    site.length > NAME_WIDTH ? `${site.slice(0, NAME_WIDTH - 1)}…` : site.padEnd(NAME_WIDTH);
  const cell = (outcome: keyof typeof OUTCOME_SIGNS | null) => {
    if (!outcome) return '·';
    const { sign, tone } = OUTCOME_SIGNS[outcome];
    return style(colours[tone], sign);
  };
  const used = new Set(sites.flatMap((one) => one.periods.flatMap((outcome) => outcome ?? [])));
  const signs = [...used].map((outcome) => `${cell(outcome)} ${OUTCOME_SIGNS[outcome].word}`).join('  ');
  return [
    `The worst of each ${daysOfPeriod === 1 ? 'day' : `${daysOfPeriod} days`} from ${periods[0] ?? ''} on; ${signs}  · nothing ran`,
    ...sites.map((one) => `${name(one.site)} ${one.periods.map(cell).join('')}`),
    '',
    ...sites.map(
      (one) =>
        `${name(one.site)} ${outcomesText(one)}; outage ${lengthText(one.outage)}; about $${one.dollars.toFixed(2)}`,
    ),
    ...(executions.length === 0 ? [] : ['', 'What found or did something:']),
    ...executions.map(
      ({ startedAt, site, mode, outcome, words, record }) =>
        `  ${startedAt.slice(0, 16).replace('T', ' ')}  ${site}, ${mode}: ${cell(outcome)} ${words}\n    ${style('dim', record)}`,
    ),
  ].join('\n');
}
