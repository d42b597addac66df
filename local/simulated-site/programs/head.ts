import { failure, type Program } from './program';

/** head -c 200 /usr/bin/magnum-conductor: the script that the package installs. */
export const head: Program = ({ arguments: given, controller }) => {
  const path = given[2] ?? '';
  if (given.join(' ') !== `-c 200 ${path}`) return failure("Try 'head --help' for more information.");
  if (path !== '/usr/bin/magnum-conductor' || controller.missing.has('magnum-conductor')) {
    return failure(`head: cannot open '${path}' for reading: No such file or directory`);
  }
  return { exit: 0, stdout: "#!/usr/bin/python3\n# PBR Generated from 'console_scripts'\n\nimport sys\n\n" };
};
