import { failure, type Program } from './program';

/** ps -eo etimes=,args= */
export const ps: Program = ({ arguments: given, controller }) => {
  const [flag, format, ...more] = given;
  if (flag !== '-eo' || format !== 'etimes=,args=' || more.length > 0) {
    return failure('error: unsupported option (BSD syntax)\n\nUsage:\n ps [options]');
  }
  // Ages are counted from the boot: they know nothing of a clock that is set.
  const now = controller.clock.now();
  const lines = controller.processes.map(
    ({ startedAt, args }) => `${String(Math.floor((now - startedAt) / 1000)).padStart(7)} ${args}\n`,
  );
  return { exit: 0, stdout: lines.join('') };
};
