import type { Site } from '../site/document';
import { limited } from '../ssh/command-line';
import { ANY_NUMBER, everyCommand } from './catalogue';
import { ANY_NODE } from './ban';
import { ANY_CYCLE, ANY_TIME } from './disable';
import { ANY_EXECUTION, EXECUTION_DIGITS } from './execution';
import { everyPlatform, type Platform } from './platform';

/** Where the distributions that Fuel installs, and those after them, have coreutils. */
const BIN = '/usr/bin';
/** The system's own directories first: whatever else is called `timeout` or `cat` is not run. */
const SECURE_PATH = '/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin';
const digits = (count: number) => '[0-9]'.repeat(count);
/** What is known only when a command is run, as patterns of which none matches anything but digits, hexadecimal ones for an execution, and each of one length. */
const PATTERNS = {
  // 1 to 9999.
  [ANY_NUMBER]: [0, 1, 2, 3].map((more) => `[1-9]${digits(more)}`),
  [ANY_CYCLE]: [digits(13)],
  // Corosync's numbers have 32 bits: 1 to 9999999999.
  [ANY_NODE]: Array.from({ length: 10 }, (_, more) => `[1-9]${digits(more)}`),
  // It cannot lead out of its directory.
  [ANY_EXECUTION]: ['[0-9a-f]'.repeat(EXECUTION_DIGITS)],
  [ANY_TIME]: [`${digits(4)}-${digits(2)}-${digits(2)} ${digits(2)}\\:${digits(2)}\\:${digits(2)}Z`],
};

/**
 * The sudoers file that lets the site's SSH user run the commands of the catalogue that need root, exactly as they arrive,
 * and no others: see sudoers(5) of sudo 1.8.10 or later.
 *
 * @param platforms of its controllers; before they are known, all that are supported, so that a check can find out
 */
export function sudoers(site: Site, platforms: readonly Platform[] = everyPlatform(site)): string {
  const { name, ssh } = site;
  // In quotes, because a user may be called ALL.
  const user = `"${ssh.user}"`;
  const commands = everyCommand(site, platforms)
    .filter(({ root }) => root)
    .flatMap((command) => patterns(limited(command)));
  return [
    `# magnum-ha, site ${name}: what its SSH user may run as root. Put this on every controller as /etc/sudoers.d/magnum-ha,`,
    '# owner root, mode 0440, and check it there: visudo -cf /etc/sudoers.d/magnum-ha',
    '# Made from the site document by `magnum-ha sudoers`: make it again after every change there.',
    '',
    '# There is no terminal. Output stays in English: LC_ALL is kept if it is harmless, as C is.',
    `Defaults:${user} !requiretty, env_check += "LC_ALL"`,
    `Defaults:${user} secure_path="${SECURE_PATH}"`,
    '# What goes through standard input and output are whole files, and passwords in them.',
    `Defaults:${user} !log_input, !log_output`,
    '',
    ...[...new Set(commands)].map((command) => `${user} ALL=(root) NOPASSWD: ${BIN}/${command}`),
    '',
  ].join('\n');
}

/** A command in the form of sudoers(5), which compares the arguments joined by blanks; several for those with a number. */
function patterns(words: readonly string[]): string[] {
  return Object.entries(PATTERNS).reduce(
    (lines, [any, all]) =>
      lines.flatMap((line) => (line.includes(any) ? all.map((one) => line.replaceAll(any, one)) : line)),
    [words.map(escape).join(' ')],
  );
}

/**
 * A word that stands for nothing but itself: `, : = # \` mean something in the file, `* ? [ ] \` in a pattern. A backslash
 * is both.
 */
function escape(word: string): string {
  return word.replaceAll('\\', String.raw`\\\\`).replace(/[,:=#*?[\]]/g, String.raw`\$&`);
}
