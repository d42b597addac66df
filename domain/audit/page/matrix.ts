import type { Audit } from '../audit';
import { type AuditedController, updatedText } from '../controllers';
import { HAPROXY } from '../../controller/running';
import { accessOf, RUNNING_RULE } from '../../controller/verdicts';
import { verdictLine } from '../../report/telling';
import { type ReportVerdict, standingOf } from '../../report/verdicts';
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

/** What is not as wanted, with its reason, equal ones once. */
export function reasons({ verdicts }: Audit): Html {
  const found = verdicts.filter(({ verdict }) => verdict !== 'as wanted');
  if (found.length === 0) return html``;
  return html`<h3>Found, and why</h3>
    <ul>
      ${found.map((one) => html`<li>${verdictLine(one)}</li>`)}
    </ul>`;
}

function thingsOf({ controllers, mode, verdicts: reported }: Audit): Thing[] {
  const waived = reported.filter((one) => standingOf(one) === 'waived');
  /** The kinds of what was found of some things; in records of older releases, a word for all of them. */
  const kindsOf = (
    { name, verdicts = [] }: Pick<AuditedController, 'name'> & Partial<AuditedController>,
    things: readonly string[],
    otherwise: string,
  ): string => {
    const kinds = verdicts
      .filter(({ thing }) => things.includes(thing))
      .map(({ thing, verdict }) => {
        const isWaived = (one: ReportVerdict) =>
          one.thing === thing && one.verdict === verdict && one.controllers.includes(name);
        return waived.some(isWaived) ? `${verdict} (waived)` : verdict;
      });
    return [...new Set(kinds)].join(', ') || otherwise;
  };
  const paths = [...new Set(controllers.flatMap(({ files }) => files.map(({ path }) => path)))];
  const left = mode === 'check' ? '' : ', not done';
  const undone = ({ state }: AuditedController) => (state === 'rolled back' ? ', rolled back' : '');
  return [
    ...paths.map((path): Thing => ({
      name: path,
      cell: (one) => {
        const file = one.files.find((each) => each.path === path);
        if (!file) return good('as wanted');
        const isSame = file.state === 'same';
        const kinds = kindsOf(
          one,
          [path, accessOf(path)],
          isSame ? '' : file.state === 'absent' ? 'missing' : 'differs',
        );
        // A foreign option is no difference of the file, and yet is told.
        if (isSame) return kinds === '' ? good('as wanted') : changed('≠', kinds);
        if (!file.written) return bad(file.state === 'absent' ? '−' : '≠', `${kinds}${left}`);
        return file.state === 'absent'
          ? changed('+', `${kinds}, written${undone(one)}`)
          : changed('Δ', `${kinds}, changed${undone(one)}`);
      },
    })),
    {
      name: 'firewall rule, running',
      cell: (one) => {
        if (one.firewall === 'same') return good('in place');
        const kinds = kindsOf(one, [RUNNING_RULE], 'missing or misplaced');
        return one.firewallChanged ? changed('Δ', `${kinds}, placed${undone(one)}`) : bad('≠', `${kinds}${left}`);
      },
    },
    {
      name: 'services',
      cell: (one) => {
        const { restarted, stale, toRestart } = one;
        const kinds = kindsOf(one, stale, 'down, or older than magnum.conf');
        if (restarted) return changed('↻', `${stale.length > 0 ? `${kinds}, ` : ''}restarted, ${restarted.seconds} s`);
        if (stale.length > 0) return bad('≠', `${stale.join(', ')}: ${kinds}${left}`);
        return toRestart ? bad('≠', `to restart${left}`) : good('running');
      },
    },
    {
      name: 'HAProxy',
      cell: (one) => {
        const { haproxy, toCycle, started, cycled, update } = one;
        const kinds = kindsOf(one, [HAPROXY], haproxy === 'stale' ? 'older than its fragment' : haproxy);
        const done = updatedText(one);
        if (cycled) return changed('↻', haproxy === 'current' ? done : `${kinds}, ${done}`);
        if (started) return changed('▲', `${kinds}, started`);
        if (haproxy !== 'current') return bad('≠', `${kinds}${left}`);
        return toCycle
          ? bad('≠', `to ${update === 'reload' ? 'reload' : 'cycle'}${left}`)
          : good('runs with its fragment');
      },
    },
  ];
}
