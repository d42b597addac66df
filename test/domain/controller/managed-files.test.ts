import { managedFiles } from '../../../domain/controller/managed-files';
import { allSecretNames } from '../../../domain/secrets/references';
import { fakeConnection, type Reply } from '../fakes';
import { site } from '../sites';

const golden = site('golden');
const secrets = Object.fromEntries(allSecretNames(golden).map((name) => [name, 'secret']));
const RULES = '*filter\n:INPUT DROP [0:0]\nCOMMIT\n';
const FRAGMENT = '/etc/haproxy/conf.d/180-magnum.cfg';

/** The managed files of a controller. @param read what cat and dd come to for a path */
async function filesOf(read: (path: string) => Reply) {
  const { node, connection } = await fakeConnection(
    golden,
    {
      answer: (_controller, { argv: [program, path = ''] }) => {
        if (program === 'stat') return '0:121 640\n';
        return program === 'cat' || program === 'dd' ? read(path.replace('if=', '')) : undefined;
      },
    },
    { secrets },
  );
  return managedFiles(node, connection.secrets);
}

const well = (path: string) => (path.endsWith('rules.v4') ? RULES : '[DEFAULT]\n');

test('a file with bytes that are no UTF-8 is refused by line, not rewritten with others in their place', async () => {
  const files = filesOf((path) =>
    path.endsWith('rules.v4') ? RULES : Buffer.from('[DEFAULT]\n# Gr\xfc\xdfe\n', 'latin1').toString(),
  );

  await expect(files).rejects.toMatchObject({ name: 'ManagedFileNotText' });
  await expect(files).rejects.toThrow(/^Line 2 of \/etc\/magnum\/magnum\.conf on node-1 of site golden/);
});

test('the fragment may be absent: everything of it is new', async () => {
  const { fragment } = await filesOf((path) =>
    path === FRAGMENT ? { exitCode: 1, stderr: `cat: ${path}: No such file or directory` } : well(path),
  );

  expect(fragment.found).toBeUndefined();
  expect(fragment.diff).not.toEqual([]);
});

test.each([
  ['a disk fails', { exitCode: 1, stderr: `cat: ${FRAGMENT}: Input/output error` }, 'Input/output error'],
  [
    'its directory cannot be entered',
    { exitCode: 1, stderr: `cat: ${FRAGMENT}: Permission denied` },
    'Permission denied',
  ],
  [
    'there is no program',
    { exitCode: 127, stderr: "timeout: failed to run command 'cat': No such file or directory" },
    'failed to run command',
  ],
])('a file that cannot be read because %s is not taken for one that is absent', async (_, outcome, why) => {
  const files = filesOf((path) => (path === FRAGMENT ? outcome : well(path)));

  await expect(files).rejects.toMatchObject({
    name: 'CommandFailed',
    message: expect.stringContaining(why) as string,
  });
});

test('a link is not followed where another user may make one', async () => {
  const files = filesOf((path) =>
    path.endsWith('magnum.conf')
      ? { exitCode: 1, stderr: `dd: failed to open '${path}': Too many levels of symbolic links` }
      : well(path),
  );

  await expect(files).rejects.toMatchObject({
    name: 'ManagedFileIsLink',
    message: expect.stringMatching(/^\/etc\/magnum\/magnum\.conf on node-1 of site golden is a link/) as string,
  });
});
