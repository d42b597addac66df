import { managedFiles } from '../../../domain/controller/managed-files';
import { Secrets } from '../../../domain/secrets/secrets';
import { allSecretNames } from '../../../domain/secrets/references';
import { node1, site } from '../sites';
import { fakeSession } from '../fake-session';

const golden = site('golden');
const secrets = new Secrets(new Map(allSecretNames(golden).map((name) => [name, 'secret'])));
const RULES = '*filter\n:INPUT DROP [0:0]\nCOMMIT\n';
const FRAGMENT = '/etc/haproxy/conf.d/180-magnum.cfg';

function filesOf(read: (path: string, time: number) => ReturnType<Parameters<typeof fakeSession>[0]['answer']>) {
  const times = new Map<string, number>();
  const { session } = fakeSession({
    answer: (_controller, [program, path = '']) => {
      times.set(path, (times.get(path) ?? 0) + 1);
      return program === 'cat' ? read(path, times.get(path) ?? 0) : undefined;
    },
  });
  return session.controller(node1(golden)).then((remote) => managedFiles(remote, node1(golden), golden, secrets));
}

test('a file that could be read only the second time is there', async () => {
  const { fragment } = await filesOf((path, time) => {
    if (path === FRAGMENT) return time === 1 ? { exitCode: 1, stderr: 'cat: Input/output error' } : 'listen x\n';
    return path.endsWith('rules.v4') ? RULES : '[DEFAULT]\n';
  });

  expect(fragment.found).toBe('listen x\n');
});

test('a file with bytes that are no UTF-8 is refused by line, not rewritten with others in their place', async () => {
  const files = filesOf((path) =>
    path.endsWith('rules.v4') ? RULES : Buffer.from('[DEFAULT]\n# Gr\xfc\xdfe\n', 'latin1').toString(),
  );

  await expect(files).rejects.toMatchObject({ name: 'ManagedFileNotText' });
  await expect(files).rejects.toThrow(/^Line 2 of \/etc\/magnum\/magnum\.conf on node-1 of site golden/);
});
