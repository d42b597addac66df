import { upgradeSchema } from '../../../domain/bootstrap/schema';
import { fakeConnection } from '../fakes';
import { processes } from '../processes';
import { site } from '../sites';

const golden = site('golden');
const RUNNING = processes([
  '12 /usr/bin/python3 /usr/bin/magnum-db-manage --config-file /etc/magnum/magnum.conf upgrade',
]);

/** Magnum's program on tables of a revision. @param lists what ps prints, time by time; nothing in the end */
async function tables(revision: string, lists: string[] = []) {
  let now = revision;
  const ran: string[] = [];
  const { node, clock } = await fakeConnection(golden, {
    answer: (_, { argv }) => {
      if (argv[0] === 'ps') return lists.shift() ?? processes([]);
      ran.push(argv.at(-1) ?? '');
      if (argv.at(-1) === 'upgrade') now = '7da8489d6a68';
      return `2026-01-01 INFO something\nCurrent DB revision is ${now}\n`;
    },
  });
  return { node, clock, ran, began: clock.now() };
}

test.each([
  ['None', 'created', 'Now at revision 7da8489d6a68.'],
  ['2581ebaf0cb2', 'changed', 'Now at revision 7da8489d6a68.'],
  ['7da8489d6a68', 'unchanged', 'At revision 7da8489d6a68.'],
])('an apply at revision %s: %s', async (revision, action, detail) => {
  const { node, ran } = await tables(revision);

  const item = await upgradeSchema(node, 'apply');

  expect(item).toEqual({ name: 'schema of database magnum', action, detail });
  expect(ran).toEqual(['version', 'upgrade', 'version']);
});

test.each([
  ['None', 'missing'],
  ['2581ebaf0cb2', 'unchanged'],
])('a check at revision %s only looks: %s', async (revision, action) => {
  const { node, ran } = await tables(revision);

  const item = await upgradeSchema(node, 'check');

  expect([item.action, ran]).toEqual([action, ['version']]);
});

test('an apply waits for one that goes on though its connection was lost', async () => {
  const lists = [RUNNING, RUNNING];
  const { node, clock, ran, began } = await tables('None', lists);

  await clock.drive(upgradeSchema(node, 'apply'));

  expect([lists, ran]).toEqual([[], ['version', 'upgrade', 'version']]);
  expect(clock.now() - began).toBe(1000);
});

test('but not for ever: one that does not end is told, and nothing is begun', async () => {
  const lists = Array.from({ length: 1000 }, () => RUNNING);
  const { node, clock, ran, began } = await tables('None', lists);

  const failed = clock.drive(upgradeSchema(node, 'apply'));

  await expect(failed).rejects.toMatchObject({
    name: 'SchemaUpgradeFailed',
    message: expect.stringMatching(/On node-1 of site golden another magnum-db-manage runs/) as string,
  });
  expect(ran).toEqual([]);
  // Longer than timeout(1) lets one run.
  expect(clock.now() - began).toBeGreaterThan(152_000);
});

test('a program that fails is told by its command, and not by what it prints', async () => {
  const { node } = await fakeConnection(golden, {
    answer: (_, { argv }) =>
      argv[0] === 'ps' ? processes([]) : { exitCode: 1, stderr: 'mysql+pymysql://magnum:s3cret@10.21.22.2/magnum' },
  });

  const failed = upgradeSchema(node, 'apply');

  await expect(failed).rejects.toMatchObject({ name: 'SchemaUpgradeFailed' });
  await expect(failed).rejects.toThrow(
    /`chroot --userspec=magnum:magnum --groups=magnum \/ magnum-db-manage --config-file \/etc\/magnum\/magnum\.conf version` on node-1 of site golden exits with 1/,
  );
  await expect(failed).rejects.not.toThrow('s3cret');
});
