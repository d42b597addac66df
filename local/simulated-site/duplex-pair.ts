import { Duplex } from 'node:stream';

/** A connection in memory. */
export interface Connection {
  readonly near: Duplex;
  readonly far: Duplex;
  /** What lies between the two ends. */
  readonly wire: Wire;
}

/** Makes a connection. */
export function connection(): Connection {
  const wire = new Wire();
  const near = new End(wire);
  const far = new End(wire);
  near.peer = far;
  far.peer = near;
  return { near, far, wire };
}

/** What lies between two ends. While it is frozen nothing gets through, as if a link was cut. */
export class Wire {
  private isFrozen = false;
  private readonly waiting: (() => void)[] = [];
  private readonly watchers = new Set<(frozen: boolean) => void>();

  get frozen(): boolean {
    return this.isFrozen;
  }

  /** Delivers at once, or in turn when the wire thaws. */
  carry(delivery: () => void): void {
    if (this.isFrozen) this.waiting.push(delivery);
    else delivery();
  }

  freeze(): void {
    if (this.isFrozen) return;
    this.isFrozen = true;
    for (const watcher of this.watchers) watcher(true);
  }

  /** What was sent meanwhile arrives. */
  thaw(): void {
    if (!this.isFrozen) return;
    this.isFrozen = false;
    for (const watcher of this.watchers) watcher(false);
    for (const delivery of this.waiting.splice(0)) delivery();
  }

  /** Tells when it freezes and thaws. @returns ends that */
  watch(watcher: (frozen: boolean) => void): () => void {
    this.watchers.add(watcher);
    return () => {
      this.watchers.delete(watcher);
    };
  }
}

class End extends Duplex {
  peer!: End;
  private written: (() => void) | undefined;

  constructor(private readonly wire: Wire) {
    super({ allowHalfOpen: true });
    // As with a socket that is reset, an error is no uncaught exception if nobody listens.
    this.on('error', () => undefined);
  }

  override _read(): void {
    const { written } = this;
    this.written = undefined;
    written?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    if (chunk.length === 0) {
      process.nextTick(callback);
      return;
    }
    this.wire.carry(() => {
      if (this.peer.destroyed) {
        process.nextTick(callback);
        return;
      }
      // The writer waits until the reader asks for more: backpressure.
      this.peer.written = callback;
      this.peer.push(chunk);
    });
  }

  override _final(callback: () => void): void {
    this.wire.carry(() => {
      if (!this.peer.destroyed) this.peer.push(null);
    });
    callback();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    const { written } = this;
    this.written = undefined;
    written?.();
    callback(error);
    // Not in a later turn of the event loop: on virtual time that may be a later time.
    process.nextTick(() => {
      this.wire.carry(() => {
        this.peer.hangUp();
      });
    });
  }

  /** The other side is gone: what is under way is read to its end. */
  private hangUp(): void {
    if (this.destroyed) return;
    if (this.readableEnded) {
      this.destroy();
      return;
    }
    this.once('end', () => this.destroy());
    this.push(null);
  }
}
