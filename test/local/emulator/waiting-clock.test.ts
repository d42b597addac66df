import { waitingClock } from '../../../local/emulator/waiting-clock';

beforeEach(() => {
  jest.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  jest.useRealTimers();
});

// The same sleep, by the timers that this test turns.
jest.mock('node:timers/promises', () => ({
  setTimeout: (ms: number, _value: unknown, { signal }: { signal?: AbortSignal } = {}) =>
    new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, ms);
      signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        reject(signal.reason as Error);
      });
    }),
}));

test('a wait passes faster than it says, and the clock tells the time that it says', async () => {
  const clock = waitingClock(20);
  const before = clock.now().getTime();

  const waited = clock.sleep(60_000);
  await jest.advanceTimersByTimeAsync(3_000);
  await waited;

  expect(clock.now().getTime() - before).toBe(60_000);
  expect(Date.now()).toBe(1_003_000);
});

test('time that really passes counts as itself', async () => {
  const clock = waitingClock(20);
  const before = clock.now().getTime();

  await jest.advanceTimersByTimeAsync(5_000);

  expect(clock.now().getTime() - before).toBe(5_000);
});

test('a time limit of what really runs is not shortened', async () => {
  const clock = waitingClock(20);
  let over = false;

  void clock.limit?.(10_000).then(() => (over = true));
  await jest.advanceTimersByTimeAsync(9_990);
  const before = over;
  await jest.advanceTimersByTimeAsync(20);

  expect([before, over]).toEqual([false, true]);
});

test('a wait that is aborted skips nothing', async () => {
  const clock = waitingClock(20);
  const abort = new AbortController();
  const waited = clock.sleep(60_000, abort.signal);

  abort.abort(new Error('stopped'));

  await expect(waited).rejects.toThrow('stopped');
  expect(clock.now().getTime()).toBe(1_000_000);
});
