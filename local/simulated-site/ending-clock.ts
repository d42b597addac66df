import { type Clock, everyOn, sleepOn } from '../../domain/world';

/** A clock whose timers end with what they belong to: a site that is closed, a host that loses power, a killed process. */
export class EndingClock implements Clock {
  private running: Set<() => void> | undefined;
  private ended = false;

  /** @param clock the same time as on this one */
  constructor(private readonly clock: Clock) {}

  /** Whether it has ended, or the clock that it is made of. */
  get over(): boolean {
    return this.ended || (this.clock instanceof EndingClock && this.clock.over);
  }

  now(): number {
    return this.clock.now();
  }

  after(ms: number, action: () => void): () => void {
    if (this.over) return () => undefined;
    const running = (this.running ??= new Set());
    const cancel = this.clock.after(ms, () => {
      running.delete(cancel);
      action();
    });
    running.add(cancel);
    return () => {
      running.delete(cancel);
      cancel();
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  every(ms: number, action: () => void): () => void {
    return everyOn(this, ms, action);
  }

  /** Cancels every timer. What waits for one waits for ever, and no new timer runs. */
  end(): void {
    this.ended = true;
    for (const cancel of this.running ?? []) cancel();
    this.running = undefined;
  }
}

/** What nobody resolves any more. */
export function forever(): Promise<never> {
  return new Promise(() => undefined);
}
