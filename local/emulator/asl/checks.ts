import type { Json, JsonObject } from './definition';
import { DefinitionRefused } from './errors';
import { expressionIn } from './expression';

/** A number in the definition has to be a whole one in its range; an expression is looked at when it is evaluated. */
export function checkNumber(
  value: Json | undefined,
  state: string | undefined,
  field: string,
  least: number,
  most: number,
  whole = true,
): void {
  if (value === undefined || expressionIn(value) !== undefined) return;
  if (typeof value !== 'number' || value < least || value > most || (whole && !Number.isInteger(value))) {
    refuse(state, field, `must be ${whole ? 'an integer' : 'a number'} from ${least} to ${most}`);
  }
}

/** Refuses the fields that are not among those known. */
export function onlyFields(
  value: JsonObject,
  known: string[],
  state: string | undefined,
  at: string,
  where = '',
): void {
  for (const field of Object.keys(value)) {
    if (!known.includes(field)) refuse(state, at + field, `is not a supported field${where}`);
  }
}

/** Refuses what is no object. */
export function object(value: Json | undefined, state: string | undefined, field: string): JsonObject {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) refuse(state, field, 'must be an object');
  return value;
}

/** Refuses what is no array, or an empty one. */
export function list(value: Json | undefined, state: string, field: string): Json[] {
  if (!Array.isArray(value) || value.length === 0) refuse(state, field, 'must be an array with something in it');
  return value;
}

export function refuse(state: string | undefined, field: string, reason: string): never {
  throw new DefinitionRefused(state, field, reason);
}
