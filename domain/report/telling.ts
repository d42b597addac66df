import { UPDATED } from '../authorization/authorize';
import { forecastText } from '../authorization/forecast';
import { told } from '../controller/verdicts';
import { waivedText } from '../controller/waivers';
import { progressText } from './progress';
import { isOverBudget } from './outage-budget';
import type { Report } from './report';
import { kindsOf, type ReportVerdict } from './verdicts';

/** What people, and programs that wait for it, are told of an execution. It holds no secret. */
export interface Telling {
  /** Of a message: 100 characters at most, ASCII. */
  readonly subject: string;
  /** A message of ten lines or so, for somebody who does not have the report before him. */
  readonly text: string;
  /** The detail of the EventBridge event, see docs/runbook.md. */
  readonly event: TellingEvent;
}

/** What a program is told. */
export interface TellingEvent extends Pick<
  Report,
  'site' | 'mode' | 'outcome' | 'execution' | 'outageMs' | 'outageBoundsMs' | 'outageBudgetMs'
> {
  /** What differs, or what was done: one sentence each. */
  readonly plan: readonly string[];
  /** The kinds of what was found other than wanted, and is not waived, such as `changed by others`. */
  readonly kinds: readonly string[];
  /** Names of what preflight found to be an error. */
  readonly errors: readonly string[];
}

const LONGEST_SUBJECT = 100;
const LINES = 5;
const LONGEST_LINE = 400;
const LONGEST_CAUSE = 2000;

/** What is told of an execution that did or found something; null if all was as wanted, or accepted. */
export function tellingOf(report: Report): Telling | null {
  const {
    site,
    mode,
    outcome,
    execution,
    outageMs,
    outageBoundsMs: bounds,
    outageBudgetMs,
    haproxyUpdate,
    authorization,
    blastRadius,
  } = report;
  const errors = report.findings.filter(({ severity }) => severity === 'error');
  const isQuiet = outcome === 'unchanged' || outcome === 'waived';
  if (isQuiet && errors.length === 0) return null;
  const cloud = [...(report.bootstrap ?? []), ...(report.clusterTemplates ?? []), ...(report.clusters ?? [])]
    .filter(({ action }) => action !== 'unchanged')
    .map(({ name, action }) => `${name}: ${action}`);
  const kinds = kindsOf(report.verdicts);
  const found = report.verdicts.filter(({ verdict }) => verdict !== 'as wanted').map(verdictLine);
  const what = [
    ...errors.map(({ name, evidence }) => `${name}: ${evidence}`),
    // A check tells what it found; an apply what it did, or was about to do.
    ...(mode === 'check' ? found : [...report.plan, ...cloud]),
  ];
  const { failure, rollBack } = report;
  const updated = UPDATED[haproxyUpdate ?? 'cycle'];
  const down = blastRadius ? ` ${blastRadius.listeners.length} listeners go down with it.` : '';
  return {
    subject: asciiOf(`magnum-ha: ${site}: ${isQuiet ? 'findings' : outcome}${failure ? `, ${failure.error}` : ''}`),
    text: [
      `${capital(mode)} of site ${site}: ${WORDS[outcome]}.`,
      ...(kinds.length > 0 ? [`Found: ${kinds.join(', ')}.`] : []),
      ...(failure ? [shortened(`${failure.error}: ${failure.cause}`, LONGEST_CAUSE)] : []),
      ...(failure && report.controllers.length > 0 ? [`Now: ${progressText(report.controllers)}.`] : []),
      ...(rollBack ? [shortened(rollBack.summary, LONGEST_CAUSE)] : []),
      '',
      // What keeps an apply from beginning is in the cause.
      ...cut(outcome === 'refused' ? [] : what),
      '',
      ...(failure
        ? report.outages.map(({ from, to }) => `The VIP did not answer from ${from} ${to ? `to ${to}` : 'on'}.`)
        : []),
      ...(outageMs === null
        ? []
        : [
            outageMs === 0
              ? `HAProxy was ${updated}, and the VIP answered all the while.`
              : (haproxyUpdate ?? 'cycle') === 'cycle'
                ? `HAProxy was down for ${outageMs} ms.`
                : `While HAProxy was ${updated}, the VIP did not answer for ${outageMs} ms.`,
          ]),
      ...(bounds ? [`HAProxy was down for ${bounds.atLeast} to ${bounds.atMost} ms; not all of it was watched.`] : []),
      ...(isOverBudget(report)
        ? [`That is longer than its budget of ${outageBudgetMs} ms (haproxy.outageBudgetMs).`]
        : []),
      ...(authorization?.outsideWindow
        ? [`It was done outside the change window: ${authorization.outsideWindow}`]
        : []),
      ...(mode === 'check' && blastRadius ? [`To mend it HAProxy must be cycled.${down}`] : []),
      ...(report.forecasts.length > 0
        ? [`The VIP would not answer, by haproxy.update: ${report.forecasts.map(forecastText).join(', ')}.`]
        : []),
      ...(failure ? report.nextSteps.map((step) => `What to do: ${shortened(step)}`) : []),
      ...(report.mending && !report.mending.starts
        ? [`It is not mended by itself: ${shortened(report.mending.reason)}.`]
        : []),
      ...(outcome === 'drift' && mode === 'check' ? [`To mend it: magnum-ha start ${site} --mode apply`] : []),
      `The whole report: magnum-ha audit ${execution}`,
    ].join('\n'),
    event: {
      site,
      mode,
      outcome,
      execution,
      outageMs,
      outageBoundsMs: bounds,
      outageBudgetMs,
      plan: report.plan,
      kinds,
      errors: errors.map(({ name }) => name),
    },
  };
}

/** A verdict in a line: what, on which controllers, of which kind, and why. */
export function verdictLine(one: ReportVerdict): string {
  const { thing, controllers } = one;
  return `${thing}${controllers.length > 0 ? ` on ${controllers.join(', ')}` : ''}: ${told(one)}${waivedText(one)}`;
}

const WORDS: Readonly<Record<Report['outcome'], string>> = {
  unchanged: 'nothing differs, but something is wrong',
  changed: 'drift was removed',
  waived: 'all drift that was found is waived, but something is wrong',
  drift: 'drift was found, and is not, or not all, removed',
  'rolled-back': 'it failed, and what it had changed was undone',
  refused: 'it was refused, and nothing was touched but HAProxy if it had been left disabled',
  failed: 'it failed',
};

function cut(lines: readonly string[]): string[] {
  const more = lines.length - LINES;
  const shown = lines.slice(0, LINES).map((line) => shortened(line));
  return more > 0 ? [...shown, `and ${more} more`] : shown;
}

function shortened(text: string, longest = LONGEST_LINE): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

/** SNS takes no other subject. */
function asciiOf(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, LONGEST_SUBJECT);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
