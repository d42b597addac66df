import { execFileSync, spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { batchInput, batchLine, type Frame, Frames, MOST_OUTPUT, parted } from '../../../domain/ssh/batch';
import { expectToTakeLess } from '../cpu-time';

const NONCE = '0123456789abcdef0123456789abcdef';

/** What a shell makes of a batch, in chunks of a size. */
function framesOf(lines: readonly string[], chunkSize = 65_536): Frame[] {
  const { stdout, stderr } = spawnSync('sh', ['-c', batchLine(lines)], { input: batchInput(NONCE) });
  return read({ stdout, stderr }, chunkSize);
}

function read(streams: Record<'stdout' | 'stderr', Buffer>, chunkSize: number): Frame[] {
  const found: Frame[] = [];
  const frames = new Frames(NONCE, (frame) => found.push(frame));
  for (const stream of ['stdout', 'stderr'] as const) {
    for (let at = 0; at < streams[stream].length; at += chunkSize) {
      frames.push(stream, streams[stream].subarray(at, at + chunkSize));
    }
  }
  return found;
}

function texts(frames: readonly Frame[]) {
  return frames.map(({ exitCode, stdout, stderr }) => [exitCode, stdout.toString(), stderr.toString()]);
}

test('every command of a batch comes with its own output and exit code', () => {
  const frames = framesOf(['echo one', 'cat /none', "sh -c 'echo out; echo err >&2; exit 7'", 'printf %s last']);

  expect(texts(frames)).toEqual([
    [0, 'one\n', ''],
    [1, '', expect.stringContaining('/none')],
    [7, 'out\n', 'err\n'],
    [0, 'last', ''],
  ]);
});

test('a single command is a batch too', () => {
  expect(texts(framesOf(['false']))).toEqual([[1, '', '']]);
});

test('a command that a signal ends has the exit code of the shell', () => {
  expect(texts(framesOf(["sh -c 'kill -9 $$'", 'true'])).map(([exitCode]) => exitCode)).toEqual([137, 0]);
});

test('what start-up files print belongs to no command', () => {
  const noisy = `echo Welcome; echo warning >&2; ${batchLine(['echo one'])}`;

  const { stdout, stderr } = spawnSync('sh', ['-c', noisy], { input: batchInput(NONCE) });

  expect(texts(read({ stdout, stderr }, 65_536))).toEqual([[0, 'one\n', '']]);
});

test('no process shows the nonce to others, in its command line or its environment', () => {
  const [frame] = framesOf(['ps axeww -o pid=,args=']);

  const printed = frame?.stdout.toString() ?? '';
  expect(printed).toContain('ps axeww -o pid=,args=');
  expect(printed).toContain('read -r m; echo $m $?');
  for (const part of [NONCE.slice(0, 16), NONCE.slice(16)]) expect(printed).not.toContain(part);
});

test("what follows the nonce on standard input is the command's, byte for byte", () => {
  fc.assert(
    fc.property(fc.string(), (stdin) => {
      const line = batchLine(['cat']);
      const streams = spawnSync('sh', ['-c', line], { input: batchInput(NONCE, stdin) });
      expect(texts(read(streams, 65_536))).toEqual([[0, Buffer.from(stdin).toString(), '']]);
    }),
    { numRuns: 20 },
  );
});

test('any bytes arrive exactly, however they are cut', () => {
  const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array));
  // Parts of the nonce are what a search could stumble over.
  const almost = fc.constantFrom(NONCE.slice(0, 20), `${NONCE.slice(0, 31)}\n`, '\n').map((text) => Buffer.from(text));
  const content = fc.array(fc.oneof(bytes, almost), { maxLength: 4 }).map((parts) => Buffer.concat(parts));
  const command = fc.record({ exitCode: fc.nat({ max: 255 }), stdout: content, stderr: content });

  fc.assert(
    fc.property(
      fc.array(command, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 80 }),
      (commands, size) => {
        const marked = (parts: readonly Buffer[], tail: (index: number) => string) =>
          Buffer.concat(parts.flatMap((part, index) => [part, Buffer.from(`${NONCE}${tail(index)}\n`)]));
        const none = Buffer.alloc(0);
        const stdout = marked([none, ...commands.map((one) => one.stdout)], (index) =>
          index === 0 ? ' 0' : ` ${commands[index - 1]?.exitCode}`,
        );
        const stderr = marked([none, ...commands.map((one) => one.stderr)], () => '');

        expect(read({ stdout, stderr }, size)).toEqual(commands.map((one) => ({ ...one, printed: one.stdout.length })));
      },
    ),
  );
});

test('a command is answered once both its streams have arrived', () => {
  const found: Frame[] = [];
  const frames = new Frames(NONCE, (frame) => found.push(frame));

  frames.push('stdout', Buffer.from(`${NONCE} 0\none${NONCE} 0\ntwo`));
  frames.push('stderr', Buffer.from(`${NONCE}\n`));
  const before = found.length;
  frames.push('stderr', Buffer.from(`${NONCE}\n`));

  expect(before).toBe(0);
  expect(texts(found)).toEqual([[0, 'one', '']]);
});

test('a shell whose output nobody takes any longer begins nothing more', () => {
  const line = batchLine(['sleep 0.2', 'touch /none/never', 'echo still']);

  // The pipe's reader is gone when the first command ends.
  const ended = execFileSync(
    'bash',
    ['-c', `(sh -c "$1"; echo $? >&3) 3>&1 1> >(exec true) 2>/dev/null`, 'bash', line],
    { input: batchInput(NONCE) },
  );

  expect(Number(ended.toString())).toBe(128 + 13);
});

describe('parted', () => {
  const lines = (count: number, length: number) => Array.from({ length: count }, () => ({ line: 'x'.repeat(length) }));

  test('keeps in one batch what fits into an SSH packet', () => {
    expect(parted(lines(9, 200))).toHaveLength(1);
  });

  test('keeps order, loses nothing, and makes no line too long', () => {
    const all = lines(50, 3000);

    const parts = parted(all);

    expect(parts.flat()).toEqual(all);
    for (const part of parts) {
      expect(batchLine(part.map(({ line }) => line)).length).toBeLessThan(32_768);
    }
  });

  test('sends what is too long by itself', () => {
    expect(parted(lines(2, 40_000)).map((part) => part.length)).toEqual([1, 1]);
  });
});

describe('too much output', () => {
  const MiB = 2 ** 20;

  test('is counted, not kept, and the next command is answered', () => {
    const found: Frame[] = [];
    const frames = new Frames(NONCE, (frame) => found.push(frame));
    const chunk = Buffer.alloc(MiB, 'x');

    frames.push('stdout', Buffer.from(`${NONCE} 0\n`));
    frames.push('stderr', Buffer.from(`${NONCE}\n`));
    for (let count = 0; count < 100; count++) frames.push('stdout', chunk);
    for (let count = 0; count < 100; count++) frames.push('stderr', chunk);
    frames.push('stdout', Buffer.from(`${NONCE} 0\nnext${NONCE} 0\n`));
    frames.push('stderr', Buffer.from(`${NONCE}\n${NONCE}\n`));

    expect(found).toMatchObject([{ printed: 100 * MiB }, { printed: 4 }]);
    expect(found[0]?.stdout).toHaveLength(MOST_OUTPUT);
    expect(found[0]?.stderr.length).toBeLessThan(MiB);
    expect(found[1]?.stdout.toString()).toBe('next');
  });

  test('8 MiB in packets of SSH take no second of CPU', () => {
    const content = Buffer.alloc(8 * MiB, 'ps and its words ');
    const stdout = Buffer.concat([Buffer.from(`${NONCE} 0\n`), content, Buffer.from(`${NONCE} 0\n`)]);
    const one = () => read({ stdout, stderr: Buffer.from(`${NONCE}\n${NONCE}\n`) }, 32_768)[0];

    expect(one()?.stdout.equals(content)).toBe(true);
    expectToTakeLess(1000, one);
  });
});

test('what is printed where no shell runs is there to be told', () => {
  const frames = new Frames(NONCE, () => undefined);

  frames.push('stderr', Buffer.from('This account is currently '));
  frames.push('stderr', Buffer.from('not available.\n'));

  expect(frames.instead?.trim()).toBe('This account is currently not available.');
});

describe('a host that knows the nonce', () => {
  const until = (chunk: Buffer, times: number) => {
    const splitter = new Frames(NONCE, () => undefined);
    splitter.push('stdout', Buffer.from(`${NONCE} `));
    for (let i = 0; i < times; i++) splitter.push('stdout', chunk);
    return splitter.instead;
  };

  test('and never ends the line of a marker costs no more than any other output', () => {
    // 90 s before it was bounded.
    expectToTakeLess(5000, () => until(Buffer.alloc(1024, 'a'), 16_000));
  });

  test('and prints a million markers fills no memory with them', () => {
    const marker = `${NONCE} 0\n`;

    const pending = until(Buffer.from(marker.repeat(1_000)), 1_000);

    expect(pending?.length).toBeLessThan(1_000);
  });
});
