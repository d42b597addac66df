import { readOsloConfig } from '../../../local/simulated-site/oslo-config';

describe('effective options', () => {
  test.each([
    ['[a]\nb = c\n', 'c'],
    ['[a]\nb: c = d\n', 'c = d'],
    ['[a]\nb = c ; d # e\n', 'c ; d # e'],
    ['[a]\nb = 1\nb = 2\n', '2'],
    ['[a]\nb = 1\n[other]\nx = y\n[a]\nb = 3\n', '3'],
    ['[A]\nb = c\n', 'c'],
    ['[a]\nb = c,\n   d,\n\te\n', 'c,\nd,\ne'],
    ['[a]\nb = " c "\n', ' c '],
    ["[a]\nb = 'c'\n", 'c'],
    ['[a]\nb = "c\n', '"c'],
    ['[a]\nb =\n', ''],
    ['[a]\n#b = c\n', undefined],
    ['[a]\nb = c$$d\n', 'c$d'],
    ['[a]\nb = c\\$d\n', 'c$d'],
    ['[a]\nb = $x/y\nx = z\n', 'z/y'],
    ['[DEFAULT]\nx = z\n[a]\nb = ${x}\n', 'z'],
    ['[a]\nb = 100$ $1\n', '100$ $1'],
    ['[a]\r\nb = c\r\n', 'c'],
  ])('%j', (text, value) => {
    expect(readOsloConfig('/x', text)('a', 'b')).toBe(value);
  });

  test('a continuation line after an empty one continues nothing', () => {
    expect(() => readOsloConfig('/x', '[a]\nb = c\n\n   # d\n')).toThrow('at /x:4, Unexpected continuation line');
  });

  test('a dollar sign that names nothing is an error of the program that reads the option', () => {
    const config = readOsloConfig('/x', '[a]\nb = pa$word\nc = d\n');

    expect(config('a', 'c')).toBe('d');
    expect(() => config('a', 'b')).toThrow('no such option word');
  });
});
