import { MagnumError, UnhandledError } from './magnum-error';
import { python } from './python';

/** What WSME converts and checks a value to; `null` is allowed everywhere. */
export type AttributeType =
  'text' | 'boolean' | 'labels' | { readonly minimum: number } | { readonly oneOf: readonly string[] };

/**
 * Checks a body as WSME does before Magnum's own code sees it.
 * @param argument how the error names the body: `cluster_template` or `cluster`
 */
export function checkAttributes(
  body: unknown,
  argument: string,
  types: Readonly<Record<string, AttributeType>>,
  mandatory: readonly string[],
): Record<string, unknown> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    const type = { object: 'list', string: 'str', number: 'int' }[typeof body as string] ?? 'NoneType';
    throw new MagnumError(500, `'${type}' object has no attribute 'keys'`);
  }
  const given = body as Record<string, unknown>;
  const unknown = Object.keys(given).filter((attribute) => !Object.hasOwn(types, attribute));
  if (unknown.length > 0) {
    const attributes = unknown.length > 1 ? 'attributes' : 'attribute';
    throw new MagnumError(400, `Unknown ${attributes} for argument ${argument}: ${unknown.join(', ')}`);
  }
  for (const attribute of mandatory) {
    if (given[attribute] === undefined) throw invalid(attribute, null, 'Mandatory field missing.');
  }
  return Object.fromEntries(
    Object.entries(given).map(([attribute, value]) => {
      try {
        return [attribute, checkValue(attribute, value, types[attribute] ?? 'text')];
      } catch (error) {
        if (!(error instanceof Inconvertible)) throw error;
        throw invalid(argument, given, error.message);
      }
    }),
  );
}

/** What Python could not make of a value: WSME says so of the whole body. */
class Inconvertible extends Error {}

/** One attribute's value, converted to its type. */
export function checkValue(attribute: string, value: unknown, type: AttributeType): unknown {
  if (value === null) return null;
  if (type === 'text') {
    if (typeof value !== 'string') throw invalid(attribute, value, 'Value should be string');
    if (value === '') throw invalid(attribute, value, 'Value should have a minimum character requirement of 1');
    return value;
  }
  if (type === 'boolean') {
    const text = JSON.stringify(value).replaceAll('"', '').toLowerCase();
    if (['1', 't', 'true', 'on', 'y', 'yes'].includes(text)) return true;
    if (['0', 'f', 'false', 'off', 'n', 'no'].includes(text)) return false;
    // Nothing in Magnum catches this one.
    throw new UnhandledError();
  }
  if (type === 'labels') {
    if (typeof value !== 'object') throw new Inconvertible(`Value not a valid dict: ${python(value, 'str')}`);
    return value;
  }
  if ('oneOf' in type) {
    if (typeof value === 'string' && type.oneOf.includes(value)) return value;
    throw invalid(attribute, value, `Value should be one of: ${type.oneOf.join(', ')}`);
  }
  const number = Number(value);
  if (!Number.isInteger(number)) {
    throw new Inconvertible(`invalid literal for int() with base 10: ${python(value)}`);
  }
  if (number < type.minimum) throw invalid(attribute, value, `Value should be greater or equal to ${type.minimum}`);
  return number;
}

function invalid(attribute: string, value: unknown, reason: string): MagnumError {
  return new MagnumError(
    400,
    `Invalid input for field/attribute ${attribute}. Value: '${python(value, 'str')}'. ${reason}`,
  );
}
