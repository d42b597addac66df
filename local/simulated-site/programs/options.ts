/** What a program of pacemaker was given: the value of each option, or true of one that takes none. */
export type Options = ReadonlyMap<string, string | true>;

/**
 * Reads options as getopt_long(3) does: `-o VALUE`, `--option VALUE`, `--option=VALUE`.
 *
 * @param known by its long name: its short one, and whether it takes a value
 * @returns an option as it was given if it is unknown, or its value is missing
 */
export function readOptions(
  given: readonly string[],
  known: Readonly<Record<string, readonly [short: string | undefined, takesValue: boolean]>>,
): Options | string {
  const options = new Map<string, string | true>();
  const rest = [...given];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [, long = '', joined] = /^--([^=]+)(?:=([^]*))?$/.exec(word) ?? [];
    const [name, option] =
      Object.entries(known).find(([one, [short]]) => one === long || (short !== undefined && word === `-${short}`)) ??
      [];
    if (name === undefined || option === undefined) return word;
    const [, takesValue] = option;
    const value = takesValue ? (joined ?? rest.shift()) : true;
    if (value === undefined) return word;
    options.set(name, value);
  }
  return options;
}
