import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { platformsIn } from '../../cli/platforms';
import { presumedPlatform } from '../../domain/commands/platform';
import { site } from '../domain/sites';

const golden = site('golden');
const platform = presumedPlatform(golden);
const controllers = golden.controllers.map(({ name }) => name);
const directory = mkdtempSync(join(tmpdir(), 'magnum-ha-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** What is read from a file with this. */
function read(content: unknown) {
  const file = join(directory, 'report.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return () => platformsIn(file, golden);
}

it('the platforms of a report, whatever else is in it', () => {
  expect(read({ site: 'golden', mode: 'check', platforms: [{ controllers, platform }] })()).toEqual([platform]);
});

it.each<[string, unknown, RegExp]>([
  ['what is no JSON', '{', /no report/],
  ['one without platforms', { site: 'golden' }, /no report with the platforms/],
  ["another site's", { site: 'other', platforms: [] }, /the report of site other/],
  ['one that misses a controller', { site: 'golden', platforms: [] }, /no platform of node-1, node-2, node-3/],
  [
    'what would become a line of its own',
    { site: 'golden', platforms: [{ controllers, platform: { ...platform, namespace: 'x\nALL ALL=(ALL) ALL' } }] },
    /no report with the platforms/,
  ],
])('refuses %s', (_, content, message) => {
  expect(read(content)).toThrow(message);
});
