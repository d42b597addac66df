/**
 * A value of JSON as Python prints it.
 * @param how as `repr` does, by default, or as `str`: a text itself has no quotes then
 */
export function python(value: unknown, how: 'repr' | 'str' = 'repr'): string {
  if (value === null || value === undefined) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value === 'string') return how === 'str' ? value : `'${value}'`;
  if (Array.isArray(value)) return `[${value.map((one) => python(one)).join(', ')}]`;
  if (typeof value === 'object') {
    return `{${Object.entries(value)
      .map(([key, one]) => `'${key}': ${python(one)}`)
      .join(', ')}}`;
  }
  return JSON.stringify(value);
}
