/** What one command of a batch printed. */
export interface Frame {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** Bytes of stdout: more than it holds if there were too many. */
  readonly printed: number;
}

/** Of what a command prints on stdout so many bytes are kept. Tens of thousands of sockets or of rules are less. */
export const MOST_OUTPUT = 16 * 2 ** 20;
/** Of stderr, only the beginning is told. */
const MOST_ERRORS = 64 * 2 ** 10;

/**
 * Bytes of a line: every SSH server takes a packet of 35,000 (RFC 4253, section 6.1), and Linux an argument of 131,072.
 */
const LINE_BYTES = 30_000;
/** Longer than the marker. */
const MARKER_BYTES = 40;
/** An exit code with a blank before and a line's end after it. What goes on longer is no marker of ours. */
const TAIL_BYTES = 16;
/** More commands than one line has room for: whoever prints more markers has made them up. */
const MOST_PARTS = LINE_BYTES / MARKER_BYTES + 1;

/**
 * What comes after each command, on both streams; on stdout with the command's exit code. The nonce is a variable of the
 * shell's that is not exported: ps and /proc show everybody the line and the environment of the commands.
 */
const MARKER = 'echo $m $?; echo $m >&2';

/**
 * One line for several: a shell runs one after the other, whether they fail or not. If the connection breaks, the shell
 * dies of its next marker, so that nothing more is begun. It reads the nonce first, see `batchInput`.
 */
export function batchLine(lines: readonly string[]): string {
  // The first marker cuts off what the shell's start-up files print.
  return ['read -r m', MARKER, ...lines.flatMap((line) => [line, MARKER])].join('; ');
}

/**
 * What a batch gets on standard input: the nonce, and the rest is its command's. Whoever knew the nonce could end what a
 * command prints, and go on with something else.
 *
 * @param nonce what no command can print by chance: 128 random bits or more, in hexadecimal digits
 */
export function batchInput(nonce: string, stdin = ''): string {
  return `${nonce}\n${stdin}`;
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
  private started = false;

  /**
   * @param found is called once a command has ended and all it printed has arrived, in the order of the commands
   * @param began is called once the shell runs
   */
  constructor(
    nonce: string,
    private readonly found: (frame: Frame) => void,
    private readonly began: () => void = () => undefined,
  ) {
    this.stdout = new Splitter(nonce, MOST_OUTPUT);
    this.stderr = new Splitter(nonce, MOST_ERRORS);
  }

  /** What was printed instead, if no shell has run; undefined if one has. */
  get instead(): string | undefined {
    return this.started ? undefined : `${this.stdout.pending.toString()}\n${this.stderr.pending.toString()}`;
  }

  /** Takes what arrived. */
  push(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    this[stream].push(chunk);
    while (this.stdout.parts.length > 0 && this.stderr.parts.length > 0) {
      const out = this.stdout.parts.shift();
      const error = this.stderr.parts.shift();
      if (!this.started) this.began();
      else if (out && error) {
        const { content: stdout, length: printed } = out;
        this.found({ exitCode: Number(out.tail), stdout, stderr: error.content, printed });
      }
      this.started = true;
    }
  }
}

/** What came before a marker, how many bytes that was, and the rest of the marker's line. */
interface Part {
  readonly content: Buffer;
  readonly length: number;
  readonly tail: string;
}

/** Parts a stream at its markers. */
class Splitter {
  readonly parts: Part[] = [];
  private count = 0;
  /** With room for more: what arrives byte by byte is no object each. */
  private kept = Buffer.alloc(0);
  private length = 0;
  /** Where a marker may begin. */
  private rest = Buffer.alloc(0);

  constructor(
    private readonly nonce: string,
    private readonly most: number,
  ) {}

  /** What arrived since the last marker. */
  get pending(): Buffer {
    return Buffer.concat([this.content, this.rest]);
  }

  push(chunk: Buffer): void {
    this.rest = Buffer.concat([this.rest, chunk]);
    for (;;) {
      const start = this.rest.indexOf(this.nonce, 0, 'latin1');
      const most = start + this.nonce.length + TAIL_BYTES;
      const found = start < 0 ? -1 : this.rest.subarray(0, most).indexOf('\n', start, 'latin1');
      const end = found < 0 && start >= 0 && this.rest.length >= most ? most : found;
      // Of a marker that has not arrived whole, nothing is kept as output.
      const sure = start < 0 ? Math.max(0, this.rest.length - this.nonce.length + 1) : start;
      this.keep(this.rest.subarray(0, sure));
      if (end < 0) {
        this.rest = Buffer.from(this.rest.subarray(sure));
        return;
      }
      const tail = this.rest.toString('latin1', start + this.nonce.length, end).trim();
      if (++this.count <= MOST_PARTS) this.parts.push({ content: this.content, length: this.length, tail });
      this.kept = Buffer.alloc(0);
      this.length = 0;
      this.rest = this.rest.subarray(end + 1);
    }
  }

  private keep(bytes: Buffer): void {
    const { length: used } = this.content;
    const part = bytes.subarray(0, this.most - used);
    if (used + part.length > this.kept.length) {
      const larger = Buffer.alloc(Math.min(this.most, 2 * (used + part.length)));
      this.kept.copy(larger, 0, 0, used);
      this.kept = larger;
    }
    part.copy(this.kept, used);
    this.length += bytes.length;
  }

  private get content(): Buffer {
    return this.kept.subarray(0, Math.min(this.length, this.most));
  }
}
