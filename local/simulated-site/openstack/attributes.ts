import { MagnumError } from './magnum-error';

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
    throw new MagnumError(400, 'Request must be a JSON dict');
  }
  const unknown = Object.keys(body).filter((attribute) => !Object.hasOwn(types, attribute));
  if (unknown.length > 0)
    throw new MagnumError(400, `Unknown attribute for argument ${argument}: ${unknown.join(', ')}`);
  for (const attribute of mandatory) {
    if ((body as Record<string, unknown>)[attribute] == null)
      throw invalid(attribute, null, 'Mandatory field missing.');
  }
  return Object.fromEntries(
    Object.entries(body).map(([attribute, value]) => [
      attribute,
      checkValue(attribute, value, types[attribute] ?? 'text'),
    ]),
  );
}

/** One attribute's value, converted to its type. */
export function checkValue(attribute: string, value: unknown, type: AttributeType): unknown {
  if (value === null) return null;
  if (type === 'text') {
    if (typeof value !== 'string')
      throw invalid(attribute, value, `Wrong type. Expected '<class 'str'>', got '${typeof value}'`);
    if (value === '') throw invalid(attribute, value, 'Value should have a minimum character requirement of 1');
    return value;
  }
  if (type === 'boolean') {
    const text = JSON.stringify(value).replaceAll('"', '').toLowerCase();
    if (['1', 't', 'true', 'on', 'y', 'yes'].includes(text)) return true;
    if (['0', 'f', 'false', 'off', 'n', 'no'].includes(text)) return false;
    throw new MagnumError(400, `Unrecognized value '${text}'`);
  }
  if (type === 'labels') {
    if (typeof value !== 'object') throw invalid(attribute, value, 'Wrong type. Expected dict');
    return value;
  }
  if ('oneOf' in type) {
    if (typeof value === 'string' && type.oneOf.includes(value)) return value;
    throw invalid(attribute, value, `Value should be one of: ${type.oneOf.join(', ')}`);
  }
  const number = Number(value);
  if (!Number.isInteger(number)) throw invalid(attribute, value, 'Unable to convert to int');
  if (number < type.minimum) throw invalid(attribute, value, `Value should be greater or equal to ${type.minimum}`);
  return number;
}

function invalid(attribute: string, value: unknown, reason: string): MagnumError {
  const shown = value === null ? 'None' : typeof value === 'string' ? value : JSON.stringify(value);
  return new MagnumError(400, `Invalid input for field/attribute ${attribute}. Value: '${shown}'. ${reason}`);
}
