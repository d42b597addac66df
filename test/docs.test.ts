import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Each test that docs/field.md names: its file, and a part of its name if it is given. */
function named(): { readonly file: string; readonly title: string | undefined }[] {
  const rows = readFileSync(join(__dirname, '../docs/field.md'), 'utf8').split('\n');
  return rows
    .filter((row) => /^\| (?!case|generation|-)/.test(row))
    .flatMap((row) => [...(row.split(' | ').at(-1) ?? '').matchAll(/`([a-z-]+(?:\/[a-z-]+)+)`((?: \*[^*]+\*)*)/g)])
    .flatMap(([, file = '', titles = '']) => {
      const each = [...titles.matchAll(/\*([^*]+)\*/g)].map(([, title]) => title);
      return each.length === 0 ? [{ file, title: undefined }] : each.map((title) => ({ file, title }));
    });
}

test('docs/field.md names many tests', () => {
  expect(named().length).toBeGreaterThan(50);
});

test.each(named())('docs/field.md names a test that is there: $file $title', ({ file, title = '' }) => {
  const path = join(__dirname, `${file}.test.ts`);

  expect(existsSync(path)).toBe(true);
  // In the source a quote may have a backslash before it.
  expect(readFileSync(path, 'utf8').replaceAll('\\', '')).toContain(title);
});
