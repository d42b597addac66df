import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { LIMITS } from '../../domain/site/limits';
import { type VirtualLocal, startVirtual } from '../../local/deploy';
import { documentWith } from '../domain/site/documents';
import { document } from '../workflow/local';
import { magnumHa, serve } from './cli';

const golden = join(__dirname, '../../sites/golden.json');
let local: VirtualLocal;
let unserve: () => void;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'magnum-ha-site-'));
  local = await startVirtual(document('golden'));
  unserve = await serve(local);
});
afterAll(async () => {
  unserve();
  await local.close();
  rmSync(folder, { recursive: true });
});

const SECRETS = ['ssh-private-key', 'database-password', 'keystone-password', 'rabbit-password', 'trustee-password'];

/** A document of a site of its own, whose secrets are there. */
function siteFile(name: string, changes: object = {}, ending = 'json'): string {
  for (const secret of [...SECRETS, 'openstack-password']) {
    local.deployment.parameters.set(`/magnum-ha/${name}/${secret}`, { type: 'SecureString', value: 'hunter2-5f0c' });
  }
  const content = documentWith({ name, ...changes });
  const file = join(folder, `${name}.${ending}`);
  writeFileSync(file, ending === 'json' ? JSON.stringify(content, null, 2) : stringify(content));
  return file;
}
const list = async () => JSON.parse((await magnumHa(['site', 'list', '--json'])).out) as { site: string }[];

describe('put', () => {
  test('adds a site, of which executions know at once, without a deploy', async () => {
    const { code, out } = await magnumHa(['site', 'put', siteFile('added', {}, 'yaml')]);
    const check = local.deployment.start('magnum-ha', { input: { site: 'added', mode: 'check' } });
    const result = await local.clock.drive(check.result);

    expect(code).toBe(0);
    expect(out).toMatch(/^✓ added: added, version \S+\. Check it: magnum-ha start added --follow\n/);
    expect((await list()).map(({ site }) => site)).toEqual(['added', 'golden']);
    expect(result).toMatchObject({ status: 'SUCCEEDED', output: { site: 'added' } });
  });

  test('shows what changes, and of the same document nothing', async () => {
    await magnumHa(['site', 'put', siteFile('changing')]);
    const file = siteFile('changing', { haproxy: { deadManSeconds: 240 } }, 'yaml');

    const changed = await magnumHa(['site', 'put', file]);
    const again = JSON.parse((await magnumHa(['site', 'put', file, '--json'])).out) as [object];

    expect(changed.out).toMatch(/^✓ changing: changed, version /);
    expect(changed.out).toMatch(/\n {2}\+ {4}"deadManSeconds": 240,?\n/);
    expect(changed.out).not.toContain('10.21.22.4:11211');
    expect(again).toMatchObject([{ site: 'changing', outcome: 'unchanged', difference: [] }]);
  });

  test('refuses all if one is wrong, with its line', async () => {
    const wrong = siteFile('wrong', { virtualIp: '10.99.0.2' });

    const { code, err } = await magnumHa(['site', 'put', siteFile('right'), wrong]);

    expect(code).toBe(64);
    expect(err).toContain('- line 5, virtualIp: 10.99.0.2 is outside the management network');
    expect((await list()).map(({ site }) => site)).not.toContain('right');
  });

  test.each<[string, () => string, RegExp]>([
    [
      'a site whose secrets are missing',
      () => {
        const file = siteFile('poor');
        local.deployment.parameters.delete('/magnum-ha/poor/rabbit-password');
        return file;
      },
      /SecretMissing: There is no SSM parameter \/magnum-ha\/poor\/rabbit-password/,
    ],
    [
      'a document that is too long',
      () => {
        const file = siteFile('long', {}, 'yaml');
        writeFileSync(file, `${readFileSync(file, 'utf8')}# ${'x'.repeat(LIMITS.documentBytes)}\n`);
        return file;
      },
      /SiteDocumentTooLong: The document of site long has \d+ bytes, and 262144 are the most/,
    ],
    ['a host key that is missing', () => siteFile('keyless', { bastion: { hostKey: undefined } }), /bastion\.hostKey/],
  ])('refuses %s', async (_, make, told) => {
    const { code, err } = await magnumHa(['site', 'put', make()]);

    expect(code).toBe(64);
    expect(err).toMatch(told);
  });

  test('refuses to put over what somebody else has put meanwhile', async () => {
    const file = siteFile('contested');
    await magnumHa(['site', 'put', file]);
    const [bucket] = [...local.deployment.buckets].filter(({ name }) => name.startsWith('documents'));
    const own = bucket?.get.bind(bucket);
    const read = jest.spyOn(bucket as never, 'get' as never) as unknown as jest.SpyInstance;
    read.mockImplementationOnce((key: string) => {
      const found = own?.(key);
      bucket?.put(key, '{"name": "contested", "by": "another"}');
      return found;
    });

    const { code, err } = await magnumHa(['site', 'put', siteFile('contested', { haproxy: { deadManSeconds: 240 } })]);
    read.mockRestore();

    expect(code).toBe(64);
    expect(err).toContain('Somebody else has changed the document of site contested meanwhile.');
    expect(bucket?.get('sites/contested').body.toString()).toContain('another');
  });

  test('needs a stack, and says which it looked for', async () => {
    const { code, err } = await magnumHa(['site', 'put', golden, '--stack', 'eu']);

    expect(code).toBe(64);
    expect(err).toMatch(/\/eu\/golden\/|\/eu\/documents-bucket/);
  });
});

describe('versions', () => {
  test('get prints each as it was put; history has the newest first; what was removed can come back', async () => {
    const first = siteFile('kept');
    const text = readFileSync(first, 'utf8');
    await magnumHa(['site', 'put', first]);
    await magnumHa(['site', 'put', siteFile('kept', { haproxy: { deadManSeconds: 240 } })]);
    const removed = await magnumHa(['site', 'remove', 'kept']);
    const history = await magnumHa(['site', 'history', 'kept', '--json']);
    const versions = JSON.parse(history.out) as { version: string; bytes: number | null }[];

    const oldest = await magnumHa(['site', 'get', 'kept', '--version-id', versions.at(-1)?.version ?? '']);
    const newest = await magnumHa(['site', 'get', 'kept']);

    expect(removed.out).toContain(`kept: removed. To bring it back: magnum-ha site get kept --version-id`);
    expect(versions.map(({ bytes }) => bytes === null)).toEqual([true, false, false]);
    expect(oldest).toEqual({ code: 0, out: text, err: '' });
    expect(newest).toMatchObject({ code: 64, out: '' });
    expect(newest.err).toContain('There is no document of site kept.');
  });

  test('of a site whose name was mistyped, the near one is told', async () => {
    const ran = await Promise.all(['get', 'history', 'remove'].map((verb) => magnumHa(['site', verb, 'goldn'])));

    for (const { code, err } of ran) {
      expect(code).toBe(64);
      expect(err).toContain('There is no document of site goldn. Did you mean golden?');
    }
  });
});
