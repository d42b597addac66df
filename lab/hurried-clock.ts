import { type Clock, realClock } from '../domain/world';

/** A clock whose speed can be changed while it runs. */
export interface HurriedClock extends Clock {
  /** How many times as fast as in truth waits pass from now on. */
  setSpeed(speed: number): void;
}

/**
 * A clock on which the workflow's waits pass faster, for simulated clusters that are made as much faster. What was
 * skipped is added to the time it tells. Time limits of what really runs are real: real daemons take their time.
 */
export function hurriedClock(initial: number): HurriedClock {
  let speed = initial;
  let skipped = 0;
  return {
    ...realClock,
    now: () => realClock.now() + skipped,
    setSpeed: (other) => (speed = other),
    sleep: async (ms, signal) => {
      const real = ms / speed;
      await realClock.sleep(real, signal);
      skipped += ms - real;
    },
  };
}
