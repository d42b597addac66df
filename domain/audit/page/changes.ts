import type { Audit } from '../audit';
import { type Change, doneWith } from '../controllers';
import { count, listed } from '../verdict';
import { type Html, html } from './html';

/** What was changed, or would be: equal differences once, with the controllers that have them. */
export function changes({ changes: all, controllers, mode }: Audit): Html {
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
  const files = controllers.flatMap(({ name, files }) =>
    files.flatMap(({ path, before, after, key, written }) =>
      after === undefined
        ? []
        : [{ name, after, row: [path, before ?? 'none', key ?? 'none', written ? '' : 'staged only'] }],
    ),
  );
  if (files.length === 0) return html``;
  // As a rule magnum.conf was the same everywhere, and is each controller's own now.
  const alike = new Map<string, { readonly row: readonly string[]; readonly made: Map<string, string[]> }>();
  for (const { name, after, row } of files) {
    const key = row.join('\n');
    const { made } = alike.get(key) ?? { made: new Map<string, string[]>() };
    made.set(after, [...(made.get(after) ?? []), name]);
    alike.set(key, { row, made });
  }
  return html`<details>
    <summary>Digests of ${count(files.length, 'file')}, before and after</summary>
    <div class="scroll" tabindex="0" role="region" aria-label="Digests">
      <table>
        <caption>
          The files' SHA-256; of magnum.conf keyed, so that nobody can search for a password: two tell whether they are
          equal if their keys are the same
        </caption>
        <thead>
          <tr>
            <th scope="col">file</th>
            <th scope="col">before</th>
            <th scope="col">key</th>
            <th scope="col">after, and on which controllers</th>
          </tr>
        </thead>
        <tbody>
          ${[...alike.values()].map(
            ({ row: [path, before, key, note], made }) =>
              html`<tr>
                <td>${path}</td>
                <td><code>${before}</code></td>
                <td>${key}</td>
                <td>
                  ${note}${[...made].map(([after, names]) => html`<div><code>${after}</code> ${names.join(', ')}</div>`)}
                </td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}
