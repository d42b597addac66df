type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * Whether an event matches a pattern of EventBridge: each field of the pattern lists what the event's field may be.
 *
 * @throws Error at a comparison that is not simulated
 */
export function matchesPattern(pattern: object, event: object): boolean {
  return Object.entries(pattern).every(([field, expected]: [string, unknown]) => {
    const value = (event as Record<string, Json | undefined>)[field];
    if (!Array.isArray(expected)) {
      return matchesPattern(expected as object, typeof value === 'object' && value !== null ? value : {});
    }
    return expected.some((one) => matchesOne(one as Json, value));
  });
}

/** One entry of a field's list: a value, or a comparison such as `{"prefix": "…"}`. */
function matchesOne(expected: Json, value: Json | undefined): boolean {
  // An array matches if one of its items does.
  if (Array.isArray(value)) return value.some((item: Json) => matchesOne(expected, item));
  if (typeof expected !== 'object' || expected === null) return expected === value;
  const [[comparison, argument] = ['', null]] = Object.entries<Json>(expected as Readonly<Record<string, Json>>);
  switch (comparison) {
    case 'exists':
      return (value !== undefined) === argument;
    case 'prefix':
      return typeof value === 'string' && value.startsWith(argument as string);
    case 'suffix':
      return typeof value === 'string' && value.endsWith(argument as string);
    case 'anything-but': {
      const excluded = Array.isArray(argument) ? argument : [argument];
      return value !== undefined && !excluded.some((one: Json) => matchesOne(one, value));
    }
  }
  throw new Error(`The comparison ${comparison} of event patterns is not simulated`);
}

/** Checks that a pattern has only comparisons that are simulated. @throws Error */
export function checkPattern(pattern: object): void {
  for (const expected of Object.values(pattern) as unknown[]) {
    if (Array.isArray(expected)) for (const one of expected) matchesOne(one as Json, 'any');
    else checkPattern(expected as object);
  }
}
