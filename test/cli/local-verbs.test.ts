import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { startLocal } from '../../local/deploy';
import { documentWith } from '../domain/site/documents';
import { document } from '../workflow/local';
import { magnumHa } from './cli';

const ROOT = join(__dirname, '../..');
const golden = join(ROOT, 'sites/golden.json');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'magnum-ha-cli-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const fileWith = (name: string, text: string) => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};

describe('the command line', () => {
  test('runs as a bin of the package, from any folder', () => {
    const { stdout, status } = spawnSync(process.execPath, [join(ROOT, 'bin/magnum-ha.mjs'), '--version'], {
      cwd: folder,
      encoding: 'utf8',
    });

    expect([status, stdout]).toEqual([0, '0.1.0\n']);
  });

  test('the help of every verb has an example and fits 80 columns, and the exit codes are documented', async () => {
    const verbsIn = (help: string) =>
      [...(/^Commands:\n((?: {2}.*\n)+)/m.exec(help)?.[1]?.matchAll(/^ {2}([a-z-]+) /gm) ?? [])]
        .map(([, verb = '']) => verb)
        .filter((verb) => verb !== 'help');
    const helpOf = async (...words: string[]) => ({ words, out: (await magnumHa([...words, '--help'])).out });
    const { out, code } = await magnumHa(['--help']);
    const verbs = verbsIn(out);
    const each = await Promise.all(verbs.map((verb) => helpOf(verb)));
    const nested = await Promise.all(
      each.flatMap(({ words, out: help }) => verbsIn(help).map((verb) => helpOf(...words, verb))),
    );
    const all = [...each, ...nested];
    const helps = all.map(({ out: help }) => help);

    expect(code).toBe(0);
    expect(verbs).toEqual(
      expect.arrayContaining(['rehearse', 'validate', 'scan-keys', 'secrets', 'start', 'follow', 'list']),
    );
    expect(
      [out, ...helps]
        .join('\n')
        .split('\n')
        .filter((line) => line.length > 80),
    ).toEqual([]);
    expect(out).toMatch(/64 {2}wrong use/);
    expect(nested.map(({ words }) => words.join(' '))).toEqual(expect.arrayContaining(['site put', 'secrets check']));
    const bare = all.filter(
      ({ words, out: help }) => verbsIn(help).length === 0 && !/^Examples?:$/m.test(help) && words.length > 0,
    );
    expect(bare.map(({ words }) => words.join(' '))).toEqual([]);
  });

  test.each([
    [['reherse'], 'Did you mean rehearse?'],
    [['rehearse', '--sit', 'x'], 'Did you mean --site?'],
    [['rehearse', golden], `Did you mean --site ${golden}?`],
    [['rehearse', '--site', 'nowhere.json'], 'The site document cannot be read'],
    [['rehearse', '--history', '/nowhere/at/all'], '/nowhere/at/all cannot be written'],
    [['sudoers'], "required option '--site <file>'"],
    [[], 'Usage: magnum-ha'],
  ])('%j is refused, with what was meant', async (args, told) => {
    const { code, err } = await magnumHa(args);

    expect(code).toBe(64);
    expect(err).toContain(told);
  });
});

describe('validate', () => {
  test('says that a document is well, and whose it is', async () => {
    const { code, out } = await magnumHa(['validate', golden]);

    expect([code, out]).toEqual([0, `✓ ${golden}: site golden\n`]);
  });

  test('names every mistake of a YAML document with its line', async () => {
    const file = fileWith(
      'own.yaml',
      stringify(documentWith({ controllers: { 2: { address: '10.21.22.6' } }, rack: 1 })),
    );

    const { code, out } = await magnumHa(['validate', file, golden]);

    expect(code).toBe(64);
    expect(out).toMatch(/✗ Site .*own\.yaml: its document is refused/);
    expect(out).toMatch(/- line \d+, node-3: same address as node-1 \[DuplicateAddress\]/);
    expect(out).toContain('✓ ');
  });

  test('as JSON has path and line', async () => {
    const file = fileWith('own.json', JSON.stringify(documentWith({ bastion: { port: '2222' } }), null, 2));

    const { out } = await magnumHa(['validate', '--json', file]);

    expect(JSON.parse(out)).toMatchObject([{ problems: [{ path: 'bastion.port', line: 11, name: 'BadPort' }] }]);
  });
});

describe('sudoers', () => {
  test('prints the file of a site whose user is not root', async () => {
    const file = fileWith('sudo.json', JSON.stringify(documentWith({ ssh: { user: 'ops', sudo: true } })));

    const { code, out } = await magnumHa(['sudoers', '--site', file]);

    expect(code).toBe(0);
    expect(out).toMatch(/NOPASSWD/);
  });

  test('says that root needs none', async () => {
    const { code, err } = await magnumHa(['sudoers', '--site', golden]);

    expect(code).toBe(64);
    expect(err).toContain('user root needs no sudoers file');
  });
});

test('errors, findings and schema print what the pages of docs are made of', async () => {
  const errors = await magnumHa(['errors']);
  const findings = await magnumHa(['findings']);
  const json = await magnumHa(['errors', '--json']);
  const schema = await magnumHa(['schema']);

  expect(errors.out).toBe(readFileSync(join(ROOT, 'docs/errors.md'), 'utf8'));
  expect(findings.out).toBe(readFileSync(join(ROOT, 'docs/findings.md'), 'utf8'));
  expect(JSON.parse(json.out)).toHaveProperty(['Command line and CDK app', 'UsageError', 'remedy']);
  expect(JSON.parse(schema.out)).toHaveProperty('properties.virtualIp');
});

describe('scan-keys', () => {
  test('gets the keys of a site through its bastion, and puts the missing ones into the document', async () => {
    const local = await startLocal(document('golden'));
    try {
      const site = local.site.document;
      const identity = fileWith('identity', local.deployment.parameters.get(site.ssh.privateKey.ssm)?.value ?? '');
      const [first, ...others] = site.controllers.map((one) => ({ ...one, hostKey: undefined }));
      const unpinned = { ...site, bastion: { ...site.bastion, hostKey: '' }, controllers: [first, ...others] };
      const text = stringify(JSON.parse(JSON.stringify(unpinned))).replace('controllers:', '# ours\ncontrollers:');
      const file = fileWith('unpinned.yaml', text);

      const shown = await magnumHa(['scan-keys', file, '--identity', identity]);
      const untouched = readFileSync(file, 'utf8');
      const written = await magnumHa(['scan-keys', file, '--identity', identity, '--write']);
      const again = await magnumHa(['scan-keys', file, '--identity', identity, '--json']);

      expect([shown.code, written.code, again.code]).toEqual([0, 0, 0]);
      expect(shown.out).toMatch(/^new {6}bastion SHA256:\S{43}\nnew {6}node-1 SHA256:/);
      expect(untouched).toBe(text);
      expect(readFileSync(file, 'utf8')).toContain('# ours\ncontrollers:');
      const keys = [site.bastion, ...site.controllers].map(({ hostKey }) => ({ hostKey, state: 'pinned' }));
      expect(JSON.parse(again.out)).toMatchObject(keys);
      expect((await magnumHa(['validate', file])).code).toBe(0);

      local.site.controllers.get('node-2')?.sshd.rotateHostKey();
      const changed = await magnumHa(['scan-keys', file, '--identity', identity, '--write']);
      const replaced = await magnumHa(['scan-keys', file, '--identity', identity, '--write', '--replace']);

      expect([changed.code, replaced.code]).toEqual([2, 0]);
      expect(changed.out).toMatch(/^changed {2}node-2 SHA256:/m);
      expect(readFileSync(file, 'utf8')).toContain(local.site.controllers.get('node-2')?.sshd.hostKey);
    } finally {
      await local.close();
    }
  });
});

describe('audit', () => {
  test.each([
    ['{', 'is not JSON'],
    ['{"event": []}', 'has no list "events"'],
  ])('refuses a file %j', async (text, told) => {
    const { code, err } = await magnumHa(['audit', fileWith('broken.json', text)]);

    expect(code).toBe(64);
    expect(err).toContain(told);
  });

  test('says that a file is not there, and does not ask AWS for it', async () => {
    const { code, err } = await magnumHa(['audit', 'nowhere/events.json']);

    expect(code).toBe(64);
    expect(err).toContain('The history cannot be read');
  });
});

describe('cost', () => {
  test('is told with its parts, as text and as JSON', async () => {
    const args = ['cost', '--sites', '1000', '--every', '1h', '--controllers', '3'];

    const text = await magnumHa(args);
    const json = await magnumHa([...args, '--json']);

    expect([text.code, json.code]).toEqual([0, 0]);
    expect(text.out).toMatch(
      /^\$\d+\.\d\d a month for 730000 checks that find all as wanted\n +\$\d+\.\d\d {2}logs, kept for three months\n/,
    );
    const { monthlyDollars, parts } = JSON.parse(json.out) as { monthlyDollars: number; parts: Record<string, number> };
    expect(Object.values(parts).reduce((sum, one) => sum + one, 0)).toBeCloseTo(monthlyDollars, 6);
    // What one AWX host costs that does the same.
    expect(monthlyDollars).toBeLessThan(130);
  });

  test.each([
    ['--every', 'hourly'],
    ['--sites', '0'],
  ])('%s %s is refused', async (...args) => {
    const { code, err } = await magnumHa(['cost', ...args]);

    expect(code).toBe(64);
    expect(err).toContain(args[0]);
  });
});

describe('rehearse', () => {
  test('runs apply, then check, and writes the record of the first, and the archive of both', async () => {
    const history = join(folder, 'history.json');

    const archive = join(folder, 'archive');

    const { code, out } = await magnumHa(['rehearse', '--plain', '--history', history, '--archive', archive]);

    expect(code).toBe(0);
    expect(out).toMatch(/done: \d+\.\d s as on AWS, \d+\.\d s here\n/);
    expect(out).toMatch(/golden, apply: changed[^]*golden, check: unchanged/);
    const record = JSON.parse(readFileSync(history, 'utf8')) as { execution: object; events: object[]; logs: string[] };
    expect(record.execution).toMatchObject({ status: 'SUCCEEDED' });
    expect(record.events.length).toBeGreaterThan(100);
    const html = join(folder, 'audit.html');
    const audited = await magnumHa(['audit', history, '--html', html, '--json']);
    expect(audited.code).toBe(0);
    expect(JSON.parse(audited.out)).toMatchObject({ site: 'golden', mode: 'apply', record: { missing: [] } });
    expect(readFileSync(html, 'utf8')).toMatch(/^<!doctype html>[^]*golden, apply: changed/);
    expect(record.logs.filter((line) => line.includes('cibadmin -D'))).toHaveLength(1);
    expect(out).toContain(`To verify them: magnum-ha verify ${archive}\n`);
    const [first = '', second = ''] = readdirSync(join(archive, 'records/golden')).sort();
    const whole = await magnumHa(['verify', archive, '--json']);
    expect(whole.code).toBe(0);
    expect(JSON.parse(whole.out)).toMatchObject({
      problems: [],
      sites: [{ site: 'golden', numbers: [1, 2], hasHead: true }],
    });
    const one = await magnumHa(['verify', join(archive, 'records/golden', first, 'record.json')]);
    expect(one.out).toMatch(/^golden: 1 record, number (1 to 1|2 to 2)\./);
    rmSync(join(archive, 'records/golden', second), { recursive: true });
    const less = await magnumHa(['verify', archive]);
    expect(less.code).toBe(1);
    expect(less.out).toContain(`missing records/golden/${second}/record.json\n  It was number `);
  });
});
