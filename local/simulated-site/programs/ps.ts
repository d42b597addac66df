import { PROCESSES } from '../../../domain/commands/detection';
import { failure, type Program } from './program';

/** ps with the options of the catalogue. */
export const ps: Program = ({ arguments: given, controller, who }) => {
  if (given.join(' ') !== PROCESSES.argv.slice(1).join(' ')) {
    return failure('error: unsupported option (BSD syntax)\n\nUsage:\n ps [options]');
  }
  // Ages are counted from the boot: they know nothing of a clock that is set.
  const now = controller.clock.now();
  const seen = controller.processes.filter(
    ({ user }) => !controller.hidesProcesses || who.user === 'root' || user >= 1000,
  );
  const lines = seen.map(({ pid, parent, user, startedAt, args }) => {
    const age = Math.floor((now - startedAt) / 1000);
    return [pid, parent, user, user, age].map((one) => String(one).padStart(7)).join('') + ` Ss   ${args}\n`;
  });
  return { exit: 0, stdout: lines.join('') };
};
