import { checkControllers } from '../../../domain/findings/controllers';
import type { Command } from '../../../domain/ssh/command';
import { fakeConnection, type Reply } from '../fakes';
import { site } from '../sites';

const golden = site('golden');
const NO_PACKAGE: Reply = {
  exitCode: 1,
  stderr: 'Exception: Versioning for this project requires either an sdist …\n',
};

/** What is found of Magnum where node-2 answers so, and which programs of Magnum's it was asked. */
async function found(change: { script?: Reply; fromPackage?: Reply; program?: Reply }) {
  const answer = (controller: string, { argv }: Command): Reply => {
    const its = { script: '#!/usr/bin/python3\n', fromPackage: '5.0.1\n', program: '5.0.1\n' };
    const { script, fromPackage, program } = controller === 'node-2' ? { ...its, ...change } : its;
    if (argv[0] === 'head') return script;
    if (argv.at(-1)?.includes('VersionInfo')) return fromPackage;
    return argv[0] === 'magnum-conductor' ? program : undefined;
  };
  const { connection, ran } = await fakeConnection(golden, { answer });
  const { findings } = await checkControllers(connection, false);
  return {
    magnum: findings.flatMap(({ name, evidence }) =>
      /^Magnum(Not|Versions)/.test(name) ? [`${name}: ${evidence}`] : [],
    ),
    asked: ran.flatMap((line) => /^(\S+): magnum-conductor /.exec(line)?.[1] ?? []),
  };
}

it("takes the version from Magnum's package, which needs none of Magnum loaded", async () => {
  expect(await found({})).toEqual({ magnum: [], asked: [] });
});

it.each([
  ['this Python has no package of Magnum', { fromPackage: NO_PACKAGE, program: '15.0.1\n' }],
  ['the program is not where packages put it', { script: { exitCode: 1 }, program: '15.0.1\n' }],
] satisfies [string, Parameters<typeof found>[0]][])('asks the program itself if %s', async (_, change) => {
  const { magnum, asked } = await found(change);

  expect(asked).toEqual(['node-2']);
  expect(magnum).toEqual(['MagnumVersionsDiffer: Magnum 5.0.1 and 15.0.1 is installed, release is pike']);
});

it('is not content with a package if there is no program', async () => {
  const { magnum } = await found({ script: { exitCode: 1 }, program: { exitCode: 127 } });

  expect(magnum).toEqual([
    'MagnumNotInstalled: magnum-conductor --version prints no version on node-2 (exit code 127)',
  ]);
});
