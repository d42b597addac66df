import type { Program } from './program';

/** sudo -n -l timeout -k SECONDS SECONDS PROGRAM ARGUMENT…: whether the user may run that as root; nothing is run. */
export const sudo: Program = ({ arguments: given, controller, who }) => {
  const [n, l, timeout, k, , , ...argv] = given;
  if (n !== '-n' || l !== '-l' || timeout !== 'timeout' || k !== '-k') return { exit: 1, stderr: 'usage: sudo -h\n' };
  if (who.user !== 'root' && !controller.sudoers(who.user, argv)) return { exit: 1 };
  return { exit: 0, stdout: `/usr/bin/${given.slice(2).join(' ')}\n` };
};
