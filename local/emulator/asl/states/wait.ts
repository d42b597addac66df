import type { WaitState } from '../definition';
import type { Step, Visit } from '../visit';

const MAX_SECONDS = 99_999_999;

const ISO_8601 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

export async function wait(visit: Visit<WaitState>): Promise<Step> {
  const { scope, state, input } = visit;
  const { clock } = scope.run;
  const seconds = await visit.wholeNumber('Seconds', 0, MAX_SECONDS);
  const ms = seconds === undefined ? (await until(visit)) - clock.now() : seconds * 1000;
  await clock.sleep(Math.max(0, ms), scope.signal);
  scope.signal.throwIfAborted();
  return { output: await visit.leave(input), next: state.Next };
}

/** The Timestamp, in milliseconds since 1970. */
async function until(visit: Visit<WaitState>): Promise<number> {
  const text = (await visit.evaluate(visit.state.Timestamp ?? '', 'Timestamp', {}, 'string')) as string;
  const ms = ISO_8601.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(ms)) {
    const reason = `The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: ${text}`;
    throw visit.evaluationFailure('Timestamp', reason);
  }
  return ms;
}
