import type { Json } from './definition';
import { StatesError } from './errors';

/** The largest input, result, output or set of variables, in bytes of its JSON in UTF-8. */
const MAX_PAYLOAD_BYTES = 262_144;

/**
 * The JSON of a value.
 * @param subject the state or task that the cause of the error names
 * @throws StatesError States.DataLimitExceeded
 */
export function payload(value: Json, subject: string): string {
  const json = JSON.stringify(value);
  if (Buffer.byteLength(json) <= MAX_PAYLOAD_BYTES) return json;
  const what = 'returned a result with a size exceeding the maximum number of bytes service limit.';
  throw new StatesError('States.DataLimitExceeded', `The state/task '${subject}' ${what}`);
}
