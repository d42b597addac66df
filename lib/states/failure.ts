import { Expression } from './expression';

/** A failure, as it is noted: what the state that failed said, and which it was. */
export interface Failure {
  readonly Error: string;
  readonly Cause?: string;
  readonly State?: string;
}

/** What the state that has just failed said, with its name. */
export const JUST_FAILED = new Expression<Failure>(
  '$merge([$states.errorOutput, {"State": $states.context.State.Name}])',
);

/** Reads the escapes of JSON. A backslash that stands for itself is put aside while the others are read. */
const UNESCAPED = [
  ['\\\\', '\u0001'],
  ['\\"', '"'],
  ['\\n', '\n'],
  ['\\t', '\t'],
  ['\u0001', '\\'],
]
  .map((pair) => ` ~> $replace(${pair.map((one) => JSON.stringify(one)).join(', ')})`)
  .join('');

/**
 * What the message of a cause is. A function's error comes as JSON, of which only the message is for people. Plain search
 * and replacement, which take any text: $parse would fail on a cause that was cut, and with it the execution; and a regular
 * expression may overflow the stack of the engine.
 */
export function messageOf(cause: Expression<unknown>): Expression<string> {
  const start = '{"errorType":"';
  const [before, trace, end] = ['","errorMessage":"', '","trace":[', '"}'].map((one) => JSON.stringify(one));
  return new Expression(
    `($cause := "" & ${cause.source}; ` +
      `$substring($cause, 0, ${start.length}) = ${JSON.stringify(start)} and $contains($cause, ${before}) ? (` +
      `$rest := $substringAfter($cause, ${before}); ` +
      `$said := $contains($rest, ${trace}) ? $substringBefore($rest, ${trace}) ` +
      `: $substring($rest, -2) = ${end} ? $substring($rest, 0, $length($rest) - 2) : $rest; ` +
      `$said${UNESCAPED}` +
      `) : $cause)`,
  );
}
