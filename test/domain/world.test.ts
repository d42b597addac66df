import { clockOf, poll, realClock } from '../../domain/world';
import { virtualClock } from '../../local/virtual-clock';

/** A clock whose timers are told by hand. */
function byHand() {
  const timers: { ms: number; action: () => void }[] = [];
  const clock = clockOf(
    () => 0,
    (ms, action) => {
      const timer = { ms, action };
      timers.push(timer);
      return () => void timers.splice(timers.indexOf(timer), 1);
    },
  );
  const fire = () => {
    timers.shift()?.action();
  };
  return { clock, timers, fire };
}

describe('sleep', () => {
  test('ends after its time', async () => {
    const { clock, timers, fire } = byHand();

    const slept = clock.sleep(500).then(() => 'awake');
    const asked = timers.map(({ ms }) => ms);
    fire();

    expect(asked).toEqual([500]);
    await expect(slept).resolves.toBe('awake');
  });

  test('is ended by its signal at once, with its reason, and leaves no timer', async () => {
    const { clock, timers } = byHand();
    const abort = new AbortController();

    const slept = clock.sleep(500, abort.signal);
    abort.abort(new Error('enough'));

    await expect(slept).rejects.toThrow('enough');
    expect(timers).toEqual([]);
  });

  test('does not begin if its signal was given before', async () => {
    const { clock, timers } = byHand();

    const slept = clock.sleep(500, AbortSignal.abort(new Error('enough')));

    await expect(slept).rejects.toThrow('enough');
    expect(timers).toEqual([]);
  });

  test('leaves nothing on its signal: one signal may end thousands of them', async () => {
    const { clock, fire } = byHand();
    const { signal } = new AbortController();
    const removed = jest.spyOn(signal, 'removeEventListener');
    const added = jest.spyOn(signal, 'addEventListener');

    const slept = clock.sleep(500, signal);
    fire();
    await slept;

    expect(removed.mock.calls).toEqual(added.mock.calls.map(([event, listener]) => [event, listener]));
  });
});

describe('every', () => {
  test('goes on until it is ended, also from within', () => {
    const { clock, timers, fire } = byHand();
    let times = 0;

    const end = clock.every(20, () => {
      if (++times === 3) end();
    });
    for (let turn = 0; turn < 5; turn++) fire();

    expect([times, timers]).toEqual([3, []]);
  });

  test('goes on although an action fails: the next one was asked for before', () => {
    const { clock, timers, fire } = byHand();
    clock.every(20, () => {
      throw new Error('injected');
    });

    expect(fire).toThrow('injected');

    expect(timers.map(({ ms }) => ms)).toEqual([20]);
  });

  test('ended before the first time does nothing', () => {
    const { clock, timers } = byHand();

    const end = clock.every(20, () => undefined);
    end();

    expect(timers).toEqual([]);
  });
});

describe('the wall clock', () => {
  test('tells the time of the machine', () => {
    const before = Date.now();

    const now = realClock.now();

    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
  });

  test('sleeps, and can be woken', async () => {
    const abort = new AbortController();
    const began = performance.now();

    await realClock.sleep(2);
    const long = realClock.sleep(60_000, abort.signal);
    abort.abort(new Error('enough'));

    await expect(long).rejects.toThrow('enough');
    expect(performance.now() - began).toBeGreaterThanOrEqual(1);
    expect(performance.now() - began).toBeLessThan(1000);
  });

  test('repeats until it is ended', async () => {
    let times = 0;

    await new Promise<void>((resolve) => {
      const end = realClock.every(1, () => {
        if (++times < 3) return;
        end();
        resolve();
      });
    });

    expect(times).toBe(3);
  });

  describe('over long times', () => {
    const DAYS = 24 * 60 * 60 * 1000;
    beforeEach(() => {
      jest.useFakeTimers();
    });
    afterEach(() => {
      jest.useRealTimers();
    });

    test('does not ring at once, as a timer of Node does after 25 days', () => {
      const action = jest.fn();
      realClock.after(60 * DAYS, action);

      jest.advanceTimersByTime(60 * DAYS - 1);
      const before = action.mock.calls.length;
      jest.advanceTimersByTime(1);

      expect([before, action.mock.calls.length]).toEqual([0, 1]);
    });

    test('can be cancelled, also in their second part', () => {
      const action = jest.fn();
      const cancel = realClock.after(60 * DAYS, action);

      jest.advanceTimersByTime(50 * DAYS);
      cancel();
      jest.advanceTimersByTime(50 * DAYS);

      expect(action).not.toHaveBeenCalled();
      expect(jest.getTimerCount()).toBe(0);
    });
  });
});

describe('poll', () => {
  /** Polls every 50 ms for 200 ms. @param done after how many milliseconds it is done; a look takes 10 ms */
  async function polled(done: number) {
    const clock = virtualClock();
    const began = clock.now();
    const looks: number[] = [];
    const result = await clock.drive(
      poll(clock, { everyMs: 50, forMs: 200 }, async () => {
        const at = clock.now() - began;
        looks.push(at);
        await clock.sleep(10);
        return { done: at >= done, found: at };
      }),
    );
    return { result, looks, took: clock.now() - began };
  }

  test('ends as soon as it is done', async () => {
    const { result, looks, took } = await polled(100);

    expect(result).toEqual({ done: true, found: 120 });
    expect(looks).toEqual([0, 60, 120]);
    expect(took).toBe(130);
  });

  test('looks once if it is done at once, and sleeps not at all', async () => {
    const { result, took } = await polled(0);

    expect(result).toEqual({ done: true, found: 0 });
    expect(took).toBe(10);
  });

  test('gives what it saw last if the time is over', async () => {
    const { result, looks } = await polled(Infinity);

    expect(result).toEqual({ done: false, found: 240 });
    // One more look after the time is over: what came true during the last sleep counts.
    expect(looks).toEqual([0, 60, 120, 180, 240]);
  });

  test('ends with the error of a look', async () => {
    const clock = virtualClock();

    const failed = poll(clock, { everyMs: 50, forMs: 200 }, () => Promise.reject(new Error('injected')));

    await expect(failed).rejects.toThrow('injected');
  });
});
