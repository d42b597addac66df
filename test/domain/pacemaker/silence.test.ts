import { boundsOf, isExact, silenceBegun, silenceEnded, type Silence } from '../../../domain/pacemaker/silence';
import type { VipWatch } from '../../../domain/pacemaker/vip-watch';

/** A watch that began at 1,000,000. Times are in milliseconds after that. */
const T = 1_000_000;
function watched(seen: { first?: number; last?: number; atOnce?: boolean; refused?: number }): VipWatch {
  const at = (ms: number | undefined) => (ms === undefined ? null : T + ms);
  return {
    startedAt: T,
    firstAnswerAt: at(seen.first),
    lastAnswerAt: at(seen.last),
    answeredAtOnce: seen.atOnce ?? false,
    refusedAt: at(seen.refused),
    longest: null,
    stop: () => undefined,
  };
}
const stopped: Silence = { lastAnswerAt: T - 900, firstAnswerAt: null, silent: { from: T - 900, until: T - 200 } };
const told = (silence: Silence) => boundsOf(silence);

test('an outage whose beginning and end were watched is told by one number', () => {
  const begun = silenceBegun(watched({ first: 10, last: 300 }), T + 1_000, null);
  const ended = silenceEnded([watched({ first: 700 })], T + 900, { ...begun, lastAnswerAt: T - 900 });

  expect(begun).toEqual({ lastAnswerAt: T + 300, firstAnswerAt: null, silent: { from: T + 300, until: T + 1_000 } });
  expect(told(silenceEnded([watched({ first: 700 })], T + 900, stopped))).toEqual({ atLeast: 1_600, atMost: 1_600 });
  expect(ended.firstAnswerAt).toBe(T + 700);
});

test('one whose end nobody saw lasts until the last look before at least', () => {
  const ended = silenceEnded([watched({ first: 20, atOnce: true })], T + 100, stopped);

  expect(told(ended)).toEqual({ atLeast: 700, atMost: 920 });
  expect(isExact({ atLeast: 700, atMost: 920 })).toBe(true);
  expect(isExact({ atLeast: 700, atMost: 3_030 })).toBe(false);
});

test('one whose beginning nobody saw lasts from the first look on at least, and from the attempt that was lost at most', () => {
  const attempt: Silence = { lastAnswerAt: T - 5_000, firstAnswerAt: null };

  const begun = silenceBegun(watched({}), T + 400, attempt);

  expect(begun).toEqual({ lastAnswerAt: T - 5_000, firstAnswerAt: null, silent: { from: T, until: T + 400 } });
});

test('while the way to the controller may be what is silent, only a refusal counts', () => {
  const silent = silenceEnded([watched({ first: 30_000 })], T + 30_100, stopped);
  const refused = silenceEnded([watched({ first: 30_000, refused: 29_900 })], T + 30_100, stopped);

  expect(told(silent)).toEqual({ atLeast: 700, atMost: 30_900 });
  expect(told(refused)).toEqual({ atLeast: 30_800, atMost: 30_900 });
});

test('what a step before has seen stays', () => {
  const served: Silence = { ...stopped, firstAnswerAt: T - 100 };

  expect(silenceEnded([watched({ first: 5, atOnce: true })], T + 50, served)).toEqual(served);
});

test('without a beginning, or an end, nothing is told', () => {
  expect(told(stopped)).toBeNull();
  expect(told(silenceEnded([watched({ first: 5 })], T + 50, null))).toBeNull();
});
