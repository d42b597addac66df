import type { Clock } from '../../../../local/emulator/asl';

interface Sleeper {
  due: number;
  wake: () => void;
}

/** A clock that jumps to the next moment somebody sleeps for, once nothing else is left to do. */
export class VirtualClock implements Clock {
  /** What sleeps asked for, in milliseconds, in the order in which they were asked for. */
  readonly asked: number[] = [];
  private readonly sleepers = new Set<Sleeper>();
  private jumping = false;
  private ms = Date.parse('2030-01-01T00:00:00Z');

  now(): Date {
    return new Date(this.ms);
  }

  /** Sleeps that have neither ended nor been aborted. */
  get pending(): number {
    return this.sleepers.size;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.asked.push(ms);
    return new Promise((resolve, reject) => {
      const sleeper = { due: this.ms + ms, wake: resolve };
      this.sleepers.add(sleeper);
      signal?.addEventListener('abort', () => {
        this.sleepers.delete(sleeper);
        reject(signal.reason as Error);
      });
      if (!this.jumping) this.jumpLater();
    });
  }

  private jumpLater(): void {
    this.jumping = true;
    setImmediate(() => {
      this.jumping = false;
      const [next] = [...this.sleepers].sort((a, b) => a.due - b.due);
      if (next === undefined) return;
      this.sleepers.delete(next);
      this.ms = Math.max(this.ms, next.due);
      next.wake();
      if (this.sleepers.size > 0) this.jumpLater();
    });
  }
}
