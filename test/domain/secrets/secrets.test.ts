import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { keyedDigest, percentEncode, Secrets } from '../../../domain/secrets/secrets';
import { expectToTakeLess } from '../cpu-time';

/** Of fuzzing; more by FUZZ_RUNS, as in npm run test:long. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 100);

const PASSWORD = '/magnum-ha/golden/database-password';

const secrets = (...values: string[]) =>
  new Secrets(new Map(values.map((value, index) => [index === 0 ? PASSWORD : `/other/${index}`, value])));

describe('reveal', () => {
  test('gives the value of a parameter that was read', () => {
    expect(secrets('pa$$').reveal(PASSWORD)).toBe('pa$$');
  });

  test('throws for another one, which it names', () => {
    expect(() => secrets('one').reveal('/unread')).toThrow('/unread');
  });
});

describe('redact', () => {
  const json = (value: string) => JSON.stringify(value).slice(1, -1);
  const python = (value: string) => value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  const utf8 = (value: string) => Buffer.from(value).toString();
  const url = (value: string) => encodeURIComponent(utf8(value));
  const html = (value: string) =>
    value.replace(/[&<>"']/g, (one) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[one] ?? '&#x27;');
  const common: Record<string, (value: string) => string> = {
    'as it is': (value) => value,
    'in base64': (value) => Buffer.from(value).toString('base64'),
    'in base64 for URLs': (value) => Buffer.from(value).toString('base64url'),
    'in a URL': url,
    'in a URL, by RFC 3986': percentEncode,
    'in JSON': json,
    'in JSON within JSON': (value) => json(json(value)),
    'with the dollars of oslo.config': (value) => value.replaceAll('$', '$$$$'),
    'in a traceback of Python': python,
    'in one with the other quotes': (value) => python(value).replaceAll("'", "\\'"),
  };
  const others: Record<string, (value: string) => string> = {
    'in a URL, in small letters': (value) => percentEncode(value).replace(/%../g, (escape) => escape.toLowerCase()),
    'in a form': (value) => new URLSearchParams({ x: utf8(value) }).toString().slice(2),
    'in a URL within a URL': (value) => url(url(value)),
    'in JSON of ASCII alone': (value) =>
      json(value).replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
    "in a shell's single quotes": (value) => value.replaceAll("'", `'\\''`),
    "in a shell's double quotes": (value) => value.replace(/["$`\\]/g, '\\$&'),
    'with a backslash before whatever a shell reads': (value) => value.replace(/[^A-Za-z0-9\n\u0080-\uffff]/g, '\\$&'),
    'in SQL': (value) => value.replaceAll("'", "''"),
    'in HTML': html,
    'in HTML, by numbers': (value) => value.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`),
    'in JSON within HTML': (value) => html(json(value)),
    'with the dollars of oslo.config, in JSON': (value) => json(value.replaceAll('$', '$$$$')),
    'as bytes in Python': (value) =>
      python(utf8(value)).replace(/[\u0080-\uffff]+/g, (letters) =>
        Buffer.from(letters).reduce((escapes, byte) => `${escapes}\\x${byte.toString(16)}`, ''),
      ),
    'as bytes in a C program': (value) =>
      utf8(value).replace(/[\u0080-\uffff]+/g, (letters) =>
        Buffer.from(letters).reduce((escapes, byte) => `${escapes}\\${byte.toString(8)}`, ''),
      ),
    'read as Latin-1': (value) => Buffer.from(value).toString('latin1'),
    'read as ASCII': (value) =>
      Buffer.from(value)
        .toString('latin1')
        .replace(/[\u0080-\u00ff]/g, '\ufffd'),
    'written as ASCII': (value) => utf8(value).replace(/\P{ASCII}/gu, '?'),
    'written as UTF-8': utf8,
  };
  const forms = { ...common, ...others };
  const nasty = [
    'A3elbTUIqOcqRihB6XE3MWzN',
    'with spaces in it',
    'single\'and"double`quotes',
    '$HOME$$ ${x} $& $1 $`',
    '100%s%20 %(name)s',
    'back\\slash\\n\\\\',
    '#comment;and#more',
    "!'()*~",
    'p@ss:w/rd?&=+',
    'zwölf Boxkämpfer ☃',
    '<b>&amp;"',
    'trailing newline\n',
    '.*+?^[](){}|',
    'abcd',
    'two\nlines of it',
    'half of \ud83d a pair',
    'whole 😀 pair',
  ];
  const inEach = (written: Record<string, (value: string) => string>) =>
    Object.entries(written).flatMap(([form, write]) => nasty.map((value) => [value, form, write] as const));

  test.each(inEach(common))('%j %s', (value, _, write) => {
    const text = `mysql://magnum:${write(value)}@10.21.22.2 {"${write(value)}"}`;

    const redacted = secrets(value).redact(text);

    expect(redacted).toBe(`mysql://magnum:<secret ${PASSWORD}>@10.21.22.2 {"<secret ${PASSWORD}>"}`);
  });

  test.each(inEach(others))('%j %s', (value, _, write) => {
    const redacted = secrets(value).redact(`x${write(value)}x {"${write(value)}"}`);

    // Quotes beside it may be taken for some of its own.
    expect(redacted).toMatch(new RegExp(`^x<secret ${PASSWORD}>[\\\\n]*x {"?<secret ${PASSWORD}>[\\\\n]*"?}$`));
  });

  describe('in a longer text in base64', () => {
    const wrappings: Record<string, (text: string) => string> = {
      'in one line': (text) => text,
      'in lines of 64': (text) => text.replace(/.{64}/g, '$&\n'),
      'in lines of 76 in JSON': (text) => text.replace(/.{76}/g, '$&\\r\\n'),
      'in lines with an indentation': (text) => text.replace(/.{60}/g, '$&\n    '),
      'in a URL': (text) => url(text),
      'with the letters for URLs': (text) => text.replaceAll('+', '-').replaceAll('/', '_'),
    };
    const value = 'p@ss?>wörd~~%12';
    const known = secrets(value);

    // Each line break comes within it, and it begins at each place of a group of three.
    const lengths = Array.from({ length: 60 }, (_, length) => length);

    test.each(Object.entries(wrappings))('%s', (_, wrap) => {
      const heads = lengths.map((length) => {
        const text = wrap(Buffer.from(`${'-'.repeat(length)}${value} and more`).toString('base64'));
        const [head = '', tail = '', ...rest] = known.redact(text).split(`<secret ${PASSWORD}>`);
        expect(tail.length).toBeGreaterThan(10);
        expect(rest).toEqual([]);
        return decodeURIComponent(head).replace(/\\[rn]|\s/g, '');
      });

      // What is no secret stays, to the character that belongs to both.
      expect(heads).toEqual(
        lengths.map((length) =>
          Buffer.from('-'.repeat(length))
            .toString('base64')
            .slice(0, (length * 4) / 3),
        ),
      );
    });
  });

  test('takes a file out by its lines, however they are indented', () => {
    const label = ['OPENSSH', 'PRIVATE', 'KEY'].join(' ');
    const key = `-----BEGIN ${label}-----\n${'b3BlbnNzaC1r'.repeat(5)}\n${'QyNTUxOQAAACB'.repeat(4)}\nAAEC==\n-----END-----\n`;
    const text = key
      .split('\n')
      .map((line) => `    ${line}`)
      .join('\r\n');

    const redacted = secrets(key).redact(`the key:\n${text}is no good`);

    expect(redacted).toMatch(new RegExp(`^the key:\\s+<secret ${PASSWORD}>\\s+is no good$`));
  });

  test('takes a line out that stands alone, and a long one', () => {
    const line = 'QyNTUxOQAAACB'.repeat(4);
    const long = 'x1Y2'.repeat(500);

    expect(secrets(`first line\n${line}\nlast line`, long).redact(`a ${line} b ${long} c`)).toBe(
      `a <secret ${PASSWORD}> b <secret /other/1> c`,
    );
  });

  test('takes out the value of a file that ends in a line break if that was left out', () => {
    const redacted = secrets('s3cret/1\n').redact('s3cret/1; s3cret%2F1; czNjcmV0LzE=');

    expect(redacted.replaceAll(`<secret ${PASSWORD}>`, 'x')).toBe('x; x; x');
  });

  test('takes out the longer of two secrets of which one holds the other', () => {
    const redacted = secrets('magnum', 'magnum-domain').redact('magnum-domain, magnum');

    expect(redacted).toBe(`<secret /other/1>, <secret ${PASSWORD}>`);
  });

  test('leaves nothing of secrets that overlap', () => {
    expect(secrets('abcdef', 'defghi').redact('-abcdefghi-')).toBe(`-<secret ${PASSWORD}><secret /other/1>-`);
    expect(secrets('abab').redact('abababab')).toBe(`<secret ${PASSWORD}>`);
  });

  test('leaves the names of parameters readable if a weak secret is part of one', () => {
    const weak = secrets('password', 'secret', 'golden');

    const redacted = weak.redact('password of golden');

    expect(redacted).toBe(`<secret ${PASSWORD}> of <secret /other/2>`);
    expect(weak.redact(redacted)).toBe(redacted);
  });

  test('leaves a text without secrets as it is', () => {
    const text = 'magnum-conductor: $& 100% "quoted"';

    expect(secrets('other').redact(text)).toBe(text);
  });

  test.each(['', ' ', 'a', 'on', ' xy1\n'])('does not look for %j, which is in every text', (short) => {
    const text = 'on node-1: a value of xy1 is  "on"';

    expect(secrets(short).redact(text)).toBe(text);
  });

  test('cuts a long text, with a note, and no secret at the cut in two', () => {
    const value = 'A3elbTUIqOcqRihB6XE3MWzN';
    const text = `${'x'.repeat(64 * 1024 - 70)}${value.repeat(20)}`;

    const redacted = secrets(value).redact(text);

    expect(redacted).toMatch(/^x{65000,65536}… \(\d+ more characters\)$/);
    expect(redacted.length).toBeLessThanOrEqual(64 * 1024);
    expect(secrets(value).redact(redacted)).toBe(redacted);
  });

  describe('whatever the secret', () => {
    // With letters of its own, so that what stands in its place cannot hold it by chance.
    const unit = fc.oneof(
      fc.constantFrom(...Array.from('XYZQ$%\\\'"#&! \n\t+/=*.^`?;é☃'), '\ud83d', '\udc00', '😀'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).filter((one) => !/[<>]/.test(one)),
    );
    const letter = fc.constantFrom('X', 'Y', 'Z', 'Q');
    const some = fc.string({ unit, maxLength: 9 });
    // Made with the letters, because most texts do not have them.
    const secret = fc
      .tuple(some, letter, some, letter, some)
      .map((parts) => parts.join(''))
      .filter((value) => value.trim().length >= 4);
    const form = fc.constantFrom(...Object.values(forms));
    const text = fc.string().filter((around) => !/[XYZQ<>]/.test(around));

    test('it is gone, and a second time changes nothing', () => {
      fc.assert(
        fc.property(secret, secret, form, text, (one, two, write, around) => {
          const known = secrets(one, two);

          const redacted = known.redact(`${around}${write(one)} ${two}${around}${write(two)}`);

          for (const value of [one, two]) {
            for (const gone of [value, value.trim(), write(value), utf8(value)]) expect(redacted).not.toContain(gone);
          }
          expect(known.redact(redacted)).toBe(redacted);
        }),
        { numRuns: RUNS },
      );
    });

    test('in base64 it is gone, whatever comes before and after it', () => {
      fc.assert(
        fc.property(
          secret,
          fc.uint8Array({ maxLength: 5 }),
          fc.uint8Array({ maxLength: 5 }),
          (value, before, after) => {
            const encoded = Buffer.concat([before, Buffer.from(value), after]).toString('base64');

            const redacted = secrets(value).redact(encoded);

            expect(redacted).toMatch(/^[A-Za-z0-9+/]{0,8}<secret [^>]+>[A-Za-z0-9+/]{0,8}={0,2}$/);
          },
        ),
        { numRuns: RUNS },
      );
    });

    test('a text that does not have it stays as it is', () => {
      fc.assert(
        fc.property(secret, text, (value, around) => {
          expect(secrets(value).redact(around)).toBe(around);
        }),
        { numRuns: RUNS },
      );
    });
  });

  describe('takes no long time', () => {
    const key = Array.from({ length: 50 }, (_, index) => createHash('sha512').update(`${index}`).digest('base64')).join(
      '\n',
    );
    const known = secrets(...nasty, key);
    const hostile: Record<string, string> = {
      backslashes: '\\',
      quotes: '"\'',
      dollars: '$',
      'percent signs': '%25',
      ampersands: '&amp;',
      letters: 'a',
      'line breaks': '\n  ',
      'escaped line breaks': '\\n',
      'what cannot be read': '\ufffd',
      'a secret': 'A3elbTUIqOcqRihB6XE3MWzN',
      'nearly a secret': 'A3elbTUIqOcqRihB6XE3MWz',
      'nearly another': 'single\'and"double`quote ',
      'nearly one with dollars': '$HOME$$ ${x} $& $1 $',
      'nearly one with backslashes': 'back\\\\slash\\\\n\\\\n',
      base64: Buffer.from(nasty.join('')).toString('base64'),
      'a key': key,
    };

    test.each(Object.entries(hostile))('over %s', (_, repeated) => {
      const long = repeated.repeat(Math.ceil(1_000_000 / repeated.length));
      known.redact(long.slice(0, 100_000));

      expectToTakeLess(100, () => known.redact(long));
    });
  });
});

describe('keyedDigest', () => {
  const SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

  test('is the same for the same content, and tells two apart', () => {
    expect(keyedDigest('key', SHA256)).toBe(keyedDigest('key', SHA256));
    expect(keyedDigest('key', SHA256)).not.toBe(keyedDigest('key', SHA256.replace('e3', 'e4')));
  });

  test('says nothing without the key: no digest that anyone can make from a guessed file', () => {
    const digest = keyedDigest('key', SHA256);

    expect(digest).toMatch(/^[0-9a-f]{32}$/);
    expect(digest).not.toBe(keyedDigest('another key', SHA256));
    expect(SHA256).not.toContain(digest);
  });
});

test('percentEncode writes half of a surrogate pair as UTF-8 does', () => {
  expect(percentEncode('a\ud83d!')).toBe('a%EF%BF%BD%21');
});
