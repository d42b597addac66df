import { checkFiles } from '../../../domain/findings/files';
import { fakeConnection } from '../fakes';
import { site } from '../sites';

const WELL = {
  '%F %U:%G %a': 'directory root:root 700',
  '%m': '/\n/\n/\n/',
  '%F': 'regular file',
  '/etc/magnum/magnum.conf': '0:121 640',
  '/etc/magnum': '0:121 750',
};

/** What is found where stat prints this besides. */
async function found(printed: Partial<Record<keyof typeof WELL, string>>) {
  const { node } = await fakeConnection(site('golden'), {
    answer: (_controller, { argv: [program, , format = '', path = ''] }) => {
      if (program !== 'stat') return undefined;
      const answers: Readonly<Record<string, string>> = { ...WELL, ...printed };
      return answers[format] ?? answers[path] ?? { exitCode: 1, stderr: 'stat: No such file or directory' };
    },
  });
  return (await checkFiles(node)).map(({ name, severity }) => `${severity} ${name}`);
}

test('nothing is found where all is well', async () => {
  expect(await found({})).toEqual([]);
});

test.each<[string, Parameters<typeof found>[0], string]>([
  ['everybody can read magnum.conf', { '/etc/magnum/magnum.conf': '0:121 644' }, 'warning SecretsReadable'],
  [
    'Magnum cannot read it, and nobody can tell who should',
    { '/etc/magnum/magnum.conf': '0:0 600', '/etc/magnum': '0:0 755' },
    'error MagnumConfUnreadable',
  ],
  ['it is a link', { '%F': 'symbolic link' }, 'error ManagedFileIsLink'],
  ['others can enter where files are staged', { '%F %U:%G %a': 'directory root:root 755' }, 'error StagingUnsafe'],
  ['HAProxy has a file system of its own', { '%m': '/\n/\n/etc/haproxy\n/' }, 'error StagingUnsafe'],
])('%s', async (_, printed, finding) => {
  expect(await found(printed)).toEqual([finding]);
});

test('what an apply mends is no error', async () => {
  expect(await found({ '/etc/magnum/magnum.conf': '0:0 600' })).toEqual([]);
});
