import { createHmac } from 'node:crypto';
import { type Form, formsOf, LONGEST_FORM, type Range, SearchedText } from './forms';

/** A secret has at least this many characters: a shorter one would be found in every text. */
export const SHORTEST_SECRET = 4;

/** A text is cut to this many characters; people are shown less. */
const LONGEST_TEXT = 64 * 1024;
/** Room for the note that tells so. */
const NOTE = 64;

/** The secrets that one task was allowed to read, by the names of their SSM parameters. */
export class Secrets {
  readonly #values: ReadonlyMap<string, string>;
  /** Made when they are first needed. */
  #known: readonly KnownForm[] | undefined;

  constructor(values: ReadonlyMap<string, string>) {
    this.#values = values;
  }

  /** The value. @throws Error if the task did not read this parameter: a mistake in the code */
  reveal(ssm: string): string {
    const value = this.#values.get(ssm);
    if (value === undefined) throw new Error(`This task did not read the SSM parameter ${ssm}`);
    return value;
  }

  /** The value; undefined if there is none, which only `SecretStore.read` allows. */
  find(ssm: string): string | undefined {
    return this.#values.get(ssm);
  }

  /**
   * Takes every secret out of a text that came from a host, in every form it may have there (see `Form`). Twice gives the
   * same as once. Secrets of fewer than `SHORTEST_SECRET` characters stay: `readSecrets` refuses them.
   *
   * @returns the text with `<secret /name>` in the place of each secret; cut, with a note, if it has more than 65,536
   *   characters
   */
  redact(text: string): string {
    this.#known ??= knownForms(this.#values);
    // A secret at the cut must be seen whole.
    const searched = new SearchedText(text.slice(0, LONGEST_TEXT + LONGEST_FORM));
    const found = this.#known.flatMap(({ ssm, form }) => form(searched).map((range) => ({ ...range, ssm })));
    if (found.length === 0 && text.length <= LONGEST_TEXT) return text;
    const kept = references(searched.raw, this.#values);
    return cut(pieces(searched.raw, outermost([...found, ...kept]), this.#values), text.length);
  }
}

/**
 * A digest that people without the secrets may read, of what one execution compares. A bare SHA-256 of a file that holds a weak
 * password lets anyone who knows the rest of the file search for the password; keyed with the site's SSH key it tells only whether two
 * are equal. Those of reports have a key of their own, see `DigestKey`.
 */
export function keyedDigest(key: string, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex').slice(0, 32);
}

/** By RFC 3986: encodeURIComponent leaves `!'()*`, and throws at half of a surrogate pair. */
export function percentEncode(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

interface KnownForm {
  readonly ssm: string;
  readonly form: Form;
}

function knownForms(values: ReadonlyMap<string, string>): KnownForm[] {
  return [...values].flatMap(([ssm, value]) =>
    value.trim().length < SHORTEST_SECRET ? [] : formsOf(value).map((form) => ({ ssm, form })),
  );
}

/** A part of a text that is a secret, or stands for one already. */
interface Match extends Range {
  readonly ssm: string;
}

/** What stands for a secret already is left: a weak secret may be part of a parameter's name. */
function references(text: string, values: ReadonlyMap<string, string>): Match[] {
  return Array.from(text.matchAll(/<secret (\/[A-Za-z0-9_./-]+)>/g)).flatMap(({ 0: { length }, 1: ssm = '', index }) =>
    values.has(ssm) ? [{ start: index, end: index + length, ssm }] : [],
  );
}

/** In their order, without those that lie within others. */
function outermost(all: Match[]): Match[] {
  let reach = 0;
  return all
    .sort((one, other) => one.start - other.start || other.end - one.end)
    .filter(({ start, end }) => {
      const isOutside = end > reach && start < LONGEST_TEXT;
      if (isOutside) reach = end;
      return isOutside;
    });
}

/** A piece of what is returned. */
interface Piece {
  readonly text: string;
  /** A reference: it is not cut in two. */
  readonly ssm?: string;
  /** Where in the searched text it ends. */
  readonly end: number;
}

function pieces(text: string, found: readonly Match[], values: ReadonlyMap<string, string>): Piece[] {
  const all: Piece[] = [];
  let position = 0;
  const plain = (end: number) => {
    if (end > position) all.push({ text: text.slice(position, end), end });
  };
  for (const { start, end, ssm } of found) {
    const between = text.slice(position, Math.max(position, start));
    // What overlaps is one, and so are the lines of a file.
    const isOne =
      all.at(-1)?.ssm === ssm && (between === '' || (LINE_BREAK.test(between) && isFile(values.get(ssm) ?? '')));
    if (!isOne) plain(start);
    all.push({ text: isOne ? '' : `<secret ${ssm}>`, ssm, end });
    position = end;
  }
  plain(Math.min(text.length, LONGEST_TEXT));
  return all;
}

/** As it is or escaped. */
const LINE_BREAK = /^[ \t]{0,32}(?:\r?\n|(?:\\{1,7}r)?\\{1,7}n)[ \t]{0,32}$/;

function isFile(secret: string): boolean {
  return secret.trim().split('\n').length > 2;
}

/** @param length of the whole text */
function cut(all: readonly Piece[], length: number): string {
  const whole = all.map(({ text }) => text).join('');
  if (length <= LONGEST_TEXT && whole.length <= LONGEST_TEXT) return whole;
  let room = LONGEST_TEXT - NOTE;
  let end = 0;
  const kept: string[] = [];
  for (const piece of all) {
    const isWhole = piece.text.length <= room;
    if (!isWhole && piece.ssm !== undefined) break;
    kept.push(piece.text.slice(0, room));
    end = isWhole ? piece.end : piece.end - piece.text.length + room;
    room -= piece.text.length;
    if (!isWhole) break;
  }
  return `${kept.join('')}… (${length - end} more characters)`;
}
