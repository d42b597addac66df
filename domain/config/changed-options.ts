import { characters } from './lengths';
import { type OsloSections, parseOslo, sameValue } from './oslo';

/** An option of an oslo.config file that has other values than it had. */
export interface ChangedOption {
  /** As oslo.config looks it up. */
  readonly section: string;
  readonly option: string;
  /** Its values now; none if it is gone. */
  readonly values: readonly string[];
}

/** The options that differ between two texts of an oslo.config file, in the order of the second; those that are gone come last. */
export function changedOptions(before: string, after: string): ChangedOption[] {
  const [old, now] = [parseOslo(before), parseOslo(after)];
  const isSame = (one: readonly string[], other: readonly string[]) =>
    one.length === other.length && one.every((value, index) => sameValue(value, other[index] ?? ''));
  const changed = optionsOf(now).filter(
    ({ section, option, values }) => !isSame(values, old.get(section)?.get(option) ?? []),
  );
  const gone = optionsOf(old).filter(({ section, option }) => now.get(section)?.has(option) !== true);
  return [...changed, ...gone.map((one) => ({ ...one, values: [] }))];
}

function optionsOf(sections: OsloSections): ChangedOption[] {
  return [...sections].flatMap(([section, options]) =>
    [...options].map(([option, values]) => ({ section, option, values })),
  );
}

/**
 * A foreign option by its name. A line that somebody pasted may be a secret with a `=` in it, or behind it: what does not look
 * like one of OpenStack's names is told by its length alone.
 */
export function foreignName({ section, option, values }: ChangedOption, redact: (text: string) => string): string {
  const isName = (text: string) => text === 'DEFAULT' || (OPTION.test(text) && redact(text) === text);
  // base64 ends in =, and an option without a value is rare.
  const hasValue = values.length === 0 || values.some((value) => value !== '');
  const name = hasValue && isName(option) ? option : `<option of ${characters(option)}>`;
  return `[${isName(section) ? section : `<${characters(section)}>`}] ${name}`;
}

/** Words of at least two letters, with a number behind the last at most. */
const OPTION = /^(?=.{2,48}$)[a-z]{2,20}(_[a-z]{2,20}){0,7}[0-9]?$/;
