import { posix } from 'node:path';
import { failure, type Program } from './program';

/**
 * find DIRECTORY… -maxdepth 1 ( -name NAME -o … ): the programs and services of the controller. And find /proc …, of which
 * only the wanted answer is known: the processes that run a program called haproxy, for root.
 */
export const find: Program = ({ arguments: given, controller, who }) => {
  if (given[0] === '/proc') {
    const running = controller.processes.filter(({ program }) => posix.basename(program ?? '').startsWith('haproxy'));
    const lines = running.map(({ pid, program }) => `/proc/${pid} ${program ?? ''}\n`);
    return { exit: 0, stdout: who.user === 'root' ? lines.join('') : '' };
  }
  const start = given.indexOf('-maxdepth');
  if (start < 1 || given[start + 1] !== '1' || given[start + 2] !== '(' || given.at(-1) !== ')') {
    return failure('find: paths must precede expression');
  }
  const directories = given.slice(0, start);
  const names = given.slice(start + 3, -1).filter((word) => word !== '-name' && word !== '-o');
  const isWanted = (path: string) =>
    directories.includes(posix.dirname(path)) && names.some((name) => matches(posix.basename(path), name));
  const missing = directories.filter((directory) => !controller.directories.has(directory));
  return {
    exit: missing.length > 0 ? 1 : 0,
    stdout: controller.installed
      .filter(isWanted)
      .map((path) => `${path}\n`)
      .join(''),
    stderr: missing.map((directory) => `find: '${directory}': No such file or directory\n`).join(''),
  };
};

function matches(name: string, glob: string): boolean {
  const [start = '', ...others] = glob.split('*');
  return new RegExp(`^${[start, ...others].map((part) => part.replace(/[.+]/g, String.raw`\$&`)).join('.*')}$`).test(
    name,
  );
}
