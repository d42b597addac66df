/** A text in which secrets are looked for. */
export class SearchedText {
  #base64: Unwrapped | undefined;

  constructor(readonly raw: string) {}

  base64 = (): Unwrapped => (this.#base64 ??= unwrapped(this.raw));
}

/** Where something is in a text. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * Finds a secret in one of the forms in which it may stand in a text that came from a host: as it is, percent-encoded,
 * escaped as in JSON, Python, a shell, oslo.config or HTML (also one within the other), with letters lost to a wrong
 * character set; or in base64, also in the middle of a longer and wrapped one. It takes time in proportion to the text.
 */
export type Form = (text: SearchedText) => Range[];

/** No form is longer. */
export const LONGEST_FORM = 16 * 1024;

/** Longer values are looked for in pieces: an expression of thousands of characters is slow to compile. */
const PIECE = 128;
/** Shorter lines of a value are not looked for on their own. */
const SHORT_LINE = 8;

/** The forms of a value, or of each of its pieces. */
export function formsOf(value: string): Form[] {
  // In an expression a line break is one of either kind.
  const written = pieces(value.replaceAll('\r\n', '\n'));
  const bytes = new Set([...written, ...pieces(value)]);
  return [...written.map(escaped), ...[...bytes].flatMap(inBase64)];
}

function pieces(value: string): string[] {
  // A file put into SSM often ends in a line break that is not used.
  const whole = value.trim();
  const lines = whole.split('\n').map((line) => line.trim());
  return [
    ...new Set([
      ...(value.length <= PIECE ? [value, whole] : []),
      // The lines of a value may stand apart, or indented.
      ...lines.filter((line) => line.length >= SHORT_LINE).flatMap(chunks),
      ...(lines.length > 1 ? grouped(lines) : []),
    ]),
  ];
}

/** Pieces of about the same length: no last one of two characters. */
function chunks(line: string): string[] {
  const characters = Array.from(line);
  const size = Math.ceil(characters.length / Math.ceil(characters.length / PIECE));
  return Array.from({ length: Math.ceil(characters.length / size) }, (_, index) =>
    characters.slice(index * size, (index + 1) * size).join(''),
  );
}

/** Short lines are joined with the next line, the last ones with the line before. */
function grouped(lines: readonly string[]): string[] {
  const groups: string[] = [];
  let short: string[] = [];
  let before = '';
  for (const line of lines) {
    if (line.length < SHORT_LINE && short.join('').length < SHORT_LINE) {
      short.push(line);
      continue;
    }
    if (short.length > 0) groups.push([...short, line.slice(0, PIECE)].join('\n'));
    short = [];
    before = line;
  }
  if (short.length > 0) groups.push([before.slice(-PIECE), ...short].join('\n'));
  return groups;
}

/** The characters with which people quote and escape. */
const QUOTING = String.raw`["$%'\\\`]`;

/** With its characters escaped in any way, each in its own: by an expression that can match a text in one way only. */
function escaped(value: string): Form {
  const parts = value.match(new RegExp(`[A-Za-z0-9]+|${QUOTING}+|[\\u0080-\\uffff]+|[^]`, 'g')) ?? [];
  const source = parts.map((part, index) =>
    escapedPart(part, parts[index - 1]?.includes('\\') ?? false, index === parts.length - 1),
  );
  // Nobody escapes letters and digits of ASCII: most texts need no more than these searches.
  const longest = longestWords(parts, 3);
  let pattern: RegExp | undefined;
  return ({ raw }) => {
    if (!longest.every((word) => raw.includes(word))) return [];
    // Compiled when a text first needs it.
    pattern ??= new RegExp(source.join(''), 'g');
    const found: Range[] = [];
    pattern.lastIndex = 0;
    for (let match = pattern.exec(raw); match; match = pattern.exec(raw)) {
      found.push({ start: match.index, end: pattern.lastIndex });
      // Pieces of one value may overlap.
      pattern.lastIndex = match.index + 1;
    }
    return found;
  };
}

function longestWords(parts: readonly string[], count: number): string[] {
  const words = parts.filter((part) => /^[A-Za-z0-9]/.test(part));
  return words.sort((one, other) => other.length - one.length).slice(0, count);
}

/** The control characters that have an escape of their own in JSON, Python or C. */
const CONTROLS: ReadonlyMap<string, string> = new Map(
  Object.entries({ '\0': '0', '\x07': 'a', '\b': 'b', '\t': 't', '\v': 'v', '\f': 'f', '\r': 'r', '\x1b': 'e' }),
);

/** @param afterBackslash the expression before this one takes all backslashes but one */
function escapedPart(part: string, afterBackslash: boolean, isLast: boolean): string {
  if (/^[A-Za-z0-9]/.test(part)) return part;
  const some = afterBackslash ? BACKSLASH : `${BACKSLASH}{1,7}`;
  if (/^[\u0080-\uffff]/.test(part)) return foreign(part, some);
  if (new RegExp(QUOTING).test(part)) return part.length === 1 ? quoting(part, some) : quotingRun(part, isLast);
  const code = part.charCodeAt(0);
  if (part === '\n') {
    const escape = `(?:${some}r)?${BACKSLASH}{1,7}n`;
    return anyOf([String.raw`\r?\n[ \t]{0,32}`, escape, `(?:${percent(13)})?${percent(10)}`, html(10)]);
  }
  const control = CONTROLS.get(part);
  return anyOf([
    ...(part === ' ' ? [String.raw`\+`] : []),
    ...(control === undefined ? [] : [some + control]),
    ...written(code, some, afterBackslash),
  ]);
}

/** One character that quotes, alone. */
function quoting(character: string, some: string): string {
  const code = character.charCodeAt(0);
  if (character === '\\') return anyOf([`${some}${numbered(code)}`, html(code), `${BACKSLASH}{1,16}`]);
  const own: Record<string, string[]> = {
    // In a shell's single quotes, and in those of SQL and YAML.
    "'": [String.raw`'\\{1,7}''`, `'"'"'`, `''`],
    '"': ['""'],
    '%': ['%%'],
    $: [String.raw`(?:\\{0,7}\$){2,4}`],
  };
  return anyOf([...written(code, some, false), ...(own[character] ?? [])]);
}

/**
 * Several of them side by side: any such characters. What one is written with is written for another too, so that an exact
 * expression could match in exponentially many ways.
 */
function quotingRun(run: string, isLast: boolean): string {
  const { length } = run;
  const codes = Array.from('"$%\'\\`', (character) => character.charCodeAt(0));
  const hex = codes.map((code) => hexadecimal(code, 2)).join('|');
  const one = anyOf([
    `%(?:25){0,3}(?:${hex})`,
    String.raw`\\(?:u00|x)(?:${hex})`,
    String.raw`&(?:amp;){0,3}(?:#0{0,6}(?:${codes.join('|')})|#[xX]0{0,6}(?:${hex})|quot|apos);`,
    QUOTING,
  ]);
  const any = `${one}{${length},${8 * length}}`;
  if (!isLast) return any;
  // Quotes that follow the secret are not part of it.
  const json = JSON.stringify(run).slice(1, -1);
  const python = run.replaceAll('\\', String.raw`\\`);
  const common = [
    JSON.stringify(json).slice(1, -1),
    json,
    python.replaceAll("'", String.raw`\'`),
    python,
    run.replaceAll('$', '$$$$'),
    run.replace(/["$\\`]/g, String.raw`\$&`),
    run.replace(/./gs, String.raw`\$&`),
    run,
  ];
  return anyOf([...common.sort((a, b) => b.length - a.length).map(literal), `${any}?`]);
}

/** Letters beyond ASCII. */
function foreign(text: string, some: string): string {
  const bytes = Buffer.from(text);
  const letters = Array.from(text, (letter, index) => {
    const first = index === 0 ? some : `${BACKSLASH}{1,7}`;
    const code = letter.codePointAt(0) ?? 0;
    const own = [...Buffer.from(letter)];
    const units = Array.from({ length: letter.length }, (_, index) => letter.charCodeAt(index));
    const written = [
      units.map((unit) => `u${hexadecimal(unit, 4)}`),
      [`U${hexadecimal(code, 8)}`],
      own.map((byte) => `x${hexadecimal(byte, 2)}`),
      own.map((byte) => byte.toString(8)),
      ...(code < 256 ? [[`x${hexadecimal(code, 2)}`]] : []),
    ];
    return anyOf([
      whole(letter),
      own.map(percent).join(''),
      ...written.map((escapes) => first + escapes.join(`${BACKSLASH}{1,7}`)),
      html(code),
    ]);
  });
  const counts = [...new Set([bytes.length, text.length, letters.length])];
  return anyOf([
    letters.join(''),
    // UTF-8 read as Latin-1; what could not be read, or not be written.
    literal(bytes.toString('latin1')),
    ...counts.map((count) => '\ufffd'.repeat(count)).filter((lost) => lost !== bytes.toString()),
    ...counts.map((count) => literal('?'.repeat(count))),
  ]);
}

/** A letter as it is. Half of a pair is none if the text has the whole, and is written as U+FFFD. */
function whole(letter: string): string {
  if (/^[\ud800-\udbff]$/.test(letter)) return String.raw`(?:${letter}(?![\udc00-\udfff])|\ufffd)`;
  if (/^[\udc00-\udfff]$/.test(letter)) return String.raw`(?:(?<![\ud800-\udbff])${letter}|\ufffd)`;
  return letter;
}

/** A character of ASCII by its number or, after any backslashes, as it is. */
function written(code: number, some: string, afterBackslash: boolean): string[] {
  const any = afterBackslash ? '' : `${BACKSLASH}{0,7}`;
  return [some + numbered(code), any + anyOf([percent(code), html(code), literal(String.fromCharCode(code))])];
}

/** What stands after a backslash. */
function numbered(code: number): string {
  return anyOf([`u${hexadecimal(code, 4)}`, `x${hexadecimal(code, 2)}`]);
}

/** Percent-encoded in JSON, say, that was put into a URL. */
const BACKSLASH = String.raw`(?:\\|%(?:25){0,3}5[cC])`;

/** A percent-encoded byte; the sign may be encoded itself. */
function percent(byte: number): string {
  return `%(?:25){0,3}${hexadecimal(byte, 2)}`;
}

function html(code: number): string {
  const names: Record<string, string> = { '"': '|quot', '&': '|amp', "'": '|apos', '<': '|lt', '>': '|gt' };
  const name = names[String.fromCodePoint(code)] ?? '';
  return `&(?:amp;){0,3}(?:#0{0,6}${code}|#[xX]0{0,6}${hexadecimal(code, 1)}${name});`;
}

/** In small letters or capitals. */
function hexadecimal(number: number, digits: number): string {
  return number
    .toString(16)
    .padStart(digits, '0')
    .replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

function literal(text: string): string {
  return text.replace(/[$()*+./?[\\\]^{|}-]/g, String.raw`\$&`);
}

function anyOf(sources: readonly string[]): string {
  return `(?:${sources.join('|')})`;
}

/**
 * In base64. The bytes before it decide where it begins within a group of three; and it shares the characters at its ends
 * with its neighbours.
 */
function inBase64(value: string): Form[] {
  const bytes = Buffer.from(value);
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const sharesFirst = before > 0;
    const sharesLast = (before + bytes.length) % 3 !== 0;
    const core = encoded.slice([0, 2, 3][before], sharesLast ? -1 : undefined);
    // Lines of base64 have 60 characters or more: one of these is in one piece.
    const half = Math.min(Math.floor(core.length / 2), 28);
    const halves = [core.slice(0, half), core.slice(half, 2 * half)].map(
      (one) => longestWords(one.split(/[+/]/), 1)[0] ?? '',
    );
    return ({ raw, base64 }) => {
      if (!halves.some((one) => raw.includes(one))) return [];
      const { text, starts, ends } = base64();
      const found: Range[] = [];
      for (let index = text.indexOf(core); index >= 0; index = text.indexOf(core, index + 1)) {
        let [first, next] = [index, index + core.length];
        if (sharesFirst && isBase64(text.charAt(first - 1))) first--;
        if (sharesLast && isBase64(text.charAt(next))) next++;
        while (text.charAt(next) === '=') next++;
        found.push({ start: starts[first] ?? 0, end: ends[next - 1] ?? 0 });
      }
      return found;
    };
  });
}

function isBase64(character: string): boolean {
  return /^[A-Za-z0-9+/]$/.test(character);
}

/** A text without line breaks and indentations and with base64's characters as they are outside URLs. */
interface Unwrapped {
  readonly text: string;
  /** Where each of its characters begins and ends in the text that it was made from. */
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

function unwrapped(raw: string): Unwrapped {
  const starts = new Uint32Array(raw.length);
  const ends = new Uint32Array(raw.length);
  const kept: string[] = [];
  let length = 0;
  let position = 0;
  const keep = (text: string, end: number) => {
    // One character may stand for several.
    const width = (end - position) / text.length;
    for (let index = 0; index < text.length; index++) {
      starts[length] = position + index * width;
      ends[length] = position + (index + 1) * width;
      length++;
    }
    kept.push(text);
    position = end;
  };
  for (const { 0: found, index } of raw.matchAll(
    /(?:\r?\n|(?:\\{1,7}r)?\\{1,7}n)[ \t]{0,32}|\\{1,7}\/|%(?:25){0,3}(?:2[bBfFdD]|3[dD]|5[fF])|[-_]/g,
  )) {
    if (index > position) keep(raw.slice(position, index), index);
    const end = index + found.length;
    const standsFor = BASE64_SPECIAL[found.slice(-2).toLowerCase()] ?? BASE64_SPECIAL[found.slice(-1)];
    if (standsFor === undefined) position = end;
    else keep(standsFor, end);
  }
  if (position < raw.length) keep(raw.slice(position), raw.length);
  return { text: kept.join(''), starts, ends };
}

const BASE64_SPECIAL: Readonly<Record<string, string>> = {
  '-': '+',
  _: '/',
  '/': '/',
  '2b': '+',
  '2d': '+',
  '2f': '/',
  '5f': '/',
  '3d': '=',
};
