/** Text that is HTML already. */
export class Html {
  constructor(readonly text: string) {}
}

type Part = string | number | Html | undefined | null | false | readonly Part[];

/** HTML from a template: values are escaped, unless they are HTML themselves. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  // The template's own indentation is for its readers only.
  const [first = '', ...others] = strings.map((string) => string.replace(/\n\s+/g, '\n').replace(/>\n</g, '><'));
  return new Html(others.reduce((text, string, index) => `${text}${render(parts[index])}${string}`, first));
}

function render(part: Part): string {
  if (part === undefined || part === null || part === false) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(render).join('');
  return String(part).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
