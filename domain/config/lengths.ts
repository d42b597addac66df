/** Characters after which a line is cut. */
export const CHARACTERS = 300;

/** A keyword and how much of the line it leaves. */
export function counted(keyword: string, rest: string): string {
  const text = rest.trim();
  return text === '' ? keyword : `${keyword} <${characters(text)}>`;
}

/** All that is told of a value that may be a secret. */
export function length(value: string): string {
  if (value === '') return '(empty)';
  const lines = value.split('\n').length;
  return `<${characters(value)}${lines > 1 ? ` in ${lines} lines` : ''}>`;
}

export function characters(text: string): string {
  return `${text.length} character${text.length === 1 ? '' : 's'}`;
}
