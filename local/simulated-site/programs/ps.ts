import { INIT, numberOf, type SimulatedProcess } from '../processes';
import { failure, type Program } from './program';

/** ps [--cols NUMBER] -eo COLUMN=,…: as ps of procps 3.3 and 4 prints them. */
export const ps: Program = ({ arguments: given, controller, who }) => {
  const [cols, width, ...after] = given[0] === '--cols' ? given : ['', '', ...given];
  const [flag, format = '', ...more] = after;
  const columns = format.split(',').map((column) => COLUMNS[column.replace(/=$/, '')]);
  if (flag !== '-eo' || more.length > 0 || !format.endsWith('=') || columns.includes(undefined)) {
    return failure('error: unsupported option (BSD syntax)\n\nUsage:\n ps [options]');
  }
  // Ages are counted from the boot: they know nothing of a clock that is set.
  const now = controller.clock.now();
  // With hidepid /proc shows an ordinary user the processes that are its own.
  const visible = controller.processes.filter(
    ({ user }) => !controller.hidesProcesses || who.user === 'root' || user === who.user,
  );
  const lines = visible.map((process) => columns.map((column) => column?.(process, now)).join(' '));
  return { exit: 0, stdout: lines.map((line) => `${cols === '' ? line : line.slice(0, Number(width))}\n`).join('') };
};

const SPACES = Array.from({ length: 8 }, (_, length) => ' '.repeat(length));

/** As padStart, which takes several times as long: processes are listed all the time. */
function right(value: number, width: number): string {
  const text = `${value}`;
  return text.length < width ? `${SPACES[width - text.length]}${text}` : text;
}

const COLUMNS: Readonly<Record<string, (process: SimulatedProcess, now: number) => string>> = {
  pid: ({ pid }) => right(pid, 7),
  ppid: ({ parent }) => right(parent, 7),
  ruid: ({ user }) => right(numberOf(user), 5),
  euid: ({ user }) => right(numberOf(user), 5),
  user: ({ user }) => user.padEnd(8),
  etimes: ({ startedAt }, now) => right(Math.floor((now - startedAt) / 1000), 7),
  // The first process of a daemon leads its session.
  stat: ({ parent }) => (parent <= INIT ? 'Ss  ' : 'S   '),
  args: ({ args }) => args,
};
