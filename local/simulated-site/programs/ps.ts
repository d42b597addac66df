import { PROCESS_FORMAT } from '../../../domain/commands/process-list';
import { failure, type Program } from './program';

/** ps -eo etimes=,args=, and ps --cols 4096 -eo with the format of `parseProcesses` */
export const ps: Program = ({ arguments: given, controller }) => {
  const format = given.at(-1);
  const isKnown = ['-eo etimes=,args=', `--cols 4096 -eo ${PROCESS_FORMAT}`].includes(given.join(' '));
  if (!isKnown) return failure('error: unsupported option (BSD syntax)\n\nUsage:\n ps [options]');
  // Ages are counted from the boot: they know nothing of a clock that is set.
  const now = controller.clock.now();
  const lines = controller.processes.map(({ startedAt, args }, index) => {
    const age = Math.floor((now - startedAt) / 1000);
    const numbers = format === PROCESS_FORMAT ? [index + 1, index === 0 ? 0 : 1, 0, 0, age] : [age];
    return `${numbers.map((one) => String(one).padStart(7)).join('')} ${format === PROCESS_FORMAT ? 'Ss   ' : ''}${args}\n`;
  });
  return { exit: 0, stdout: lines.join('') };
};
