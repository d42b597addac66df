import { type Clock, realClock } from '../domain/world';

/**
 * A clock on which the workflow's waits pass faster, for simulated clusters that are made as much faster. What was
 * skipped is added to the time it tells. Time limits of what really runs are real: real daemons take their time.
 */
export function hurriedClock(speed: number): Clock {
  let skipped = 0;
  return {
    ...realClock,
    now: () => realClock.now() + skipped,
    sleep: async (ms, signal) => {
      await realClock.sleep(ms / speed, signal);
      skipped += ms - ms / speed;
    },
  };
}
