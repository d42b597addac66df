import { createHash } from 'node:crypto';
import { forecastLine } from '../../authorization/forecast';
import { readByWhom } from '../../controller/plan';
import { releaseText } from '../../release';
import { startedByText } from '../../site/started-by';
import type { Audit } from '../audit';
import { isLook, nameOf } from '../look';
import { lengthOf } from '../outages';
import { seconds } from './axis';
import { changes } from './changes';
import { Html, html } from './html';
import { matrix, reasons } from './matrix';
import { SCRIPT, STYLE } from './style';
import { commands, steps } from './tables';
import { timeline } from './timeline';

/**
 * An execution as one page of HTML that needs nothing else: no request, and no script but its own. Everything is written when
 * the page is made; the script only filters.
 */
export function page(audit: Audit): string {
  const { site, mode, verdict } = audit;
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const policy = `default-src 'none'; img-src data:; style-src ${hash(STYLE)}; script-src ${hash(SCRIPT)}`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <link rel="icon" href="data:," />
        <title>${site}, ${mode}: ${verdict.outcome}</title>
        ${new Html(`<style>${STYLE}</style>`)}
      </head>
      <body>
        <a class="skip" href="#main">To the content</a>
        <header><h1>${site}, ${mode}: ${verdict.outcome}</h1></header>
        <main id="main">
          <section class="verdict ${TONES[verdict.outcome]}" aria-label="Verdict">
            <p><strong>${verdict.words}</strong></p>
            ${verdict.todo.map((line) => html`<p>${line}</p>`)}${audit.failure && html`<p><code>${audit.failure.error}</code>: ${audit.failure.cause}</p>`}
          </section>
          ${cards(audit)}
          <nav aria-label="Sections">${SECTIONS.map(([id, title]) => html`<a href="#${id}">${title}</a> `)}</nav>
          <h2 id="timeline">Timeline</h2>
          ${timeline(audit)}
          <h2 id="drift">Drift</h2>
          ${matrix(audit)}${reasons(audit)}${findings(audit)}
          <h2 id="changes">Changes</h2>
          ${changes(audit)}
          <h2 id="outage">Outage</h2>
          ${outage(audit)}
          <h2 id="services">Services and clusters</h2>
          ${services(audit)}
          <h2 id="commands">Commands</h2>
          ${commands(audit)}
          <h2 id="steps">Steps</h2>
          ${steps(audit)}
          <h2 id="verify">How to verify this record offline</h2>
          ${verification(audit)}
        </main>
        ${new Html(`<script>${SCRIPT}</script>`)}
      </body>
    </html> `.text;
}

const TONES = {
  unchanged: 'unchanged',
  changed: 'changed-verdict',
  waived: 'unchanged',
  drift: 'drift',
  running: 'running',
  skipped: 'running',
  refused: 'refused',
  failed: 'failed-verdict',
  'rolled-back': 'failed-verdict',
} as const;

const SECTIONS = [
  ['timeline', 'Timeline'],
  ['drift', 'Drift'],
  ['changes', 'Changes'],
  ['outage', 'Outage'],
  ['services', 'Services'],
  ['commands', 'Commands'],
  ['steps', 'Steps'],
  ['verify', 'Verify'],
] as const;

function cards({ execution, authorized, outages, controllers, release, document, record, cost }: Audit): Html {
  const { asOf, region } = cost.prices;
  const all: [string, string | Html][] = [
    ['started', moment(execution.startedAt)],
    ['took', seconds(execution.milliseconds)],
    ['outage of the VIP', outages.length === 0 ? 'none' : outages.map(lengthOf).join(', ')],
    ['controllers', String(controllers.length)],
    ['started by', startedByText(execution.startedBy)],
    ['approved by', approvedBy(authorized)],
    ...outsideWindow(authorized),
    ['input', html`<code>${execution.input}</code>`],
    ['magnum-ha', releaseText(release)],
    [
      'site document, version and SHA-256',
      document ? html`<code>${document.version}</code> <code>${document.sha256.slice(0, 16)}…</code>` : 'was not read',
    ],
    [
      'record',
      `${record.events} events, ${record.missing.length === 0 ? 'none missing' : `${record.missing.length} missing`}`,
    ],
    [
      'cost, about',
      `$${cost.dollars.toFixed(4)}: ${cost.transitions} transitions, ${cost.gigabyteSeconds.toFixed(1)} GB-s (${region}, ${asOf})`,
    ],
    ['execution', html`<code>${execution.arn}</code>`],
  ];
  return html`<dl class="cards">
    ${all.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

function approvedBy(authorized: Audit['authorized']): string {
  const approval = authorized?.authorization.approval;
  if (approval) return `${approval.approver}: ${approval.reason}`;
  return authorized?.request ? 'nobody' : 'not asked for';
}

function outsideWindow(authorized: Audit['authorized']): [string, string][] {
  const reason = authorized?.authorization.outsideWindow ?? null;
  return reason === null ? [] : [['outside the change window, because', reason]];
}

function moment(iso: string): string {
  return `${iso.slice(0, 19).replace('T', ' ')} UTC`;
}

function findings({ findings: all }: Audit): Html {
  if (all.length === 0) return html``;
  return html`<h3>Findings</h3>
    <ul>
      ${all.map(({ severity, name, evidence, remedy }) => html`<li><strong>${severity} ${name}</strong>: ${evidence} → ${remedy}</li>`)}
    </ul>`;
}

function outage({ outages, down, forecasts, mode }: Audit): Html {
  const times = outages.map(
    (one) =>
      html`<p>
        The VIP did not answer for <strong>${lengthOf(one)}</strong>, from ${one.from ?? 'before this execution'} to
        ${one.to ?? 'after its last look'}.
      </p>`,
  );
  const none =
    outages.length === 0
      ? html`<p>No outage.${mode === 'check' && down && ' An apply would cycle HAProxy.'}</p>`
      : html``;
  const radius = down
    ? html`<ul>
        ${down.resources.map((id) => html`<li>pacemaker resource <code>${id}</code> (${readByWhom(down.readBy)})</li>`)}${down.listeners.map((one) => html`<li>listener ${one}</li>`)}
      </ul>`
    : html``;
  return html`${times}${none}${down && html`<p>${outages.length > 0 ? 'Down meanwhile:' : 'Would be down meanwhile:'}</p>`}${radius}${
    forecasts.length > 0 &&
    html`<p>How long the VIP would not answer, by <code>haproxy.update</code>:</p>
      <ul>
        ${forecasts.map((one) => html`<li>${forecastLine(one)}</li>`)}
      </ul>`
  }`;
}

function services({ verification, clusterTemplates, clusters }: Audit): Html {
  if (!verification) return html`<p>Not looked at: the execution did not come to that.</p>`;
  return html`<ul>
    ${verification.apis.map(({ name, address, answers }) => html`<li>${answers ? '✓' : '✗'} Magnum API of ${name} (${address}) ${answers ? 'answers' : 'does not answer'}</li>`)}${verification.conductors.map(({ host, id, state }) => html`<li>${state === 'up' ? '✓' : '✗'} magnum-conductor of ${host ?? String(id ?? '?')}: ${state}</li>`)}${clusterTemplates.map(({ name, action }) => html`<li>cluster template ${name}: ${action}</li>`)}${clusters.map(({ name, action, status }) => html`<li>cluster ${name}: ${action}, ${status ?? 'missing'}</li>`)}
  </ul>`;
}

function verification({ record, execution }: Audit): Html {
  const missing =
    record.missing.length === 0
      ? 'No event is missing between the first and the last.'
      : `Missing: ${record.missing.join(', ')}.`;
  if (isLook(execution.arn)) {
    return html`<p>
      A look of the fleet machine is an Express execution, which has no history: its ${record.events} events are what it
      told the archive. What was looked at, by which commands, stands in the functions' log for three months.
    </p>`;
  }
  return html`<p>
      ${missing} ${record.complete ? 'The last one is the end of the execution.' : 'The record is not whole.'} SHA-256
      of its events, one a line, as JSON with members by name:
    </p>
    <p><code>${record.sha256}</code></p>
    <p>
      Compare it with that of the history:
      <code>magnum-ha audit ${nameOf(execution.arn) || 'FILE'} --json</code>, at <code>record.sha256</code>.
    </p>`;
}
