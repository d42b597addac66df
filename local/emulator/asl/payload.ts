import { StatesError } from './errors';

/** The largest input, result, output or set of variables, in bytes of its JSON in UTF-8. */
const MAX_PAYLOAD_BYTES = 262_144;

/**
 * The JSON of a value; `null` of nothing.
 * @param subject the state or task that the cause of the error names
 * @throws StatesError States.DataLimitExceeded
 */
export function payload(value: unknown, subject: string): string {
  const json = JSON.stringify(value ?? null);
  if (Buffer.byteLength(json) <= MAX_PAYLOAD_BYTES) return json;
  const what = 'returned a result with a size exceeding the maximum number of bytes service limit.';
  throw new StatesError('States.DataLimitExceeded', `The state/task '${subject}' ${what}`);
}
