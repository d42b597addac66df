import { basename } from 'node:path';
import { MagnumHaError } from '../errors';

/**
 * What `ps -eo` is asked for. Numbers come first and the command line last, because any user chooses its own: user names may
 * hold blanks where directories of companies are joined. Since procps 3.3 (Ubuntu 14.04, RHEL 7); not in busybox.
 */
export const PROCESS_FORMAT = 'pid=,ppid=,ruid=,euid=,etimes=,stat=,args=';

/**
 * `find` with these arguments, as root, prints which processes run a program called haproxy: `/proc/PID /path/to/it`. Unlike
 * a command line, that cannot be forged. It takes about 0.1 s with 200 processes, and exits with 1 if one ends meanwhile.
 */
export const HAPROXY_PROGRAMS = [
  ...['/proc', '-maxdepth', '2', '-path', '/proc/[0-9]*/exe'],
  ...['-lname', '*/haproxy*', '-printf', String.raw`%h %l\n`],
] as const;

/** The SSH user sees only its own processes: /proc is mounted with hidepid. */
export class ProcessesHidden extends MagnumHaError {
  override readonly name = 'ProcessesHidden';
}

/** A process, as ps prints it. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  /** Numbers of its real and its effective user. */
  readonly realUser: number;
  readonly user: number;
  /** Seconds since it started. It counts from the boot, so that a clock that is set changes nothing. */
  readonly age: number;
  /** Its command line, in words. Whoever started it chose them. */
  readonly words: readonly string[];
  /** The name of the program that this begins with. */
  readonly program: string;
}

/** The processes of a controller, without those that are dead and only not yet reaped. */
export interface ProcessList {
  readonly all: readonly Process[];
  readonly byPid: ReadonlyMap<number, Process>;
}

/**
 * Reads the output of `ps -eo` with `PROCESS_FORMAT`.
 *
 * @throws ProcessesHidden if the first process of all is not among them
 */
export function parseProcesses(ps: string, where: string): ProcessList {
  const all = ps.split('\n').flatMap((line) => {
    const fields = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\S+)(?:\s(.*))?$/.exec(line);
    if (!fields || fields[6]?.startsWith('Z')) return [];
    const [pid = 0, parent = 0, realUser = 0, user = 0, age = 0] = fields.slice(1, 6).map(Number);
    const words = fields[7]?.trim().split(/\s+/) ?? [];
    return [{ pid, parent, realUser, user, age, words, program: programOf(words) }];
  });
  const byPid = new Map(all.map((one) => [one.pid, one]));
  if (!byPid.has(1)) {
    throw new ProcessesHidden(
      `On the ${where} the SSH user does not see the processes of other users: /proc is mounted with hidepid. Add its user to ` +
        `the group that /proc/mounts names (gid=), or let it run ps as root.`,
    );
  }
  return { all, byPid };
}

/** No service is nested deeper. The bound keeps a chain of processes that an ordinary user starts from costing much. */
const DEEPEST = 64;

/** The processes above one, the nearest first. */
export function above({ byPid }: ProcessList, { parent }: Process): Process[] {
  const found = new Set<Process>();
  for (let one = byPid.get(parent); one && !found.has(one) && found.size < DEEPEST; one = byPid.get(one.parent)) {
    found.add(one);
  }
  return [...found];
}

/** Numbers below this are those of services, and so is `nobody`, as which HAProxy may run. */
const FIRST_ORDINARY_USER = 1000;
const NOBODY = 65_534;

/**
 * Whether a process is a service's: it belongs to root or to a system account. An ordinary user can start a set-user-ID
 * program under any name, but its real user is then still the ordinary one.
 *
 * @param accounts numbers of further users that services have on this site
 */
export function isService({ realUser, user }: Process, accounts: ReadonlySet<number> = new Set()): boolean {
  return realUser === user && (user < FIRST_ORDINARY_USER || user === NOBODY || accounts.has(user));
}

/** Whether it runs in a container, whose programs, files and listeners are not the controller's. */
export function isContained(list: ProcessList, process: Process): boolean {
  return above(list, process).some(({ program }) => CONTAINERS.test(program));
}

const CONTAINERS = /^(docker-)?containerd-shim|^conmon$|^lxc-start$|^systemd-nspawn$|^(crun|runc|podman)$/;

/** The name of the program that a command line begins with. */
export function programOf(words: readonly string[]): string {
  return basename(words[0] ?? '').replace(/:$/, '');
}

/** A command line without the interpreter that it begins with: of Python's, a script, or with -m a module, and what follows. */
export function afterInterpreter(words: readonly string[]): readonly string[] {
  if (!/^python[\d.]*$/.test(programOf(words))) return words;
  for (let at = 1; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '-m') return words.slice(at + 1);
    if (word === '-c') return [];
    // These take a value.
    if (['-W', '-X', '--check-hash-based-pycs'].includes(word)) at++;
    else if (!word.startsWith('-')) return words.slice(at);
  }
  return [];
}

/** Whether a program that runs has read a file as it is now. */
export type Freshness =
  | 'current'
  | 'stale'
  /** The file was modified in the future: a clock was set, or a copy kept another host's time. It tells nothing. */
  | 'unknown';

/**
 * @param age of the process in seconds; undefined if none runs
 * @param now the controller's clock, in seconds since 1970
 * @param modified when the file was last modified, likewise
 * @param written seconds since the workflow last wrote it: right whatever became of the clock; undefined if not since the boot
 */
export function freshness(age: number | undefined, now: number, modified: number, written = Infinity): Freshness {
  if (age !== undefined && age > written) return 'stale';
  // Both are whole seconds, and one of them may be a second old.
  if (modified > now + 1) return 'unknown';
  return age === undefined || now - age < modified ? 'stale' : 'current';
}
