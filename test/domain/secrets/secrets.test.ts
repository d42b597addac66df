import fc from 'fast-check';
import { keyedDigest, percentEncode, Secrets } from '../../../domain/secrets/secrets';

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
  const forms: Record<string, (value: string) => string> = {
    'as it is': (value) => value,
    'in base64': (value) => Buffer.from(value).toString('base64'),
    'in base64 for URLs': (value) => Buffer.from(value).toString('base64url'),
    'in a URL': encodeURIComponent,
    'in a URL, by RFC 3986': percentEncode,
    'in JSON': json,
    'in JSON within JSON': (value) => json(json(value)),
    'with the dollars of oslo.config': (value) => value.replaceAll('$', '$$$$'),
    'in a traceback of Python': python,
    'in one with the other quotes': (value) => python(value).replaceAll("'", "\\'"),
  };
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
  ];
  const cases = Object.entries(forms).flatMap(([form, write]) => nasty.map((value) => [value, form, write] as const));

  test.each(cases)('%j %s', (value, _, write) => {
    const text = `mysql://magnum:${write(value)}@10.21.22.2 {"${write(value)}"}`;

    const redacted = secrets(value).redact(text);

    expect(redacted).toBe(`mysql://magnum:<secret ${PASSWORD}>@10.21.22.2 {"<secret ${PASSWORD}>"}`);
  });

  test('takes a file out by its lines, however they are indented', () => {
    const label = ['OPENSSH', 'PRIVATE', 'KEY'].join(' ');
    const key = `-----BEGIN ${label}-----\n${'b3BlbnNzaC1r'.repeat(5)}\n${'QyNTUxOQAAACB'.repeat(4)}\n-----END-----\n`;
    const text = key
      .split('\n')
      .map((line) => `    ${line}`)
      .join('\r\n');

    const redacted = secrets(key).redact(text);

    expect(redacted).not.toMatch(/b3Blbn|QyNTUx/);
  });

  test('takes out the value of a file that ends in a line break where that was left out', () => {
    const redacted = secrets('s3cret/1\n').redact('s3cret/1; s3cret%2F1; czNjcmV0LzE=');

    expect(redacted.replaceAll(`<secret ${PASSWORD}>`, 'x')).toBe('x; x; x');
  });

  test('takes out the longer of two secrets of which one holds the other', () => {
    const redacted = secrets('magnum', 'magnum-domain').redact('magnum-domain, magnum');

    expect(redacted).toBe(`<secret /other/1>, <secret ${PASSWORD}>`);
  });

  test('leaves the names of parameters readable where a weak secret is part of one', () => {
    const redacted = secrets('password', 'secret', 'golden').redact('password of golden');

    expect(redacted).toBe(`<secret ${PASSWORD}> of <secret /other/2>`);
  });

  test('leaves a text without secrets as it is, also with an empty secret', () => {
    const text = 'magnum-conductor: $& 100% "quoted"';

    expect(secrets('', 'other').redact(text)).toBe(text);
  });

  test('whatever the secret and its surroundings, it is gone', () => {
    // With letters of its own, so that what stands in its place cannot hold it by chance.
    const secret = fc.string({
      minLength: 1,
      maxLength: 12,
      unit: fc.constantFrom(...Array.from('XYZ$%\\\'"#&! \n+/=*.^')),
    });
    const known = secret.filter((value) => /[XYZ]/.test(value));
    fc.assert(
      fc.property(known, known, fc.constantFrom(...Object.values(forms)), fc.string(), (one, two, write, around) => {
        const redacted = secrets(one, two).redact(`${around}${write(one)}${two}${around}`);

        expect(redacted).not.toContain(one);
        expect(redacted).not.toContain(two);
      }),
      { numRuns: 300 },
    );
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
