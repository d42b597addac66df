import { type Clock, clockOf } from '../../domain/world';

/** A clock whose timers end with what they belong to: a site that is closed, a host that loses power, a killed process. */
export interface EndingClock extends Clock {
  /** Whether it has ended, or the clock that it is made of. */
  readonly over: boolean;
  /** Cancels every timer. What waits for one waits for ever, and no new timer runs. */
  end(): void;
}

/** The same time as on `clock`. */
export function endingClock(clock: Clock | EndingClock): EndingClock {
  const running = new Set<() => void>();
  let over = false;
  const isOver = () => over || ('over' in clock && clock.over);
  const after: Clock['after'] = (ms, action) => {
    if (isOver()) return () => undefined;
    const cancel = clock.after(ms, () => {
      running.delete(cancel);
      action();
    });
    running.add(cancel);
    return () => {
      running.delete(cancel);
      cancel();
    };
  };
  return {
    ...clockOf(() => clock.now(), after),
    get over() {
      return isOver();
    },
    end: () => {
      over = true;
      for (const cancel of running) cancel();
      running.clear();
    },
  };
}

/** What nobody resolves any more. */
export function forever(): Promise<never> {
  return new Promise(() => undefined);
}
