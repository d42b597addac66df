import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { commandLine, patience, quote } from '../../../domain/ssh/command-line';

/** The words that a POSIX shell makes of each of some lines. */
function wordsOf(lines: readonly string[]): string[][] {
  // A word cannot hold a NUL. How many there are comes first: empty ones are words, too.
  const script = lines.map((line) => `set -- ${line}; printf '%s\\0' "$#" "$@"`).join('\n');
  const printed = execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0');
  return lines.map(() => printed.splice(0, 1 + Number(printed[0])).slice(1));
}

describe('quote', () => {
  test.each([
    'plain',
    '/etc/magnum/magnum.conf',
    'conv=fsync',
    '+%s',
    '',
    ' ',
    'two words',
    "it's",
    "''",
    '"double"',
    '$HOME',
    '$(id)',
    '`id`',
    '; rm -rf /',
    'a\nb',
    'back\\slash\\',
    '~',
    '~root',
    '*',
    '{a,b}',
    '#comment',
    '!history',
    'x=1',
    '-n',
    '117 magnum-api from 10.21.22.0/24',
    'zwölf ☃',
  ])('a shell gets %j back', (word) => {
    expect(wordsOf([quote(word)])).toEqual([[word]]);
  });

  test('whatever the words, a shell gets each of them back and runs nothing', () => {
    // fc.string takes a second before its first text.
    const textOf = (character: fc.Arbitrary<string>) =>
      fc.array(character, { maxLength: 20 }).map((all) => all.join(''));
    const special = textOf(fc.constantFrom(...Array.from(' \t\n\r\'"`$\\!*?[]{}()<>|&;#~=%-+/.:@,^aZ0')));
    const codePoint = fc.integer({ min: 1, max: 0x10ffff }).map((code) => String.fromCodePoint(code));
    const any = textOf(codePoint.filter(isUnicode));
    const line = fc.array(fc.oneof(special, any), { minLength: 1, maxLength: 12 });
    fc.assert(
      // A shell for each would take seconds.
      fc.property(fc.array(line, { minLength: 40, maxLength: 40 }), (lines) => {
        expect(wordsOf(lines.map((words) => words.map(quote).join(' ')))).toEqual(lines);
      }),
      { numRuns: 3 },
    );
  });

  test('words that need none stay readable', () => {
    expect(['cat', '/etc/magnum/magnum.conf', 'etimes=,args=', '+%s', 'a@b:1'].map(quote).join(' ')).toBe(
      'cat /etc/magnum/magnum.conf etimes=,args= +%s a@b:1',
    );
  });
});

describe('the line for a command', () => {
  const command = { argv: ['cat', '/etc/my file'], root: true, timeoutSeconds: 20 };

  test('has a time limit and the C locale', () => {
    expect(commandLine(command, false)).toBe("LC_ALL=C timeout -k 2 20 cat '/etc/my file'");
  });

  test('goes through sudo if the command needs root and the site says so', () => {
    expect(commandLine(command, true)).toBe("LC_ALL=C sudo -n timeout -k 2 20 cat '/etc/my file'");
    expect(commandLine({ ...command, root: false }, true)).not.toContain('sudo');
  });

  test('never holds what the command reads', () => {
    expect(commandLine({ ...command, stdin: 'password = s3cret' }, true)).not.toContain('s3cret');
  });

  test('runs the program with its arguments and nothing else', () => {
    const line = commandLine({ argv: ['printf', '%s|', '$HOME', 'a;b', "it's"], root: true, timeoutSeconds: 5 }, false);

    expect(execFileSync('sh', ['-c', line], { encoding: 'utf8' })).toBe("$HOME|a;b|it's|");
  });

  test('ends with exit code 124 at its time limit, before the client gives up', () => {
    const sleeping = { argv: ['sleep', '30'], root: false, timeoutSeconds: 0.2 };

    expect(() => execFileSync('sh', ['-c', commandLine(sleeping, false)])).toThrow(
      expect.objectContaining({ status: 124 }) as Error,
    );
    expect(patience({ ...sleeping, timeoutSeconds: 20 })).toBeGreaterThan(22_000);
  });
});

/** Whether UTF-8 can carry it: half a surrogate pair cannot go over any wire. */
function isUnicode(text: string): boolean {
  return Buffer.from(text).toString() === text;
}
