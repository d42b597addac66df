import { posix } from 'node:path';
import { failure, type Invocation, type Outcome, type Program } from './program';

/**
 * find DIRECTORY… -maxdepth 1 ( -name GLOB -o … ), and find /proc -maxdepth 2 -path '/proc/[0-9]*\/exe' -lname GLOB -printf FORMAT
 */
export const find: Program = (invocation) => {
  const { arguments: given } = invocation;
  const first = given.findIndex((word) => word.startsWith('-'));
  const [paths, expression] = [given.slice(0, first), given.slice(first)];
  if (first < 1) return failure(`find: missing argument`);
  if (paths.join(' ') === '/proc') return programs(invocation, expression);
  const [depth, one, open, ...tests] = expression;
  const names = tests.slice(0, -1).flatMap((word, at, words) => (words[at - 1] === '-name' ? [globOf(word)] : []));
  const rest = tests.slice(0, -1).filter((word, at, words) => words[at - 1] !== '-name');
  const known = rest.every((word) => word === '-name' || word === '-o');
  if (depth !== '-maxdepth' || one !== '1' || open !== '(' || tests.at(-1) !== ')' || !known) {
    return failure(`find: unknown predicate \`${expression[0] ?? ''}'`);
  }
  const { files } = invocation.controller;
  const missing = paths.filter((path) => !files.exists(path));
  const found = paths
    .filter((path) => files.isDirectory(path))
    .flatMap((path) => files.list(path).map((name) => posix.join(path, name)))
    .filter((path) => names.some((name) => name.test(posix.basename(path))));
  return {
    exit: missing.length > 0 ? 1 : 0,
    stdout: found.map((path) => `${path}\n`).join(''),
    stderr: missing.map((path) => `find: '${path}': No such file or directory\n`).join(''),
  };
};

/** What the links /proc/PID/exe lead to; only root may read those of others. */
function programs({ controller, who }: Invocation, expression: readonly string[]): Outcome {
  const [depth, two, path, , lname, glob = '', printf, format = ''] = expression;
  if ([depth, two, path, lname, printf].join(' ') !== '-maxdepth 2 -path -lname -printf' || format !== '%h %l\\n') {
    return failure(`find: unknown predicate \`${expression[0] ?? ''}'`);
  }
  if (who.user !== 'root') return { exit: 0 };
  const wanted = globOf(glob);
  const lines = controller.processes.filter(({ program }) => wanted.test(program));
  return { exit: 0, stdout: lines.map(({ pid, program }) => `/proc/${pid} ${program}\n`).join('') };
}

function globOf(glob: string): RegExp {
  return new RegExp(`^${glob.replace(/[.+^${}()|\\]/g, '\\$&').replaceAll('*', '.*')}$`);
}
