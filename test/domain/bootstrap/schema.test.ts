import { upgradeSchema } from '../../../domain/bootstrap/schema';
import { site } from '../sites';
import { remoteWith } from './remote';

const golden = site('golden');

/** Magnum's program on tables of a revision. */
function tables(revision: string, newest = '7da8489d6a68', lists: string[] = []) {
  let now = revision;
  const ran: string[] = [];
  const { remote } = remoteWith((_, { argv }) => {
    if (argv[0] === 'ps') return lists.shift() ?? '';
    ran.push(argv.at(-1) ?? '');
    if (argv.at(-1) === 'upgrade') now = newest;
    return `2026-01-01 INFO something\nCurrent DB revision is ${now}\n`;
  });
  return { remote, ran };
}

test.each([
  ['None', 'created', 'Now at revision 7da8489d6a68.'],
  ['2581ebaf0cb2', 'changed', 'Now at revision 7da8489d6a68.'],
  ['7da8489d6a68', 'unchanged', 'At revision 7da8489d6a68.'],
])('an apply at revision %s: %s', async (revision, action, detail) => {
  const { remote, ran } = tables(revision);

  const item = await upgradeSchema(remote, golden, 'apply');

  expect(item).toEqual({ name: 'schema of database magnum', action, detail });
  expect(ran).toEqual(['version', 'upgrade', 'version']);
});

test.each([
  ['None', 'missing'],
  ['2581ebaf0cb2', 'unchanged'],
])('a check at revision %s only looks: %s', async (revision, action) => {
  const { remote, ran } = tables(revision);

  const item = await upgradeSchema(remote, golden, 'check');

  expect([item.action, ran]).toEqual([action, ['version']]);
});

test('an apply waits for one that goes on though its connection was lost', async () => {
  const running = '   12 /usr/bin/python3 /usr/bin/magnum-db-manage --config-file /etc/magnum/magnum.conf upgrade\n';
  const lists = [running, running];
  const { remote, ran } = tables('None', '7da8489d6a68', lists);

  await upgradeSchema(remote, golden, 'apply');

  expect([lists, ran]).toEqual([[], ['version', 'upgrade', 'version']]);
});

test('a program that fails is told by its command, and not by what it prints', async () => {
  const { remote } = remoteWith((_, { argv }) =>
    argv[0] === 'ps' ? '' : { exitCode: 1, stderr: 'mysql+pymysql://magnum:s3cret@10.21.22.2/magnum' },
  );

  const failed = upgradeSchema(remote, golden, 'apply');

  await expect(failed).rejects.toMatchObject({ name: 'SchemaUpgradeFailed' });
  await expect(failed).rejects.toThrow(
    /`magnum-db-manage --config-file \/etc\/magnum\/magnum\.conf version` on node-1 of site golden exits with 1/,
  );
  await expect(failed).rejects.not.toThrow('s3cret');
});
