import * as fc from 'fast-check';
import {
  ConfigFileInvalid,
  editOslo,
  encodeValue,
  literal,
  parseOslo,
  sameValue,
  sectionKey,
  UnrepresentableValue,
  type WantedOption,
} from '../../../domain/config/oslo';
import { expectToTakeLess } from '../cpu-time';
import cases from './oslo-parser.json';

const plain = (text: string) =>
  Object.fromEntries([...parseOslo(text)].map(([section, options]) => [section, Object.fromEntries(options)]));

// What oslo.config 10.7.0's own parser made of each text: its sections, or the line that it refuses.
describe('parseOslo reads as oslo.config does', () => {
  const read = cases.flatMap(({ what, text, sections }) => (sections ? [{ what, text, sections }] : []));
  const refused = cases.flatMap(({ what, text, line }) => (line === undefined ? [] : [{ what, text, line }]));

  test.each(read)('$what', ({ text, sections }) => {
    expect(plain(text)).toEqual(sections);
  });

  test.each(refused)('refused: $what', ({ text, line }) => {
    expect(() => parseOslo(text, '/etc/magnum/magnum.conf')).toThrow(
      expect.objectContaining({
        name: 'ConfigFileInvalid',
        message: expect.stringMatching(`^/etc/magnum/magnum.conf: line ${line} `) as string,
      }) as Error,
    );
  });

  test('the message of a refused file holds nothing of it', () => {
    const text = '[trust]\ntrustee_domain_admin_password hunter2\n';

    expect(() => parseOslo(text)).toThrow(ConfigFileInvalid);
    expect(() => parseOslo(text)).not.toThrow(/hunter2|trustee/);
  });
});

describe('editOslo', () => {
  const want = (section: string, option: string, value: string): WantedOption => ({ section, option, value });

  test('replaces a value and leaves all else as it is', () => {
    const found = [
      '# magnum',
      '[DEFAULT]',
      'debug = True',
      '',
      '[api]',
      '# The listen IP',
      '#host = 127.0.0.1',
      'host:127.0.0.1',
      'port =9511',
      '; the end',
      '',
    ].join('\r\n');

    const text = editOslo(found, [want('api', 'host', '10.21.22.6')]);

    expect(text).toBe(found.replace('host:127.0.0.1\r', 'host:10.21.22.6\r'));
  });

  test.each([
    ['written otherwise', '[a]\nx:   "1"  \n'],
    ['in a section in other case', '[A]\nx=1'],
    ['repeated alike', '[a]\nx = 1\nx=1\n'],
    ['with another sign for a dollar', '[a]\nx = 1\ny = pa\\$word\n'],
  ])('leaves what is right: %s', (_, found) => {
    const wanted = [want('a', 'x', '1'), ...(found.includes('y =') ? [want('a', 'y', 'pa$$word')] : [])];

    expect(editOslo(found, wanted)).toBe(found);
  });

  test('replaces the last definition and removes the others with their continuations', () => {
    const found = '[a]\nx = 1\n  2\n# between\nx = 3,\n  4\ny = 5\n[b]\nx = 6\n[a]\nx = 7\nz = 8\n';

    expect(editOslo(found, [want('a', 'x', '9')])).toBe('[a]\n# between\ny = 5\n[b]\nx = 6\n[a]\nx = 9\nz = 8\n');
  });

  test('removes a definition that contradicts, also if the last one is right: the option may be multi-valued', () => {
    const found = '[oslo_messaging_notifications]\ndriver = log\ndriver=messaging\n';

    expect(editOslo(found, [want('oslo_messaging_notifications', 'driver', 'messaging')])).toBe(
      '[oslo_messaging_notifications]\ndriver=messaging\n',
    );
  });

  test('a missing option comes after the last option of its section', () => {
    const found = '[a]\nx = 1\n  2\n\n# about b\n[b]\ny = 3\n';

    expect(editOslo(found, [want('a', 'new', '4'), want('a', 'x', '5'), want('a', 'newer', '')])).toBe(
      '[a]\nx = 5\nnew = 4\nnewer =\n\n# about b\n[b]\ny = 3\n',
    );
  });

  test('a missing option comes right after the header of a section without options', () => {
    expect(editOslo('[a]\n# x = 1\n\n[b]\n', [want('a', 'x', '2')])).toBe('[a]\nx = 2\n# x = 1\n\n[b]\n');
  });

  test('missing sections are appended in the order wanted', () => {
    const wanted = [want('trust', 'x', '1'), want('DEFAULT', 'y', '2'), want('trust', 'z', '3')];

    expect(editOslo('[a]\nx = 1\n', wanted)).toBe('[a]\nx = 1\n\n[trust]\nx = 1\nz = 3\n\n[DEFAULT]\ny = 2\n');
    expect(editOslo('', wanted)).toBe('[trust]\nx = 1\nz = 3\n\n[DEFAULT]\ny = 2\n');
  });

  test('a file without line end at its end stays one', () => {
    expect(editOslo('[a]\r\nx = 1', [want('a', 'y', '2'), want('b', 'z', '3')])).toBe(
      '[a]\r\nx = 1\r\ny = 2\r\n\r\n[b]\r\nz = 3',
    );
  });

  test('a value of several lines is written as continuations', () => {
    expect(editOslo('[a]\nx = 1\n', [want('a', 'x', '2,\n3'), want('a', 'y', '\n4')])).toBe(
      '[a]\nx = 2,\n  3\ny =\n  4\n',
    );
  });

  test('an empty option gets a value in the style of the file', () => {
    expect(editOslo('[a]\nx =\ny=\nz = 1\n', [want('a', 'x', '1'), want('a', 'y', '2'), want('a', 'z', '')])).toBe(
      '[a]\nx = 1\ny=2\nz =\n',
    );
  });

  test('names the option whose value cannot be written, and not the value', () => {
    const edit = () => editOslo('', [want('trust', 'trustee_domain_admin_password', 'hunter2\n')]);

    expect(edit).toThrow(UnrepresentableValue);
    expect(edit).toThrow(/^\[trust\] trustee_domain_admin_password: its value ends in a line break/);
    expect(edit).not.toThrow(/hunter2/);
  });

  test('whatever the file: the wanted values are there, the foreign lines stay, a second edit changes nothing', () => {
    fc.assert(
      fc.property(file, wantedOptions, (text, wanted) => {
        const edited = editOslo(text, wanted);

        const sections = parseOslo(edited);
        for (const { section, option, value } of wanted) {
          const values = sections.get(sectionKey(section))?.get(option) ?? [];
          expect(values.length).toBeGreaterThan(0);
          expect(values.filter((one) => !sameValue(one, value))).toEqual([]);
        }
        expect(foreign(edited, wanted)).toEqual(foreign(text, wanted));
        expect(editOslo(edited, wanted)).toBe(edited);
      }),
    );
  });

  test('whatever the file: what it says already changes no byte', () => {
    fc.assert(
      fc.property(file, (text) => {
        const wanted = [...parseOslo(text)].flatMap(([section, options]) =>
          [...options].flatMap(([option, values]) =>
            new Set(values).size === 1 ? [{ section, option, value: values[0] ?? '' }] : [],
          ),
        );

        expect(editOslo(text, wanted)).toBe(text);
      }),
    );
  });

  const value = fc
    .array(fc.constantFrom('a', 'b', ' ', '"', "'", '$', '\\', '\n', '=', ':', '#', '[', ']', '\t', '\u00a0', 'é'), {
      maxLength: 8,
    })
    .map((characters) => characters.join(''))
    .filter((text) => {
      try {
        encodeValue(text);
        return true;
      } catch {
        return false;
      }
    });
  const wantedOptions = fc.uniqueArray(
    fc.record({ section: fc.constantFrom('DEFAULT', 'a', 'b'), option: fc.constantFrom('x', 'y', 'z'), value }),
    { selector: ({ section, option }) => `${section} ${option}`, maxLength: 6 },
  );
  const end = fc.constantFrom('\n', '\n', '\n', '\r\n', '\r');
  const line = fc.oneof(
    fc.constantFrom('', ' \t', '# x = 1', ';y = 2', '[a]', '[B]', '[DEFAULT]', '[c]'),
    fc
      .record({
        option: fc.constantFrom('x', 'y', 'own', 'x y'),
        separator: fc.constantFrom('=', ' = ', ':', '\t=  '),
        value,
        blank: fc.constantFrom('', ' '),
      })
      .map((one) => `${one.option}${one.separator}${encodeValue(one.value)}${one.blank}`),
  );
  const file = fc
    .tuple(fc.constantFrom('', '# head\n', '\n'), fc.array(fc.tuple(line, end), { maxLength: 12 }), fc.boolean())
    .map(([head, lines, open]) => {
      const text = `${head}[a]\n${lines.map(([content, lineEnd]) => content + lineEnd).join('')}`;
      return open ? text.replace(/(\r\n|\r|\n)$/, '') : text;
    });

  /** The lines that belong to no wanted option, and no blank line or header that an edit may add at the end. */
  function foreign(text: string, wanted: readonly WantedOption[]): string[] {
    const kept: string[] = [];
    let section = '';
    let mine = false;
    for (const content of text.split(/\r\n|\r|\n/)) {
      const option = /^([^\s#;[:=][^:=]*?)\s*[:=]/.exec(content)?.[1];
      if (content.startsWith('[')) section = sectionKey(content.trimEnd().slice(1, -1));
      if (!/^[ \t]+\S/.test(content)) {
        mine = wanted.some((one) => sectionKey(one.section) === section && one.option === option);
      }
      if (!mine && content.trim() !== '' && !content.startsWith('[')) kept.push(`[${section}] ${content}`);
    }
    return kept;
  }
});

describe('encodeValue', () => {
  test.each([
    ['mysql://magnum@10.21.22.2/magnum', 'mysql://magnum@10.21.22.2/magnum'],
    ['', ''],
    [' a', '" a"'],
    ['a\u00a0', '"a\u00a0"'],
    ['"a"', '""a""'],
    ["'a'", `"'a'"`],
    ['"', '"""'],
    [`"a'`, `"a'`],
    ['a "b"', 'a "b"'],
    ['#a;b', '#a;b'],
    ['a\nb', 'a\n  b'],
    [' a\n"b"', '" a"\n  "b"'],
  ])('%j is written %j', (value, written) => {
    expect(encodeValue(value)).toBe(written);
    expect(plain(`[a]\nx = ${written}\n`)).toEqual({ a: { x: [value] } });
  });

  test.each(['a\0', 'a\rb', 'a\n', 'a\n\nb', 'a\n b', 'a\nb\t', 'a\n\u00a0b'])('%j cannot be written', (value) => {
    expect(() => encodeValue(value)).toThrow(expect.objectContaining({ name: 'UnrepresentableValue' }) as Error);
  });
});

// What oslo.config 10.7.0 gave back for each: the text itself.
describe('literal', () => {
  test.each([
    ['pa$word', 'pa$$word'],
    ['a$', 'a$$'],
    ['a$$b', 'a$$$$b'],
    ['a\\$b', 'a\\\\$b'],
    ['a\\$$b', 'a\\\\$$$b'],
    ['a\\b', 'a\\b'],
  ])('%j is written %j', (text, raw) => {
    expect(literal(text)).toBe(raw);
  });

  test('reads as the text, by the rules of oslo.config', () => {
    const substitute = (raw: string) => raw.replaceAll('\\$', '$$$$').replaceAll('$$', '$');

    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '$', '\\', '{', '}') }), (text) => {
        expect(substitute(literal(text))).toBe(text);
      }),
    );
  });
});

describe('sameValue', () => {
  test.each([
    ['a$$b', 'a\\$b', true],
    ['a$', 'a$$', true],
    ['a$1', 'a$$1', true],
    ['$x/y', '${x}/y', true],
    ['$x', '$$x', false],
    ['a', 'b', false],
  ])('%j and %j: %j', (one, other, same) => {
    expect(sameValue(one, other)).toBe(same);
  });
});

test.each([
  ['one option over and over', `[a]\n${'x = 1\n'.repeat(160_000)}`],
  ['one option with ever other values', `[a]\n${Array.from({ length: 90_000 }, (_, n) => `x = ${n}\n`).join('')}`],
  ['a value of many lines', `[a]\nx = 1\n${' 2\n'.repeat(330_000)}`],
  ['sections', '[a]\n'.repeat(250_000)],
  ['one long line', `[a]\nx = ${'$a '.repeat(330_000)}\n`],
  ['one long line of blanks', `[a]\nx =${' '.repeat(1_000_000)}1`],
])('a megabyte takes no long time: %s', (_, text) => {
  const wanted = ['x', ...Array.from({ length: 40 }, (__, index) => `option_${index}`)].map((option) => ({
    section: 'a',
    option,
    value: 'new',
  }));

  // Some 60 and 150 on a machine that does nothing else.
  expectToTakeLess(250, () => parseOslo(text));
  expectToTakeLess(500, () => editOslo(text, wanted));
});
