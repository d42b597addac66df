/**
 * A value of an API as Step Functions writes it into a state's result: names begin with a capital, in the order of the
 * alphabet; what is undefined is left out.
 *
 * @param date how a date is written
 */
export function inPascalCase(value: object, date: (date: Date) => unknown): Record<string, unknown> {
  const written = (field: unknown): unknown => {
    if (field instanceof Date) return date(field);
    return typeof field === 'object' && field !== null && !Array.isArray(field) ? inPascalCase(field, date) : field;
  };
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .map(
        ([name, field]: [string, unknown]) => [name.charAt(0).toUpperCase() + name.slice(1), written(field)] as const,
      )
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
