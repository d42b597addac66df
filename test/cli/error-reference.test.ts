import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorReference } from '../../cli/error-reference';
import { ERRORS } from '../../domain/error-catalogue';
import { PROBLEM_NAMES } from '../../domain/site/document';

const ROOT = join(__dirname, '../..');

/** The sources of all rooms that can end with an error. */
const sources = ['domain', 'lib', 'cli', 'lab'].flatMap((room) =>
  readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && name !== 'error-catalogue.ts')
    .map((name) => readFileSync(join(ROOT, room, name), 'utf8')),
);

test('docs/errors.md is what the catalogue gives: npx tsx bin/magnum-ha.ts errors > docs/errors.md', () => {
  expect(readFileSync(join(ROOT, 'docs/errors.md'), 'utf8')).toBe(errorReference());
});

test('every error of the catalogue is thrown somewhere', () => {
  const thrown = (name: string) => {
    const form = new RegExp(`(name = |failure\\(\\s*|"Error": |error: )['"]${name}['"]`);
    return sources.some((text) => form.test(text));
  };
  // The error of a site document has its problem's name.
  const problems: readonly string[] = [...PROBLEM_NAMES, 'SiteDocumentInvalid'];

  expect(ERRORS.map(([name]) => name).filter((name) => !thrown(name) && !problems.includes(name))).toEqual([]);
});

test('no error has two entries', () => {
  const names = ERRORS.map(([name]) => name);

  expect(names.filter((name, index) => names.indexOf(name) < index)).toEqual([]);
});
