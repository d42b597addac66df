import type { Audit } from '../audit';
import type { AuditedController } from '../controllers';
import { type Html, html } from './html';

/** From this many controllers on they are the rows. */
const AS_ROWS = 9;

interface Cell {
  readonly sign: string;
  readonly word: string;
  readonly tone: 'good' | 'changed' | 'bad';
}

interface Thing {
  readonly name: string;
  readonly cell: (one: AuditedController) => Cell;
}

const good = (word: string): Cell => ({ sign: '✓', word, tone: 'good' });
const changed = (sign: string, word: string): Cell => ({ sign, word, tone: 'changed' });
const bad = (sign: string, word: string): Cell => ({ sign, word, tone: 'bad' });

/** Managed thing by controller: how it was found, and what became of it; a sign and a word, never colour alone. */
export function matrix(audit: Audit): Html {
  const { controllers } = audit;
  if (controllers.length === 0) return html`<p>The controllers were not looked at.</p>`;
  const things = thingsOf(audit);
  const cell = (thing: Thing, one: AuditedController) => {
    const { sign, word, tone } = thing.cell(one);
    return html`<td class="${tone}"><span aria-hidden="true">${sign}</span> ${word}</td>`;
  };
  const rows =
    controllers.length < AS_ROWS
      ? html`<tr>
            <th scope="col">managed</th>
            ${controllers.map(({ name }) => html`<th scope="col">${name}</th>`)}
          </tr>
          ${things.map(
            (thing) =>
              html`<tr>
                <th scope="row">${thing.name}</th>
                ${controllers.map((one) => cell(thing, one))}
              </tr>`,
          )}`
      : html`<tr>
            <th scope="col">controller</th>
            ${things.map(({ name }) => html`<th scope="col">${name}</th>`)}
          </tr>
          ${controllers.map(
            (one) =>
              html`<tr>
                <th scope="row">${one.name}</th>
                ${things.map((thing) => cell(thing, one))}
              </tr>`,
          )}`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Drift by controller, scrolls sideways">
    <table class="matrix">
      <caption>
        What differed, and what was done, by controller
      </caption>
      ${rows}
    </table>
  </div>`;
}

function thingsOf({ controllers, mode }: Audit): Thing[] {
  const paths = [...new Set(controllers.flatMap(({ files }) => files.map(({ path }) => path)))];
  const left = mode === 'check' ? '' : ', not done';
  return [
    ...paths.map((path): Thing => ({
      name: path,
      cell: ({ files }) => {
        const file = files.find((one) => one.path === path);
        if (!file || file.state === 'same') return good('as wanted');
        if (file.written)
          return file.state === 'absent' ? changed('+', 'was missing, written') : changed('Δ', 'changed');
        return file.state === 'absent' ? bad('−', `missing${left}`) : bad('≠', `differs${left}`);
      },
    })),
    {
      name: 'firewall rule, running',
      cell: ({ firewall, firewallChanged }) => {
        if (firewall === 'same') return good('in place');
        return firewallChanged ? changed('Δ', 'placed') : bad('≠', `missing or misplaced${left}`);
      },
    },
    {
      name: 'services',
      cell: ({ restarted, stale, toRestart }) => {
        if (restarted) return changed('↻', `restarted, ${restarted.seconds} s`);
        if (stale.length > 0) return bad('≠', `${stale.join(', ')}: down, or older than magnum.conf`);
        return toRestart ? bad('≠', `to restart${left}`) : good('running');
      },
    },
    {
      name: 'HAProxy',
      cell: ({ haproxy, toCycle, cycled }) => {
        if (cycled) return changed('↻', 'cycled');
        if (haproxy !== 'current') {
          return bad('≠', { stale: 'older than its fragment', disabled: 'disabled', unknown: 'unknown' }[haproxy]);
        }
        return toCycle ? bad('≠', `to cycle${left}`) : good('runs with its fragment');
      },
    },
  ];
}
