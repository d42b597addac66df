import type { Node } from '../commands/node';
import { magnumProcesses } from '../commands/magnum-processes';
import { listProcesses } from '../commands/whose-processes';
import { isOpenToAll, isReadable, parseAccess, wantedAccess } from '../controller/access';
import { stagingProblem } from '../controller/stage';
import type { Finding } from './finding';

/** Whether files can be staged on a controller, and who can read magnum.conf there. */
export async function checkFiles(node: Node): Promise<Finding[]> {
  const { name, commands, attempt } = node;
  const { path } = commands.files.magnumConf;
  const [kept, mounts, type, access, directory, list] = await Promise.all([
    attempt(commands.keptAccess),
    attempt(commands.mountPoints),
    attempt(commands.magnumConfType),
    attempt(commands.files.magnumConf.access),
    attempt(commands.magnumDirectoryAccess),
    listProcesses(node).catch(() => undefined),
  ]);
  const problem = stagingProblem(
    kept.exitCode === 0 ? kept.stdout : undefined,
    mounts.exitCode === 0 ? mounts.stdout : '',
  );
  const staging: Finding[] = problem
    ? [{ name: 'StagingUnsafe', severity: 'error', evidence: `${problem.evidence} on ${name}`, remedy: problem.remedy }]
    : [];
  // Where there is none, Magnum is not installed.
  if (access.exitCode !== 0 || directory.exitCode !== 0) return staging;
  if (type.stdout.trim() === 'symbolic link') {
    const evidence = `${path} on ${name} is a link`;
    const remedy = 'Put the file itself there, and find out who made the link: it is not followed.';
    return [...staging, { name: 'ManagedFileIsLink', severity: 'error', evidence, remedy }];
  }
  const found = parseAccess(access.stdout);
  const users = (['magnum-api', 'magnum-conductor'] as const).flatMap((program) =>
    list ? magnumProcesses(list, program).users : [],
  );
  const wanted = wantedAccess(found, parseAccess(directory.stdout), users);
  const evidence = `${path} on ${name} is ${access.stdout.trim()} (numbers of owner and group, and the mode)`;
  return [
    ...staging,
    ...(isOpenToAll(found)
      ? [
          {
            name: 'SecretsReadable',
            severity: 'warning',
            evidence: `Everybody can read it: ${evidence}`,
            remedy: 'Apply: it closes the file. Change the passwords in it if somebody may have read them.',
          } as const,
        ]
      : []),
    ...(isReadable(wanted, users)
      ? []
      : [
          {
            name: 'MagnumConfUnreadable',
            severity: 'error',
            evidence: `Magnum cannot read it: ${evidence}`,
            remedy: `chgrp it to the group as which Magnum runs, and chmod 0640; or chgrp its directory, then apply.`,
          } as const,
        ]),
  ];
}
