import type { SiteSummary, Summary } from '../summary';
import { count } from '../verdict';
import { framed } from './frame';
import { type Html, html } from './html';

type Outcome = SiteSummary['last']['outcome'];

/** Each outcome with a sign, a word and a tone: never colour alone. */
export const OUTCOME_SIGNS: Readonly<
  Record<Outcome, { readonly sign: string; readonly word: string; readonly tone: 'good' | 'changed' | 'bad' }>
> = {
  unchanged: { sign: '=', word: 'as wanted', tone: 'good' },
  changed: { sign: '+', word: 'changed', tone: 'good' },
  waived: { sign: '≈', word: 'drift, waived', tone: 'good' },
  drift: { sign: '≠', word: 'drift', tone: 'changed' },
  skipped: { sign: '~', word: 'skipped', tone: 'changed' },
  running: { sign: '?', word: 'not ended', tone: 'changed' },
  refused: { sign: '!', word: 'refused', tone: 'bad' },
  'rolled-back': { sign: '↶', word: 'rolled back', tone: 'bad' },
  failed: { sign: '✗', word: 'failed', tone: 'bad' },
};

/** Executions of a time as one page that needs nothing else. */
export function summaryPage(summary: Summary): string {
  const { sites, since, until, executions } = summary;
  const all = sites.reduce((sum, one) => sum + one.executions, 0);
  const title = `${count(all, 'execution')} on ${count(sites.length, 'site')}, ${day(since)} to ${day(until)}`;
  return framed(
    title,
    html`<h2>Sites</h2>
      ${sitesTable(sites)}
      <h2>The worst of each ${summary.daysOfPeriod === 1 ? 'day' : `${summary.daysOfPeriod} days`}</h2>
      ${matrix(summary)}
      <h2>What found or did something</h2>
      ${executions.length === 0 ? html`<p>Nothing did.</p>` : executionsTable(executions)}`,
  );
}

function sitesTable(sites: readonly SiteSummary[]): Html {
  return scrolling(
    'Sites',
    html`<tr>
        ${['site', 'executions', 'outcomes', 'outage', 'cost, about', 'last'].map((name) => html`<th scope="col">${name}</th>`)}
      </tr>
      ${sites.map(
        (one) =>
          html`<tr>
            <th scope="row">${one.site}</th>
            <td>${one.executions}</td>
            <td>${outcomesText(one)}</td>
            <td>${lengthText(one.outage)}</td>
            <td>$${one.dollars.toFixed(2)}</td>
            ${outcomeCell(one.last.outcome, ` ${moment(one.last.startedAt)}`)}
          </tr>`,
      )}`,
  );
}

function matrix({ sites, periods }: Summary): Html {
  return scrolling(
    'Outcomes by site and time',
    html`<tr>
        <th scope="col">site</th>
        ${periods.map((one) => html`<th scope="col">${one.slice(5)}</th>`)}
      </tr>
      ${sites.map(
        (one) =>
          html`<tr>
            <th scope="row">${one.site}</th>
            ${one.periods.map((outcome) => (outcome ? outcomeCell(outcome) : html`<td></td>`))}
          </tr>`,
      )}`,
  );
}

function executionsTable(executions: Summary['executions']): Html {
  return scrolling(
    'Executions',
    html`<tr>
        ${['started', 'site', 'mode', 'outcome', 'outage', 'record'].map((name) => html`<th scope="col">${name}</th>`)}
      </tr>
      ${executions.map(
        (one) =>
          html`<tr>
            <td>${moment(one.startedAt)}</td>
            <th scope="row">${one.site}</th>
            <td>${one.mode}</td>
            ${outcomeCell(one.outcome, `: ${one.words}`)}
            <td>${one.outage ? lengthText(one.outage) : 'of unknown length'}</td>
            <td><code>${one.record}</code></td>
          </tr>`,
      )}`,
  );
}

function outcomeCell(outcome: Outcome, more = ''): Html {
  const { sign, word, tone } = OUTCOME_SIGNS[outcome];
  return html`<td class="${tone}"><span aria-hidden="true">${sign}</span> ${word}${more}</td>`;
}

function scrolling(label: string, rows: Html): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${label}, scrolls sideways">
    <table class="matrix">
      ${rows}
    </table>
  </div>`;
}

/** How many executions had which outcome. */
export function outcomesText({ outcomes }: SiteSummary): string {
  return Object.entries(outcomes)
    .map(([outcome, number]) => `${number} ${OUTCOME_SIGNS[outcome as Outcome].word}`)
    .join(', ');
}

/** Outages together, in words. */
export function lengthText({ atLeast, atMost }: SiteSummary['outage']): string {
  const seconds = (ms: number) => (ms / 1000).toFixed(1);
  if (atMost === 0) return 'none';
  return atLeast === atMost ? `${seconds(atMost)} s` : `${seconds(atLeast)} to ${seconds(atMost)} s`;
}

function day(iso: string): string {
  return iso.slice(0, 10);
}

function moment(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}
