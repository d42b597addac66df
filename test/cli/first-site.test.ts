import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Local, startLocal } from '../../local/deploy';
import { document } from '../workflow/local';
import { magnumHa, serve } from './cli';

// What README says of the first site, command by command, against the emulator by AWS's own clients.

const ROOT = join(__dirname, '../..');
let local: Local;
let unserve: () => void;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'magnum-ha-first-'));
  local = await startLocal(document('golden'));
  unserve = await serve(local);
});
afterAll(async () => {
  unserve();
  await local.close();
  rmSync(folder, { recursive: true });
});

/** The commands in README's section, in words. */
function commands(): string[][] {
  const [, section = ''] = readFileSync(join(ROOT, 'README.md'), 'utf8').split('\n### Your first site\n');
  const [, block = ''] = section.split('```\n');
  return block
    .trim()
    .split('\n')
    .map((line) => line.replace(/ *#.*$/, '').split(' '));
}

/** The files that whoever reads README has: the document of a site that nobody has put, the key, and passwords. */
function prepare(): void {
  const { bastion } = local.site.document;
  const shipped = readFileSync(join(ROOT, 'sites/golden.json'), 'utf8').replaceAll('golden', 'my-cloud');
  const mine = JSON.parse(shipped, (name, value: unknown) => (name === 'hostKey' ? undefined : value)) as object;
  writeFileSync(
    join(folder, 'my-cloud.json'),
    JSON.stringify({ ...mine, bastion: { ...bastion, hostKey: undefined } }, null, 2),
  );
  for (const [name, { value }] of local.deployment.parameters) {
    const [, , secret = ''] = name.split('/').slice(1);
    if (secret === '') continue;
    writeFileSync(join(folder, secret === 'ssh-private-key' ? 'id_ed25519' : secret), value);
  }
}

test('each command does what it says, in the order in which they stand there', async () => {
  prepare();
  const mine = (word: string) =>
    word === 'sites/my-cloud.json'
      ? join(folder, 'my-cloud.json')
      : /^(id_ed25519|\w+-password)$/.test(word)
        ? join(folder, word)
        : word;
  let execution = '';
  const printed: string[] = [];

  for (const [, , ...words] of commands()) {
    const args = words.map((word) => (word === 'EXECUTION' ? execution : mine(word)));
    const { code, out, err } = await magnumHa(args);

    expect({ words, code, err }).toEqual({ words, code: words[0] === 'follow' ? 2 : 0, err: '' });
    execution = /execution:[\w-]+:([\w-]+)/.exec(out)?.[1] ?? execution;
    printed.push(out);
  }

  expect(printed).toHaveLength(13);
  expect(printed.at(-1)).toContain('my-cloud, check: drift. Drift, and nothing was touched: ');
  expect(printed.at(-1)).toContain('To mend it: magnum-ha start my-cloud --mode apply');
  // The deployed bundle has told CloudWatch.
  expect(local.deployment.metrics.filter(({ name }) => name === 'Checks')).toContainEqual(
    expect.objectContaining({ value: 1, dimensions: { Site: 'my-cloud' } }),
  );
});
