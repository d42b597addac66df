import { ROOT } from '../filesystem';
import { cibadmin } from './cibadmin';
import { failure, type Invocation, type Program } from './program';

/**
 * What a shell is given here: a number is written into a file; after some seconds, in a process of its own, commands of cibadmin
 * are run again and again until all succeed, for as long as the file holds that number.
 */
const TIMER =
  /^echo "\$1" > (?<file>\S+); \(sleep (?<seconds>\d+); while test "\$\(cat \k<file>\)" = "\$1"; do (?<commands>cibadmin .*) && rm -f \k<file>; sleep (?<again>\d+); done\) < \/dev\/null > \/dev\/null 2>&1 &$/;

/** setsid sh -c SCRIPT NAME NUMBER, of scripts that are timers; what that does is POSIX. */
export const setsid: Program = (invocation) => {
  const [shell, option, script = '', , number = ''] = invocation.arguments;
  const { file = '', seconds, commands = '', again } = TIMER.exec(script)?.groups ?? {};
  if (shell !== 'sh' || option !== '-c' || seconds === undefined) {
    return failure(`setsid: failed to execute ${shell ?? ''}: No such file or directory`, 127);
  }
  const { controller, who } = invocation;
  if (who.user !== 'root') return failure(`sh: 1: cannot create ${file}: Permission denied`, 2);
  controller.files.seed(file, `${number}\n`, 0o644);
  const isArmed = () => controller.files.files.get(file)?.content === `${number}\n`;
  const fire = async (): Promise<void> => {
    while (isArmed()) {
      if (await allDone(invocation, commands)) controller.files.files.delete(file);
      await controller.clock.sleep(Number(again) * 1000);
    }
  };
  // Its process ends with the controller's power.
  controller.clock.after(Number(seconds) * 1000, () => void fire().catch(() => undefined));
  return { exit: 0, changed: true };
};

/** Runs commands of cibadmin that `&&` joins. @returns whether all succeeded */
async function allDone(invocation: Invocation, commands: string): Promise<boolean> {
  for (const command of commands.split(' && ')) {
    const { exit } = await cibadmin(detached(invocation, command.replace('cibadmin ', '')));
    if (exit !== 0) return false;
  }
  return true;
}

/** The same, not by anybody's connection. */
function detached(invocation: Invocation, words: string): Invocation {
  const split = [...words.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
  return {
    ...invocation,
    arguments: split,
    who: ROOT,
    isKilled: () => false,
    sleep: (milliseconds) => invocation.controller.clock.sleep(milliseconds),
    stdin: () => Promise.resolve(''),
  };
}
