import { isMap, isNode, isScalar, parseDocument } from 'yaml';

/**
 * Sets texts in the text of a site document, JSON or YAML. All else stays as it is: its order, its comments, its layout.
 *
 * @param values by path; the field may be missing, but not what is around it
 */
export function withValues(text: string, values: ReadonlyMap<readonly (string | number)[], string>): string {
  return [...values].reduce((edited, [path, value]) => withValue(edited, path, value), text);
}

function withValue(text: string, path: readonly (string | number)[], value: string): string {
  const document = parseDocument(text);
  const node = document.getIn(path, true);
  if (isScalar(node) && node.range) {
    const [start, end] = node.range;
    const space = text.charAt(start - 1) === ':' ? ' ' : '';
    return `${text.slice(0, start)}${space}${JSON.stringify(value)}${text.slice(end)}`;
  }
  const parent = document.getIn(path.slice(0, -1), true);
  if (!isMap(parent)) throw new Error(`There is no ${path.slice(0, -1).join('.')} in the document`);
  // After the last field, written as that is.
  const last = parent.items.at(-1);
  const [keyStart] = (isNode(last?.key) && last.key.range) || [0];
  const [, end] = (isNode(last?.value) && last.value.range) || [0, 0];
  const indent = / *$/.exec(text.slice(0, keyStart))?.[0] ?? '';
  const broken =
    text
      .slice(text.lastIndexOf('\n', keyStart) + 1, keyStart)
      .trim()
      .replace(/^-$/, '') === '';
  const field = parent.flow
    ? `,${broken ? `\n${indent}` : ' '}${JSON.stringify(path.at(-1))}: ${JSON.stringify(value)}`
    : `\n${' '.repeat(keyStart - (text.lastIndexOf('\n', keyStart - 1) + 1))}${String(path.at(-1))}: ${value}`;
  return `${text.slice(0, end)}${field}${text.slice(end)}`;
}
