import { createHash } from 'node:crypto';
import { readByWhom } from '../../controller/plan';
import { startedByText } from '../../site/started-by';
import type { Audit } from '../audit';
import type { Command } from '../commands';
import { type Change, doneWith } from '../controllers';
import { lengthOf } from '../outages';
import { count, listed } from '../verdict';
import { seconds } from './axis';
import { Html, html } from './html';
import { matrix, reasons } from './matrix';
import { SCRIPT, STYLE } from './style';
import { timeline } from './timeline';

/** More rows than these are folded. */
const MANY = 60;

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

function cards({ execution, outages, controllers, document, record, cost }: Audit): Html {
  const { asOf, region } = cost.prices;
  const all: [string, string | Html][] = [
    ['started', moment(execution.startedAt)],
    ['took', seconds(execution.milliseconds)],
    ['outage of the VIP', outages.length === 0 ? 'none' : outages.map(lengthOf).join(', ')],
    ['controllers', String(controllers.length)],
    ['started by', startedByText(execution.startedBy)],
    ['approved by', 'not asked for'],
    ['input', html`<code>${execution.input}</code>`],
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

function changes({ changes: all, controllers, mode }: Audit): Html {
  const files = all.reduce((sum, one) => sum + one.controllers.length, 0);
  const restarted = controllers.flatMap((one) => (one.restarted ? [one.name] : []));
  return html`<p>
      ${all.length === 0 ? 'No file differed.' : `${count(all.length, 'different change')} in ${count(files, 'file')}.`}
      ${restarted.length > 0 && `Services restarted on ${listed(restarted)}.`}
    </p>
    ${all.map((one) => change(one, mode))}${digests(controllers)}`;
}

function change(one: Change, mode: string): Html {
  const { path, state, diff, controllers } = one;
  const done = doneWith(one, mode);
  const names = controllers.length > 6 ? html`<p class="soft">${controllers.join(', ')}</p>` : html``;
  return html`<details>
    <summary>
      <code>${path}</code>: ${done}${state === 'absent' && ' (was missing)'}, ${controllers.length > 1 && 'the same '}on
      ${listed(controllers)} <span class="soft">${count(diff.length, 'line')}</span>
    </summary>
    ${names}
    <pre tabindex="0">${diff.map(diffLine)}</pre>
  </details>`;
}

function diffLine(line: string): Html {
  if (line.startsWith('+')) return html`<ins>${line}</ins> `;
  if (line.startsWith('-')) return html`<del>${line}</del> `;
  const [, name = '', before = '', after = ''] = /^(.*?: )(.*) → (.*)$/s.exec(line) ?? [];
  return name === ''
    ? html`${line} `
    : html`${name}<span class="old">${before}</span> → <span class="new">${after}</span> `;
}

function digests(controllers: Audit['controllers']): Html {
  const rows = controllers.flatMap(({ name, files }) =>
    files.flatMap((file) => (file.after === undefined ? [] : [{ name, ...file }])),
  );
  if (rows.length === 0) return html``;
  return html`<details>
    <summary>Digests of ${count(rows.length, 'file')}, before and after</summary>
    <div class="scroll" tabindex="0" role="region" aria-label="Digests">
      <table>
        <caption>
          Keyed with the site's SSH key: they tell whether two are equal, and nothing of a secret
        </caption>
        <thead>
          <tr>
            <th scope="col">controller</th>
            <th scope="col">file</th>
            <th scope="col">before</th>
            <th scope="col">after</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ({ name, path, before, after, written }) =>
              html`<tr>
                <td>${name}</td>
                <td>${path}</td>
                <td><code>${before ?? 'none'}</code></td>
                <td><code>${after}</code>${!written && ' (staged only)'}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}

function outage({ outages, down, mode }: Audit): Html {
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
  return html`${times}${none}${down && html`<p>${outages.length > 0 ? 'Down meanwhile:' : 'Would be down meanwhile:'}</p>`}${radius}`;
}

function services({ verification, clusterTemplates, clusters }: Audit): Html {
  if (!verification) return html`<p>Not looked at: the execution did not come to that.</p>`;
  return html`<ul>
    ${verification.apis.map(({ name, address, answers }) => html`<li>${answers ? '✓' : '✗'} Magnum API of ${name} (${address}) ${answers ? 'answers' : 'does not answer'}</li>`)}${verification.conductors.map(({ host, id, state }) => html`<li>${state === 'up' ? '✓' : '✗'} magnum-conductor of ${host ?? String(id ?? '?')}: ${state}</li>`)}${clusterTemplates.map(({ name, action }) => html`<li>cluster template ${name}: ${action}</li>`)}${clusters.map(({ name, action, status }) => html`<li>cluster ${name}: ${action}, ${status ?? 'missing'}</li>`)}
  </ul>`;
}

function commands({ commands: all }: Audit): Html {
  if (!all) {
    return html`<p>
      Not in the history: in CloudWatch Logs, by the saved query <i>Commands of an execution</i>. Give them with
      <code>--logs</code>.
    </p>`;
  }
  const rows = alike(all).map(({ at, state, command, exitCode, milliseconds, controllers, times }) => {
    const often = times > controllers.length ? `, ${times} times` : '';
    return html`<tr>
      <td>${at?.slice(11, 23)}</td>
      <td>${state}</td>
      <td>${listed(controllers)}${often}</td>
      <td><code>${command}</code></td>
      <td>${exitCode ?? 'lost'}</td>
      <td>${milliseconds} ms</td>
    </tr>`;
  });
  return html`<p>
      ${count(all.length, 'command')}, in order. What a step ran alike on several controllers is one row, with the first
      time and the longest duration; <code>--json</code> has each.
    </p>
    ${folded(rows.length, 'row', table('Commands', ['at', 'step', 'on', 'command', 'exit', 'took'], rows))}`;
}

interface Alike extends Omit<Command, 'controller'> {
  readonly controllers: readonly string[];
  readonly times: number;
}

/** Commands of a step that differ only in the controller, or in the time. */
function alike(all: readonly Command[]): Alike[] {
  const groups = new Map<string, Alike>();
  for (const { controller, ...one } of all) {
    const key = JSON.stringify([one.state, one.command, one.exitCode]);
    const before = groups.get(key) ?? { ...one, controllers: [], times: 0 };
    groups.set(key, {
      ...before,
      milliseconds: Math.max(before.milliseconds, one.milliseconds),
      controllers: [...new Set([...before.controllers, controller])],
      times: before.times + 1,
    });
  }
  return [...groups.values()];
}

function steps({ steps: all, execution }: Audit): Html {
  const start = Date.parse(execution.startedAt);
  const rows = all.map(({ id, name, subject, waitsFor, enteredAt, exitedAt, attempts }) => {
    const faults = attempts.flatMap(({ error }) => (error === undefined ? [] : [error]));
    const note = [waitsFor && `waits for: ${waitsFor}`, faults.length > 0 && `✗ failed: ${faults.join(', ')}`]
      .filter(Boolean)
      .join('; ');
    return html`<tr id="step-${id}">
      <td>${seconds(enteredAt - start)}</td>
      <td>${name}</td>
      <td>${subject}</td>
      <td>${exitedAt === undefined ? '' : seconds(exitedAt - enteredAt)}</td>
      <td>${note}</td>
    </tr>`;
  });
  return html`<p class="filter">
      <label>Filter <input id="filter" type="search" placeholder="node-2, Commit, failed …" /></label>
      <span id="shown" role="status">${count(all.length, 'step')}</span>
    </p>
    ${folded(all.length, 'step', table('Steps', ['at', 'step', 'on', 'took', 'note'], rows))}`;
}

/** A table that scrolls in itself. @param label what it is of */
function table(label: string, columns: readonly string[], rows: readonly Html[]): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${label}, scrolls sideways">
    <table>
      <thead>
        <tr>
          ${columns.map((column) => html`<th scope="col">${column}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

function folded(number: number, noun: string, content: Html): Html {
  return number <= MANY
    ? content
    : html`<details>
        <summary>${count(number, noun)}</summary>
        ${content}
      </details>`;
}

function verification({ record, execution }: Audit): Html {
  const missing =
    record.missing.length === 0
      ? 'No event is missing between the first and the last.'
      : `Missing: ${record.missing.join(', ')}.`;
  return html`<p>
      ${missing} ${record.complete ? 'The last one is the end of the execution.' : 'The record is not whole.'} SHA-256
      of its events, one a line, as JSON with members by name:
    </p>
    <p><code>${record.sha256}</code></p>
    <p>
      Compare it with that of the history:
      <code>magnum-ha audit ${execution.arn.split(':').at(-1) ?? 'FILE'} --json</code>, at <code>record.sha256</code>.
    </p>`;
}
