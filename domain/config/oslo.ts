import { strip, stripEnd, stripStart } from './oslo-text';
import { MagnumHaError } from '../errors';

/**
 * A file is not a valid oslo.config file: the service would not start with it. The message gives file and line
 * number, never the line's text, which could hold a secret.
 */
export class ConfigFileInvalid extends MagnumHaError {
  override readonly name = 'ConfigFileInvalid';

  constructor(file: string, line: number, problem: string) {
    super(`${file}: line ${line} ${problem}; oslo.config refuses the file. Correct that line by hand, then run again`);
  }
}

/** A value that no line of an oslo.config file gives back. The message never holds the value. */
export class UnrepresentableValue extends MagnumHaError {
  override readonly name = 'UnrepresentableValue';

  constructor(option: string, problem: string) {
    super(
      `${option}: its value ${problem}, which oslo.config cannot give back. Change the value (often an SSM parameter)`,
    );
  }
}

/**
 * Section → option → its values in the order of the file; the last is what a single-valued option has.
 *
 * Sections are keyed as oslo.config looks them up: in lower case except for `DEFAULT` (`[Trust]` is `[trust]`, `[default]`
 * is not `[DEFAULT]`). Values are raw: quotes and continuations undone, `$name` not yet substituted (see `literal`).
 */
export type OsloSections = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

/** An option as the configuration file must have it. */
export interface WantedOption {
  readonly section: string;
  readonly option: string;
  /** Raw: `$name` is substituted by oslo.config, a dollar of its own is `$$`, see `literal`. */
  readonly value: string;
}

/**
 * What an oslo.config file says, by the rules of oslo.config's `iniparser.py` (unchanged from Newton's 3.17 to 10.7).
 *
 * @param file how messages name the file, usually its path
 * @throws ConfigFileInvalid with the number of the first malformed line
 */
export function parseOslo(text: string, file = 'The configuration file'): OsloSections {
  const { headers, definitions } = read(text, file);
  const sections = new Map<string, Map<string, string[]>>();
  for (const { section } of headers) if (!sections.has(section)) sections.set(section, new Map());
  for (const { section, option, value } of definitions) {
    const options = sections.get(section);
    const values = options?.get(option);
    if (values) values.push(value);
    else options?.set(option, [value]);
  }
  return sections;
}

/**
 * The text in which every wanted option has its value and all else is as it was, byte for byte.
 *
 * An option is right, and left as written, if every definition of it means the wanted value: the file does not tell
 * whether an option is single-valued (the last definition counts) or multi-valued (all count). A wrong one is replaced
 * where its last definition stands, its other definitions go; a missing one comes after the last option of its section,
 * in a new section at the end if there is none. A second edit changes nothing.
 *
 * @param wanted each option at most once
 * @param file how messages name the file, usually its path
 * @throws ConfigFileInvalid if the text is no oslo.config file
 * @throws UnrepresentableValue if no line could give a value back
 */
export function editOslo(text: string, wanted: readonly WantedOption[], file = 'The configuration file'): string {
  const { contents, ends, headers, definitions } = read(text, file);
  const lines = contents.map((content, index) => ({ content, end: ends[index] }));
  // Per found line: what stands there now (nothing if it goes), and what comes after it.
  const kept: Line[][] = lines.map((line) => [line]);
  const behind: string[][] = lines.map(() => []);
  const added = new Map<string, string[]>();
  const replace = ({ first, last }: Definition, contents: readonly string[]) => {
    for (let index = first; index <= last; index++) kept[index] = [];
    kept[first] = contents.map((content) => ({ content, end: lines[first]?.end }));
  };

  const bySection = new Map<string, Definition[]>(headers.map(({ section }) => [section, []]));
  for (const definition of definitions) bySection.get(definition.section)?.push(definition);
  for (const { section, option, value } of wanted) {
    const key = sectionKey(section);
    const inSection = bySection.get(key) ?? [];
    const all = inSection.filter((one) => one.option === option);
    const encoded = () => encodeValue(value, `[${section}] ${option}`);
    const last = all.pop();
    if (last) {
      const wrong = all.some((one) => !sameValue(one.value, value)) || !sameValue(last.value, value);
      if (!wrong) continue;
      for (const repeat of all) replace(repeat, []);
      if (!sameValue(last.value, value)) replace(last, assignment(last.prefix, encoded()));
      continue;
    }
    const anchor = inSection.at(-1)?.last ?? headers.findLast((one) => one.section === key)?.line;
    const place = anchor === undefined ? (added.get(section) ?? []) : behind[anchor];
    place?.push(...assignment(`${option} =`, encoded()));
    if (anchor === undefined && place) added.set(section, place);
  }

  const result = kept.flatMap((standing, index) => [...standing, ...fresh(behind[index] ?? [])]);
  for (const [section, assignments] of added) {
    if (strip(result.at(-1)?.content ?? '') !== '') result.push(...fresh(['']));
    result.push(...fresh([`[${section}]`, ...assignments]));
  }
  return join(result, lines);
}

/**
 * A raw value as it is written after `=`: quoted if oslo.config would strip it, further lines as continuations.
 *
 * @param option how messages name it
 * @throws UnrepresentableValue if oslo.config could not give the value back
 */
export function encodeValue(value: string, option = 'An option'): string {
  if (value.includes('\0')) throw new UnrepresentableValue(option, 'holds a NUL');
  if (value.includes('\r')) throw new UnrepresentableValue(option, 'holds a carriage return');
  const [first = '', ...continuations] = value.split('\n');
  for (const line of continuations) {
    if (line === '') throw new UnrepresentableValue(option, 'ends in a line break or holds an empty line');
    if (line !== strip(line)) {
      throw new UnrepresentableValue(option, 'has further lines with white space at an end');
    }
  }
  // The parser takes one pair of quotes off, whichever they are.
  const bare = first === strip(first) && first === unquote(first);
  return [bare ? first : `"${first}"`, ...continuations].join('\n  ');
}

/**
 * The raw value that reads as exactly this text: oslo.config substitutes `$name`, and a name it does not know stops the
 * service. `$$` is a dollar; after a backslash it must be `\$`, because oslo.config first takes every `\$` for `$$`.
 */
export function literal(text: string): string {
  return text.replace(/(\\?)\$/g, (_, backslash: string) => (backslash ? '\\\\$' : '$$'));
}

/** A section's name as oslo.config looks it up. */
export function sectionKey(section: string): string {
  return section === 'DEFAULT' ? section : section.toLowerCase();
}

/** Whether two raw values of an option read the same: `\$`, `$$` and a dollar before no name are all a dollar. */
export function sameValue(one: string, other: string): boolean {
  return one === other || meaning(one) === meaning(other);
}

function meaning(raw: string): string {
  // Template.idpattern of oslo.config's cfg.py: $$, $name and ${name}; any other dollar is left as it is.
  const token = /\$(?:(\$)|([_a-z][._a-z0-9]*)|\{([_a-z][._a-z0-9]*)\})?/gi;
  return raw
    .replaceAll('\\$', '$$$$')
    .replace(token, (_, _dollar?: string, name?: string, braced?: string) =>
      name === undefined && braced === undefined ? '$$' : `\${${name ?? braced ?? ''}}`,
    );
}

interface Line {
  readonly content: string;
  /** Its line end; none in a new line and in a last line without one. */
  readonly end: string | undefined;
}

interface Definition {
  /** As `sectionKey` gives it. */
  readonly section: string;
  readonly option: string;
  readonly value: string;
  /** The text before the value: option, separator and white space. */
  readonly prefix: string;
  /** Indices of its first and last line. */
  readonly first: number;
  readonly last: number;
}

interface Read {
  readonly contents: readonly string[];
  readonly ends: readonly (string | undefined)[];
  readonly headers: readonly { readonly section: string; readonly line: number }[];
  readonly definitions: readonly Definition[];
}

function read(text: string, file: string): Read {
  const { contents, ends } = split(text);
  const headers: { section: string; line: number }[] = [];
  const found: (Omit<Definition, 'value'> & { values: string[]; last: number })[] = [];
  /** The definition that an indented line would continue. */
  let open: (typeof found)[number] | undefined;

  for (const [index, content] of contents.entries()) {
    const invalid = (problem: string) => new ConfigFileInvalid(file, index + 1, problem);
    const line = stripEnd(content);
    if (line === '') {
      open = undefined;
    } else if (line.startsWith(' ') || line.startsWith('\t')) {
      if (!open) throw invalid('is indented but continues no option');
      open.values.push(strip(line));
      open.last = index;
    } else if (line.startsWith('[')) {
      if (!line.endsWith(']')) throw invalid('starts a section but does not end with ]');
      if (line.length <= 2) throw invalid('has an empty section name');
      headers.push({ section: sectionKey(line.slice(1, -1)), line: index });
      open = undefined;
    } else if (line.startsWith('#') || line.startsWith(';')) {
      open = undefined;
    } else {
      const separator = line.search(/[:=]/);
      if (separator < 0) throw invalid('is no comment, section or option: it has neither = nor :');
      const option = strip(line.slice(0, separator));
      if (option === '') throw invalid('has no option name');
      const section = headers.at(-1)?.section;
      if (section === undefined) throw invalid('sets an option before the first section');
      const written = line.slice(separator + 1);
      const prefix = line.slice(0, line.length - stripStart(written).length);
      open = { section, option, values: [unquote(strip(written))], prefix, first: index, last: index };
      found.push(open);
    }
  }
  const definitions = found.map(({ section, option, values, prefix, first, last }) => {
    return { section, option, value: values.join('\n'), prefix, first, last };
  });
  return { contents, ends, headers, definitions };
}

/** The lines as Python reads them, ended by LF, CR LF or CR; and their ends, of which the last line may have none. */
function split(text: string): { contents: string[]; ends: (string | undefined)[] } {
  const hasReturns = text.includes('\r');
  // Split by an expression, the ends stand between the contents.
  const parts = hasReturns ? text.split(/(\r\n|\r|\n)/) : text.split('\n');
  const contents = hasReturns ? parts.filter((_, index) => index % 2 === 0) : parts;
  const ends = hasReturns ? parts.filter((_, index) => index % 2 === 1) : Array<string>(parts.length - 1).fill('\n');
  if (contents.at(-1) === '') contents.pop();
  return { contents, ends };
}

/** Back to text: new lines end as the file's first line does, and the last one as the file's last line did. */
function join(lines: readonly Line[], found: readonly Line[]): string {
  const end = found[0]?.end ?? '\n';
  const open = found.length > 0 && found.at(-1)?.end === undefined;
  return lines
    .map((line, index) => line.content + (open && index === lines.length - 1 ? '' : (line.end ?? end)))
    .join('');
}

/** The lines of an assignment; `option =` gets its second blank if a value follows. */
function assignment(prefix: string, encoded: string): string[] {
  const [first = '', ...continuations] = encoded.split('\n');
  if (first === '') return [stripEnd(prefix), ...continuations];
  return [prefix + (/\s[:=]$/.test(prefix) ? ' ' : '') + first, ...continuations];
}

function fresh(contents: readonly string[]): Line[] {
  return contents.map((content) => ({ content, end: undefined }));
}

/** Without the one pair of quotes that the parser takes off; a lone quote is its own pair. */
function unquote(value: string): string {
  const quoted = /^["']/.test(value) && value.at(0) === value.at(-1);
  return quoted ? value.slice(1, -1) : value;
}
