/**
 * What programs say when they fail, as far as that is the same on every host: strerror(3); pcs and pacemaker's tools;
 * iptables; sudo, timeout(1) and shells; systemd and init scripts; RabbitMQ and MySQL.
 */
const PHRASES = [
  ...['No space left on device', 'Read-only file system', 'Permission denied', 'Operation not permitted'],
  ...['No such file or directory', 'Not a directory', 'Is a directory', 'File exists', 'Directory not empty'],
  ...['Input/output error', 'Disk quota exceeded', 'Stale file handle', 'Text file busy', 'Too many open files'],
  ...['Cannot allocate memory', 'Resource temporarily unavailable', 'Invalid argument', 'Argument list too long'],
  ...['Connection refused', 'Connection timed out', 'No route to host', 'Structure needs cleaning', 'Broken pipe'],
  ...['unable to get cib', 'unable to update cib', 'Unable to push cib', 'unable to find a resource'],
  ...['cluster is not currently running on this node', 'cluster is not available on this node'],
  ...['Could not connect to the CIB', 'Transport endpoint is not connected', 'Timer expired', 'Update was older'],
  ...['No such device or address', 'Update does not conform to the configured schema'],
  ...['Another app is currently holding the xtables lock', 'Index of insertion too big', 'Index of deletion too big'],
  ...['does a matching rule exist in that chain', 'Bad rule', 'No chain/target/match by that name', 'you must be root'],
  ...['command not found', 'failed to run command', 'unrecognized service', 'not found', 'does not exist'],
  ...['failed because the control process exited', 'unrecognized option', 'invalid option', 'Unknown option'],
];

/**
 * Why a program failed, from what it printed: a phrase that is known, and nothing else of it. A program may quote anything,
 * a line of a file with passwords above all; and which texts are secret no task knows completely.
 *
 * @returns the phrase that stands first; undefined if there is none
 */
export function reasonIn(printed: string): string | undefined {
  const found = PHRASES.map((phrase) => ({ phrase, at: printed.indexOf(phrase) })).filter(({ at }) => at >= 0);
  return found.sort((one, other) => one.at - other.at || other.phrase.length - one.phrase.length)[0]?.phrase;
}

/** Where a program found something wrong, as far as it says: `[file:line]` of HAProxy, `line N` of iptables-restore. */
export function placesIn(printed: string): string[] {
  const found = printed.matchAll(/\[([\w./-]+:\d+)\]|\bline:? (\d+)\b/g);
  return [...new Set([...found].map(([, place, line]) => place ?? `line ${line ?? ''}`))].slice(0, 5);
}
