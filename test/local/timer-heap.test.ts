import fc from 'fast-check';
import { TimerHeap } from '../../local/timer-heap';

/** All timers that are left, in the order in which they are taken. */
function drain(heap: TimerHeap): number[] {
  const moments: number[] = [];
  for (let timer = heap.take(); timer; timer = heap.take()) moments.push(timer.at);
  return moments;
}

test('timers are taken by time, those of one moment in the order in which they were added', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (moments) => {
      const heap = new TimerHeap();
      const taken: [number, number][] = [];
      moments.forEach((at, order) => heap.add(at, () => taken.push([at, order])));

      for (let timer = heap.take(); timer; timer = heap.take()) timer.action();

      const expected = moments.map((at, order) => [at, order]).sort(([a = 0, i = 0], [b = 0, j = 0]) => a - b || i - j);
      expect(taken).toEqual(expected);
    }),
  );
});

test('a timer that was removed is never taken, however many there are', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 99 }), fc.boolean()), { maxLength: 300 }), (entries) => {
      const heap = new TimerHeap();
      const removals = entries.map(([at, keep]) => ({ keep, remove: heap.add(at, () => undefined) }));

      for (const { keep, remove } of removals) if (!keep) remove();

      const kept = entries.flatMap(([at, keep]) => (keep ? [at] : [])).sort((a, b) => a - b);
      expect([heap.size, drain(heap)]).toEqual([kept.length, kept]);
    }),
  );
});

test('the first can be seen without being taken', () => {
  const heap = new TimerHeap();
  heap.add(2, () => undefined);
  const remove = heap.add(1, () => undefined);

  const before = heap.first()?.at;
  remove();

  expect([before, heap.first()?.at, heap.size]).toEqual([1, 2, 1]);
});

test('a timer is removed once: not again, and not after it was taken', () => {
  const heap = new TimerHeap();
  const remove = heap.add(1, () => undefined);
  heap.add(2, () => undefined);
  heap.take();

  remove();
  remove();

  expect([heap.size, drain(heap)]).toEqual([1, [2]]);
});

test('cleared, it has no timers, and takes new ones', () => {
  const heap = new TimerHeap();
  const remove = heap.add(1, () => undefined);

  heap.clear();
  remove();
  heap.add(3, () => undefined);

  expect([heap.size, drain(heap)]).toEqual([1, [3]]);
});
