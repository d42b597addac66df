import { setTimeout } from 'node:timers/promises';
import { virtualClock } from '../../local/virtual-clock';

const START = Date.UTC(2030, 0, 1);

test('time passes from one timer to the next, however long that is, and takes none', async () => {
  const clock = virtualClock(START);
  const seen: number[] = [];
  const real = Date.now();

  await clock.drive(
    (async () => {
      for (const hours of [1, 0, 24 * 365]) {
        await clock.sleep(hours * 3_600_000);
        seen.push((clock.now() - START) / 3_600_000);
      }
    })(),
  );

  expect(seen).toEqual([1, 1, 8761]);
  expect(Date.now() - real).toBeLessThan(1_000);
});

test('time stands still while nothing is driven', async () => {
  const clock = virtualClock(START);
  let rang = false;
  clock.after(1, () => (rang = true));

  await setTimeout(20);

  expect([rang, clock.now()]).toEqual([false, START]);
});

test('what happens by itself happens before time passes', async () => {
  const clock = virtualClock(START);
  const order: string[] = [];
  clock.after(1, () => order.push('timer'));

  await clock.drive(
    (async () => {
      for (let i = 0; i < 100; i++) await Promise.resolve();
      order.push('promises');
      await new Promise(setImmediate);
      order.push('immediate');
      await clock.sleep(2);
    })(),
  );

  expect(order).toEqual(['promises', 'immediate', 'timer']);
});

test('what one timer sets off is over before the next timer of the same moment', async () => {
  const clock = virtualClock(START);
  const order: string[] = [];
  const step = async (name: string) => {
    await clock.sleep(5);
    order.push(`${name} wakes`);
    for (let i = 0; i < 10; i++) await Promise.resolve();
    order.push(`${name} is done`);
  };

  await clock.drive(Promise.all([step('first'), step('second')]));

  expect(order).toEqual(['first wakes', 'first is done', 'second wakes', 'second is done']);
});

test('a timer that was cancelled never rings', async () => {
  const clock = virtualClock(START);
  const rang: string[] = [];
  const cancel = clock.after(1, () => rang.push('cancelled'));
  clock.after(2, () => {
    rang.push('other');
  });

  cancel();
  await clock.drive(clock.sleep(3));

  expect([rang, clock.pending]).toEqual([['other'], 0]);
});

test('a sleep that is aborted rejects at once with the reason and leaves no timer', async () => {
  const clock = virtualClock(START);
  const abort = new AbortController();
  const sleeping = clock.sleep(60_000, abort.signal);

  abort.abort(new Error('stopped'));

  await expect(clock.drive(sleeping)).rejects.toThrow('stopped');
  expect([clock.now(), clock.pending]).toEqual([START, 0]);
});

test('something that is done every so often goes on until it is ended', async () => {
  const clock = virtualClock(START);
  const seconds: number[] = [];
  const end = clock.every(10_000, () => {
    seconds.push((clock.now() - START) / 1000);
    if (seconds.length === 3) end();
  });

  await clock.drive(clock.sleep(60_000));

  expect(seconds).toEqual([10, 20, 30]);
});

test('driving gives what the work gives, and its failure', async () => {
  const clock = virtualClock(START);

  const result = clock.drive(clock.sleep(1).then(() => 'done'));
  await expect(result).resolves.toBe('done');
  const failure = clock.drive(
    clock.sleep(1).then(() => {
      throw new Error('broken');
    }),
  );

  await expect(failure).rejects.toThrow('broken');
});

test('driving stops when the work is done: later timers are for later', async () => {
  const clock = virtualClock(START);
  const rang: number[] = [];
  for (const ms of [1, 3]) clock.after(ms, () => rang.push(ms));

  await clock.drive(clock.sleep(2));

  expect([rang, clock.pending, clock.now()]).toEqual([[1], 1, START + 2]);
});

test('work that would never end is reported', async () => {
  const clock = virtualClock(START);

  const driven = clock.drive(new Promise(() => undefined));

  await expect(driven).rejects.toThrow('Virtual time stands still');
});

test('two works that are driven side by side share the time', async () => {
  const clock = virtualClock(START);

  const first = clock.drive(clock.sleep(1000).then(() => clock.now()));
  const second = clock.drive(clock.sleep(10).then(() => clock.now()));

  expect(await Promise.all([first, second])).toEqual([START + 1000, START + 10]);
});

test('cleared, it has no timers', async () => {
  const clock = virtualClock(START);
  clock.every(1, () => undefined);

  clock.clear();

  await expect(clock.drive(new Promise(() => undefined))).rejects.toThrow('stands still');
});

test('it is cheap: a day of seconds is over in a moment', async () => {
  const clock = virtualClock(START);
  let ticks = 0;
  clock.every(1_000, () => ticks++);
  const real = Date.now();

  await clock.drive(clock.sleep(86_400_000));

  expect(ticks).toBeGreaterThanOrEqual(86_399);
  expect(Date.now() - real).toBeLessThan(10_000);
});
