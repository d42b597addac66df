import type { Audit } from '../audit';
import type { Command } from '../commands';
import { count, listed } from '../verdict';
import { seconds } from './axis';
import { type Html, html } from './html';

/** More rows than these are folded. */
const MANY = 60;

/** What was run on the controllers, in order. */
export function commands({ commands: all }: Audit): Html {
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

/** Every step, to be filtered. */
export function steps({ steps: all, execution }: Audit): Html {
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
