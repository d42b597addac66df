import { type Clock, realClock } from './asl';

/**
 * A clock on which the workflow's waits pass `speed` times as fast, for a simulated site whose clusters are created as
 * much faster. What has been skipped is added to the time it tells, so that deadlines and durations in the history are
 * those of the workflow. Time limits of what really runs are real.
 */
export function waitingClock(speed: number): Clock {
  let skipped = 0;
  return {
    now: () => new Date(Date.now() + skipped),
    sleep: async (ms, signal) => {
      await realClock.sleep(ms / speed, signal);
      skipped += ms - ms / speed;
    },
    limit: (ms, signal) => realClock.sleep(ms, signal),
  };
}
