import { createHmac } from 'node:crypto';

/** The secrets that one task was allowed to read, by the names of their SSM parameters. */
export class Secrets {
  readonly #values: ReadonlyMap<string, string>;
  #forms: readonly { readonly ssm: string; readonly form: string }[] | undefined;

  constructor(values: ReadonlyMap<string, string>) {
    this.#values = values;
  }

  /** The value. @throws Error where the task did not read this parameter: a mistake in the code */
  reveal(ssm: string): string {
    const value = this.#values.get(ssm);
    if (value === undefined) throw new Error(`This task did not read the SSM parameter ${ssm}`);
    return value;
  }

  /**
   * Takes every secret out of a text that came from a host, in every form it may have there: as it is, in base64,
   * URL-encoded, escaped as in JSON or Python, and with oslo.config's `$$`.
   */
  redact(text: string): string {
    // The longest first: a secret may hold another one.
    this.#forms ??= [...this.#values]
      .flatMap(([ssm, value]) => encodings(value).map((form) => ({ ssm, form })))
      .sort((a, b) => b.form.length - a.form.length);
    // What stands in a secret's place is not searched: a weak secret may be part of a parameter's name.
    let pieces: readonly (string | { readonly ssm: string })[] = [text];
    for (const { ssm, form } of this.#forms) {
      pieces = pieces.flatMap((piece) =>
        typeof piece === 'string'
          ? piece.split(form).flatMap((rest, index) => (index === 0 ? [rest] : [{ ssm }, rest]))
          : [piece],
      );
    }
    return pieces.map((piece) => (typeof piece === 'string' ? piece : `<secret ${piece.ssm}>`)).join('');
  }
}

/**
 * A digest that people without the secrets may read. A bare SHA-256 of a file that holds a weak password lets anyone who
 * knows the rest of the file search for the password; keyed with the site's SSH key it tells only whether two are equal.
 */
export function keyedDigest(key: string, sha256: string): string {
  return createHmac('sha256', key).update(sha256).digest('hex').slice(0, 32);
}

/** By RFC 3986: encodeURIComponent leaves `!'()*`. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function encodings(value: string): string[] {
  const lines = value
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.length >= 8);
  const forms = [
    // A file put into SSM often ends in a line break that is not used.
    ...[value, value.trim()].flatMap(encoded),
    // A value of several lines stands in a file with its lines indented.
    ...(lines.length > 1 ? lines.flatMap(encodings) : []),
  ];
  return [...new Set(forms)].filter((form) => form !== '');
}

function encoded(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1);
  const backslashes = value.replaceAll('\\', String.raw`\\`);
  return [
    value,
    Buffer.from(value).toString('base64'),
    Buffer.from(value).toString('base64url'),
    encodeURIComponent(value),
    percentEncode(value),
    json,
    JSON.stringify(json).slice(1, -1),
    // Python's repr(), in either quotes.
    backslashes.replaceAll('\n', String.raw`\n`),
    backslashes.replaceAll('\n', String.raw`\n`).replaceAll("'", String.raw`\'`),
    value.replaceAll('$', '$$$$'),
  ];
}
