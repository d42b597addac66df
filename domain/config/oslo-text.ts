/** What Python's str.strip takes for white space; JavaScript's trim takes others. */
const WHITE_SPACE = new Set(
  '\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000',
);

export function isWhiteSpace(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  // Most characters are not: this avoids a string for each.
  return (code <= 0x20 || code >= 0x85) && WHITE_SPACE.has(text.charAt(index));
}

export function strip(text: string): string {
  return stripStart(stripEnd(text));
}

export function stripStart(text: string): string {
  let start = 0;
  while (start < text.length && isWhiteSpace(text, start)) start++;
  return start === 0 ? text : text.slice(start);
}

export function stripEnd(text: string): string {
  let end = text.length;
  while (end > 0 && isWhiteSpace(text, end - 1)) end--;
  return end === text.length ? text : text.slice(0, end);
}
