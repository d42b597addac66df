/** What one command of a batch printed. */
export interface Frame {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/**
 * Bytes of a line: every SSH server takes a packet of 35,000 (RFC 4253, section 6.1), and Linux an argument of 131,072.
 */
const LINE_BYTES = 30_000;
/** Longer than any marker. */
const MARKER_BYTES = 120;

/**
 * What comes after each command, on both streams; on stdout with the command's exit code. In the line itself the nonce is
 * in two parts: ps prints that line.
 */
function marker(nonce: string): string {
  const parts = `${nonce.slice(0, 16)}''${nonce.slice(16)}`;
  return `echo ${parts} $?; echo ${parts} >&2`;
}

/**
 * One line for several: a shell runs one after the other, whether they fail or not. If the connection breaks, the shell
 * dies of its next marker, so that nothing more is begun.
 *
 * @param nonce what no command can print by chance: 128 random bits or more, in hexadecimal digits
 */
export function batchLine(lines: readonly string[], nonce: string): string {
  // The first marker cuts off what the shell's start-up files print.
  return [marker(nonce), ...lines.flatMap((line) => [line, marker(nonce)])].join('; ');
}

/** Splits what is given, in order, into parts whose lines make one batch that is not too long. */
export function parted<T extends { readonly line: string }>(all: readonly T[]): T[][] {
  const parts: T[][] = [];
  let room = 0;
  for (const one of all) {
    const length = Buffer.byteLength(one.line) + MARKER_BYTES;
    const part = parts.at(-1);
    if (part && length <= room) part.push(one);
    else {
      parts.push([one]);
      room = LINE_BYTES;
    }
    room -= length;
  }
  return parts;
}

/** Takes apart what a batch prints, as it arrives. It may hold any bytes except the nonce. */
export class Frames {
  private readonly stdout: Splitter;
  private readonly stderr: Splitter;
  private begun = false;

  /** @param found is called once a command has ended and all it printed has arrived, in the order of the commands */
  constructor(
    nonce: string,
    private readonly found: (frame: Frame) => void,
  ) {
    this.stdout = new Splitter(nonce);
    this.stderr = new Splitter(nonce);
  }

  /** Takes what arrived. */
  push(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    this[stream].push(chunk);
    while (this.stdout.parts.length > 0 && this.stderr.parts.length > 0) {
      const out = this.stdout.parts.shift();
      const error = this.stderr.parts.shift();
      if (this.begun && out && error) {
        this.found({ exitCode: Number(out.tail), stdout: out.content, stderr: error.content });
      }
      this.begun = true;
    }
  }
}

/** Parts a stream at its markers. */
class Splitter {
  /** What came before a marker, and the rest of the marker's line. */
  readonly parts: { readonly content: Buffer; readonly tail: string }[] = [];
  private rest = Buffer.alloc(0);
  private searched = 0;

  constructor(private readonly nonce: string) {}

  push(chunk: Buffer): void {
    this.rest = Buffer.concat([this.rest, chunk]);
    for (;;) {
      const start = this.rest.indexOf(this.nonce, this.searched, 'latin1');
      const end = start < 0 ? -1 : this.rest.indexOf('\n', start, 'latin1');
      if (end < 0) {
        // A marker may have arrived in part.
        this.searched = start < 0 ? Math.max(0, this.rest.length - this.nonce.length) : start;
        return;
      }
      const tail = this.rest.toString('latin1', start + this.nonce.length, end).trim();
      this.parts.push({ content: this.rest.subarray(0, start), tail });
      this.rest = this.rest.subarray(end + 1);
      this.searched = 0;
    }
  }
}
