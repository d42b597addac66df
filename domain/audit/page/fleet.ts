import { type FleetRun, LOOK_VERDICTS, type LookVerdict, type SiteVerdict } from '../fleet';
import { nameOf } from '../look';
import { count } from '../verdict';
import { framed } from './frame';
import { type Html, html } from './html';

/** Each verdict with a sign, a word and a tone: never colour alone. */
export const LOOK_SIGNS: Readonly<
  Record<LookVerdict, { readonly sign: string; readonly word: string; readonly tone: 'good' | 'changed' | 'bad' | '' }>
> = {
  'as-wanted': { sign: '=', word: 'as wanted', tone: 'good' },
  'check-started': { sign: '≠', word: 'check started', tone: 'changed' },
  busy: { sign: '~', word: 'busy', tone: '' },
  'could-not-start': { sign: '!', word: 'not checked', tone: 'bad' },
  'not-told': { sign: '?', word: 'not told', tone: 'bad' },
};

/** What came of a look, in a few words: why a check was started, or what failed, or who works on the site. */
export function whyOf({ error, because, heldBy }: SiteVerdict): string {
  return error ?? because ?? (heldBy === undefined ? '' : nameOf(heldBy));
}

/** A run of the fleet machine as one page that needs nothing else: first the sites that were not found as wanted. */
export function fleetPage(run: FleetRun): string {
  const { sites, startedAt, asked, counts } = run;
  const title = `${count(sites.length, 'site')}${asked === null ? '' : ` (${asked})`}, ${startedAt.slice(0, 16).replace('T', ' ')} UTC`;
  const others = sites.filter(({ verdict }) => verdict !== 'as-wanted');
  const good = sites.filter(({ verdict }) => verdict === 'as-wanted');
  return framed(
    title,
    html`<dl class="cards">
        ${LOOK_VERDICTS.map(
          (one) =>
            html`<div>
              <dt>${LOOK_SIGNS[one].word}</dt>
              <dd>${counts[one]}</dd>
            </div>`,
        )}
        <div>
          <dt>took</dt>
          <dd>${((Date.parse(run.endedAt) - Date.parse(startedAt)) / 1000).toFixed(0)} s</dd>
        </div>
      </dl>
      <h2>Not found as wanted</h2>
      ${others.length === 0 ? html`<p>None.</p>` : table(others)}
      <h2>As wanted</h2>
      <p>${good.length === 0 ? 'None.' : good.map(({ site }) => site).join(', ')}</p>
      <p class="soft">Execution ${run.execution}. What each check found: magnum-ha audit CHECK.</p>`,
  );
}

function table(sites: readonly SiteVerdict[]): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Sites, scrolls sideways">
    <table>
      <caption>
        Sites that were not found as wanted, and why
      </caption>
      <tr>
        <th scope="col">site</th>
        <th scope="col">verdict</th>
        <th scope="col">why</th>
        <th scope="col">check</th>
      </tr>
      ${sites.map((one) => {
        const { sign, word, tone } = LOOK_SIGNS[one.verdict];
        return html`<tr>
          <th scope="row">${one.site}</th>
          <td class="${tone}"><span aria-hidden="true">${sign}</span> ${word}</td>
          <td>${whyOf(one)}</td>
          <td>${one.check === undefined ? '' : html`<code>${nameOf(one.check)}</code>`}</td>
        </tr>`;
      })}
    </table>
  </div>`;
}
