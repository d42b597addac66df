import { Duplex } from 'node:stream';

/** A connection in memory. While it is frozen nothing gets through, as where a link is cut. */
export interface Connection {
  readonly near: Duplex;
  readonly far: Duplex;
  freeze(): void;
  /** What was sent meanwhile arrives. */
  thaw(): void;
}

/** Makes a connection. */
export function connection(): Connection {
  const wire = new Wire();
  const near = new End(wire);
  const far = new End(wire);
  near.peer = far;
  far.peer = near;
  return {
    near,
    far,
    freeze: () => {
      wire.frozen = true;
    },
    thaw: () => {
      wire.thaw();
    },
  };
}

/** What lies between two ends. */
class Wire {
  frozen = false;
  private readonly waiting: (() => void)[] = [];

  carry(delivery: () => void): void {
    if (this.frozen) this.waiting.push(delivery);
    else delivery();
  }

  thaw(): void {
    this.frozen = false;
    for (const delivery of this.waiting.splice(0)) delivery();
  }
}

class End extends Duplex {
  peer!: End;
  private written: (() => void) | undefined;

  constructor(private readonly wire: Wire) {
    super({ allowHalfOpen: true });
    // As with a socket that is reset, an error is no uncaught exception where nobody listens.
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
    setImmediate(() => {
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
