import type { Duplex } from 'node:stream';

/** The client has gone. */
class Gone extends Error {
  override readonly name = 'Gone';
}

/** Talks to a client by numbers of bytes for as long as that stays, and closes the connection in the end. */
export function converse(stream: Duplex, talk: (take: (count: number) => Promise<Buffer>) => Promise<void>): void {
  talk((count) => take(stream, count))
    .catch((error: unknown) => {
      if (!(error instanceof Gone)) throw error;
    })
    .finally(() => stream.destroy());
}

/** @throws Gone if fewer are to come */
async function take(stream: Duplex, count: number): Promise<Buffer> {
  for (;;) {
    const bytes = stream.read(count) as Buffer | null;
    if (bytes?.length === count) return bytes;
    if (bytes || stream.destroyed || stream.readableEnded) throw new Gone();
    await new Promise<void>((resolve) => {
      const events = ['readable', 'end', 'close'];
      const go = () => {
        for (const event of events) stream.off(event, go);
        resolve();
      };
      for (const event of events) stream.on(event, go);
    });
  }
}
