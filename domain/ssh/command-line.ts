import type { Command } from './command';

/** Seconds between timeout(1)'s SIGTERM and its SIGKILL. */
const KILL_AFTER_SECONDS = 2;

/** How a command arrives on the controller, after sudo: timeout(1) kills it there when its time is over. */
export function limited({ argv, timeoutSeconds }: Command): readonly string[] {
  return ['timeout', '-k', String(KILL_AFTER_SECONDS), String(timeoutSeconds), ...argv];
}

/**
 * The line a controller's shell runs for a command: in the C locale, as root through sudo if asked for, and killed by
 * timeout(1) so that nothing goes on there after the workflow gave up.
 */
export function commandLine(command: Command, sudo: boolean): string {
  const words = [...(sudo && command.root ? ['sudo', '-n'] : []), ...limited(command)];
  return `LC_ALL=C ${words.map(quote).join(' ')}`;
}

/** Seconds that sudo may take before it runs timeout(1): it looks its own host up, where no name server may answer. */
const SUDO_SECONDS = 30;

/** Milliseconds after which the client stops waiting for a command that timeout(1) should have ended by then. */
export function patience({ root, timeoutSeconds }: Command): number {
  return (timeoutSeconds + KILL_AFTER_SECONDS + 2 + (root ? SUDO_SECONDS : 0)) * 1000;
}

/** Quotes a word for a POSIX shell: the only place where arguments meet a shell. */
export function quote(word: string): string {
  return /^[A-Za-z0-9_/.:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
