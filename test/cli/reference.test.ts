import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorReference, findingReference } from '../../cli/reference';
import { ERRORS } from '../../domain/error-catalogue';
import { FINDINGS } from '../../domain/findings/catalogue';
import { PROBLEM_NAMES } from '../../domain/site/problems';

const ROOT = join(__dirname, '../..');

/** The TypeScript files in a directory and below it, without those whose path contains `except`. */
const sourcesIn = (directory: string, except: string) =>
  readdirSync(join(ROOT, directory), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.includes(except))
    .map((name) => readFileSync(join(ROOT, directory, name), 'utf8'));

describe('errors', () => {
  const names = ERRORS.map(([name]) => name);

  test('docs/errors.md is what the catalogue gives: npx tsx bin/magnum-ha.ts errors > docs/errors.md', () => {
    expect(readFileSync(join(ROOT, 'docs/errors.md'), 'utf8')).toBe(errorReference());
  });

  test('every error of the catalogue is thrown somewhere', () => {
    const sources = ['domain', 'lib', 'cli', 'lab', 'local/rehearsal'].flatMap((room) =>
      sourcesIn(room, 'error-catalogue'),
    );
    const thrown = (name: string) => {
      const form = new RegExp(`(name = |failure\\(\\s*|"Error": |error: )['"]${name}['"]`);
      return sources.some((text) => form.test(text));
    };
    // The error of a site document has its problem's name.
    const problems: readonly string[] = [...PROBLEM_NAMES, 'SiteDocumentInvalid'];

    expect(names.filter((name) => !thrown(name) && !problems.includes(name))).toEqual([]);
  });

  test('no error has two entries', () => {
    expect(names.filter((name, index) => names.indexOf(name) < index)).toEqual([]);
  });
});

describe('findings', () => {
  const names = FINDINGS.map(([name]) => name);

  test('docs/findings.md is what the catalogue gives: npx tsx bin/magnum-ha.ts findings > docs/findings.md', () => {
    expect(readFileSync(join(ROOT, 'docs/findings.md'), 'utf8')).toBe(findingReference());
  });

  test('every finding of the catalogue is found by code, and a test produces it', () => {
    const code = sourcesIn('domain/findings', 'catalogue');
    const tests = sourcesIn('test/domain/findings', 'recorded');
    const isFound = (name: string) =>
      code.some((text) => text.includes(`'${name}'`)) && tests.some((text) => new RegExp(`\\b${name}\\b`).test(text));

    expect(names.filter((name) => !isFound(name))).toEqual([]);
  });

  test('no finding has two entries', () => {
    expect(names.filter((name, index) => names.indexOf(name) < index)).toEqual([]);
  });
});
