/** The site's timers: none keeps the process alive, and none outlives the site. */
export class Timers {
  private readonly running = new Set<NodeJS.Timeout>();

  /** Runs `action` after `milliseconds`. Returns a function that cancels it. */
  after(milliseconds: number, action: () => void): () => void {
    const timer = setTimeout(() => {
      this.running.delete(timer);
      action();
    }, milliseconds);
    timer.unref();
    this.running.add(timer);
    return () => {
      clearTimeout(timer);
      this.running.delete(timer);
    };
  }

  /** Waits. The promise of a closed site stays pending. */
  async sleep(milliseconds: number): Promise<void> {
    if (milliseconds <= 0) return;
    await new Promise<void>((resolve) => this.after(milliseconds, resolve));
  }

  /** Cancels every timer. */
  close(): void {
    for (const timer of this.running) clearTimeout(timer);
    this.running.clear();
  }
}
