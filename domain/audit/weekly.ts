import { OUTCOME_SIGNS, lengthText, outcomesText } from './page/summary';
import type { ExecutionSummary, SiteSummary, Summary } from './summary';
import { count, listed } from './verdict';

/** What people are told once a week. */
export interface WeeklyMessage {
  /** 100 characters at most, ASCII. */
  readonly subject: string;
  readonly text: string;
}

/** A site has ten lines at most: one for itself, these, and how many more there are. */
const LINES = 8;
/** SNS takes 256 KiB, in UTF-8. */
const LONGEST = 60_000;
const LONGEST_WORDS = 200;

/**
 * A week of all sites as a message of ten lines a site. Sites of which every check found all as wanted share a line; so do those
 * for which the message has no room.
 *
 * @param known names of the sites that have a document
 * @param altered keys of records that are not as they were written, and so left out
 */
export function weeklyMessage(
  { since, until, sites, executions }: Summary,
  { known = [], altered = [] }: { readonly known?: readonly string[]; readonly altered?: readonly string[] } = {},
): WeeklyMessage {
  const isQuiet = ({ outcomes }: SiteSummary) => Object.keys(outcomes).every((one) => one === 'unchanged');
  const [quiet, loud] = [sites.filter(isQuiet), sites.filter((one) => !isQuiet(one))];
  const unseen = known.filter((name) => !sites.some(({ site }) => site === name));
  const all = sites.length + unseen.length;
  const days = `${since.slice(0, 10)} to ${until.slice(0, 10)}`;
  const blocks = loud.map((site) => block(site, executions));
  const shown = fitting(blocks);
  const left = loud.slice(shown.length).map(({ site }) => site);
  return {
    subject: `magnum-ha: ${days}: ${count(loud.length + unseen.length, 'site')} of ${all} not always as wanted`,
    text: [
      `${count(all, 'site')}, ${count(total(sites), 'execution')}, ${days}.`,
      ...(sites.length === 0 ? ['Nothing ran: is the schedule enabled?'] : []),
      ...shown.map((lines) => ['', ...lines].join('\n')),
      ...(left.length > 0 ? ['', `And ${count(left.length, 'site')} more: ${listed(left)}.`] : []),
      ...(unseen.length > 0
        ? [
            '',
            `Without a record, so that nobody knows whether all is as wanted: ${listed(unseen)}. See magnum-ha fleet.`,
          ]
        : []),
      ...(quiet.length > 0 ? ['', `As wanted all the time: ${listed(quiet.map(({ site }) => site))}.`] : []),
      ...(altered.length > 0
        ? [
            '',
            `${count(altered.length, 'record')} not as written, and left out: ${listed(altered)}. See magnum-ha verify.`,
          ]
        : []),
      '',
      'All of it: magnum-ha audit --since 7d',
    ].join('\n'),
  };
}

function block(one: SiteSummary, executions: readonly ExecutionSummary[]): string[] {
  const { site, last, outage, dollars } = one;
  const own = executions.filter((each) => each.site === site);
  const more = own.length - LINES;
  return [
    `${site}: ${outcomesText(one)}; now ${OUTCOME_SIGNS[last.outcome].word}; outage ${lengthText(outage)}; about $${dollars.toFixed(2)}`,
    ...own.slice(0, LINES).map(executionLine),
    ...(more > 0 ? [`  and ${more} more: magnum-ha audit --since 7d --site ${site}`] : []),
  ];
}

function executionLine({ startedAt, mode, outcome, words }: ExecutionSummary): string {
  const short = words.length > LONGEST_WORDS ? `${words.slice(0, LONGEST_WORDS)}…` : words;
  return `  ${startedAt.slice(0, 16).replace('T', ' ')} ${mode}, ${OUTCOME_SIGNS[outcome].word}: ${short.replaceAll('\n', ' ')}`;
}

/** The first blocks for which there is room. */
function fitting(blocks: readonly string[][]): string[][] {
  let length = 0;
  const end = blocks.findIndex((lines) => (length += lines.join('\n').length) > LONGEST);
  return blocks.slice(0, end < 0 ? undefined : end);
}

function total(sites: readonly SiteSummary[]): number {
  return sites.reduce((sum, { executions }) => sum + executions, 0);
}
