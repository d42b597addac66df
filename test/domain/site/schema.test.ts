import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../../..');
const COMMAND = 'npx tsx bin/magnum-ha.ts schema > docs/site.schema.json';

interface Schema {
  readonly description?: string;
  readonly properties?: Record<string, Schema>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
}

const committed = readFileSync(join(ROOT, 'docs/site.schema.json'), 'utf8');

test('docs/site.schema.json is up to date', () => {
  const arguments_ = ['--import', 'tsx', 'bin/magnum-ha.ts', 'schema'];

  const printed = execFileSync(process.execPath, arguments_, { cwd: ROOT, encoding: 'utf8' });

  // Where this fails, regenerate it with the command.
  expect({ COMMAND, upToDate: committed === printed }).toEqual({ COMMAND, upToDate: true });
}, 30_000);

test('every field has a description', () => {
  const fields = [...fieldsOf(JSON.parse(committed) as Schema, '')];

  expect(fields.length).toBeGreaterThan(80);
  expect(fields.filter(({ description }) => !/\S.*\.\)?$/.test(description)).map(({ path }) => path)).toEqual([]);
});

function* fieldsOf(schema: Schema, path: string): Generator<{ path: string; description: string }> {
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    yield { path: `${path}.${name}`, description: field.description ?? '' };
    yield* fieldsOf(field, `${path}.${name}`);
  }
  const { items, additionalProperties, anyOf = [] } = schema;
  const within = [items, ...anyOf, ...(typeof additionalProperties === 'object' ? [additionalProperties] : [])];
  for (const one of within) if (one) yield* fieldsOf(one, `${path}[]`);
}
