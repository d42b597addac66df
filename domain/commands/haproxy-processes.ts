import { basename, dirname, isAbsolute, join, normalize } from 'node:path';
import { above, isContained, isService, type Process, type ProcessList } from './process-list';

/** What is known of a controller's haproxy processes besides ps. The more is given, the surer is the answer. */
export interface HaproxyEvidence {
  /** HAProxy's main configuration file, as the site document has it. */
  readonly configFile: string;
  /** Content of the resource's PID file. */
  readonly pidFile?: string;
  /** Output of `find` with `HAPROXY_PROGRAMS`: what runs another program is then no haproxy, whatever it calls itself. */
  readonly programs?: string;
  /**
   * Processes with a socket that listens, as `ss` shows them to root in HAProxy's network namespace, while HAProxy serves. If
   * one of HAProxy's own is among them, the others only finish what they have begun.
   */
  readonly listening?: ReadonlySet<number>;
  /**
   * Whether `ss` named the processes of every socket that listens, as older ones do not.
   * @default false
   */
  readonly allNamed?: boolean;
  /** Processes that were known to be leftovers before. */
  readonly leftovers?: ReadonlySet<number>;
  /** Numbers of users that run HAProxy, if they are not of system accounts. */
  readonly accounts?: ReadonlySet<number>;
}

/** A haproxy process that is not the resource's. */
export interface ForeignHaproxy {
  readonly pid: number;
  readonly kind:
    | 'neutron-metadata-proxy'
    | 'neutron-lbaas'
    | 'octavia'
    | 'container'
    /** An ordinary user's, which may call itself as it likes. */
    | 'ordinary-user'
    | 'other';
  /** The files it was started with. */
  readonly files: readonly string[];
}

/** Whose haproxy processes run on a controller. */
export interface HaproxyProcesses {
  /** Those of the resource that serve; masters and wrappers, which do not serve themselves, are not among them. */
  readonly serving: readonly Process[];
  /** Everything of the resource that must end before HAProxy is stopped: those that serve, their masters and wrappers. */
  readonly own: readonly Process[];
  /** The resource's, too, but left by a reload: they end with their last connection, and nobody waits for them. */
  readonly leftovers: readonly Process[];
  readonly foreign: readonly ForeignHaproxy[];
  /** Seconds since the youngest that serves started: what it reads has been read then. Undefined if none serves. */
  readonly age: number | undefined;
  /** Files and directories that those which serve were started with, in their order: the proof of what HAProxy reads. */
  readonly files: readonly string[];
  /** The PID file that they were told to write (`-p`), if they were told one. */
  readonly pidFile: string | undefined;
  /** How HAProxy runs. Undefined if none serves. */
  readonly mode: 'master-worker' | 'systemd-wrapper' | 'daemon' | undefined;
}

/** Tells which haproxy processes are the resource's, and which of those serve. */
export function haproxyProcesses(list: ProcessList, evidence: HaproxyEvidence): HaproxyProcesses {
  const candidates = candidatesIn(list, evidence);
  const argumentsOf = new Map(candidates.map((one) => [one.process, one]));
  const isOurs = ours(list, candidates, evidence);
  const all = candidates.map(({ process }) => process).filter((one) => isOurs.has(one));
  const parents = new Set(all.map(({ parent }) => parent));
  // A worker has no children, and is neither a wrapper nor a master that has not started its worker yet.
  const workers = all.filter((one) => !parents.has(one.pid) && !isWrapper(one) && !(isMaster(one) && isRoot(one)));
  const leaving = leavingAmong(list, all, workers, candidates, evidence);
  const serving = workers.filter((one) => !leaving.has(one));
  const [first] = serving;
  return {
    serving,
    own: all.filter((one) => !leaving.has(one)),
    leftovers: [...leaving],
    foreign: candidates
      .filter(({ process }) => !isOurs.has(process))
      .map(({ process, files }) => ({ pid: process.pid, kind: kindOf(list, process, files, evidence), files })),
    age: first && Math.min(...serving.map(({ age }) => age)),
    files: (first && argumentsOf.get(first)?.files) ?? [],
    pidFile: first && argumentsOf.get(first)?.pidFile,
    mode:
      first && (isRoot(first) ? 'daemon' : above(list, first).some(isWrapper) ? 'systemd-wrapper' : 'master-worker'),
  };

  function isRoot({ parent }: Process): boolean {
    return !all.some(({ pid }) => pid === parent);
  }
}

/** A process that may be HAProxy, and what its command line says. */
interface Candidate extends Arguments {
  readonly process: Process;
}

function candidatesIn({ all }: ProcessList, { programs }: HaproxyEvidence): Candidate[] {
  const known = programs === undefined ? undefined : programsIn(programs);
  return all
    .filter(({ pid, program }) => (known ? known.has(pid) : HAPROXY.test(program)))
    .map((process) => ({ process, ...parseArguments(process.words) }))
    .filter(({ onlyChecks }) => !onlyChecks);
}

/** haproxy, haproxy22, haproxy-2.4; not haproxy_exporter, haproxyctl, dataplaneapi. */
const HAPROXY = /^haproxy(-systemd-wrapper|[\d.-]*)$/;

/** Processes that run a program called haproxy from a directory of programs. */
function programsIn(found: string): Set<number> {
  const lines = found.matchAll(/^\/proc\/(\d+) (\/(?:usr|opt|sbin|bin)\/\S+)( \(deleted\))?$/gm);
  return new Set([...lines].filter(([, , path = '']) => HAPROXY.test(basename(path))).map(([, pid]) => Number(pid)));
}

/** The resource's processes: those of its PID file or with the site's configuration, and their trees. */
function ours(list: ProcessList, candidates: readonly Candidate[], evidence: HaproxyEvidence): Set<Process> {
  const named = pidsIn(evidence);
  const wanted = [evidence.configFile, dirname(evidence.configFile)].map((path) => normalize(path));
  const trusted = new Set(
    candidates
      .map(({ process }) => process)
      .filter((process) => isService(process, evidence.accounts) && !isContained(list, process)),
  );
  const found = new Set(
    candidates
      .filter(({ process, files }) => named.has(process.pid) || files.some((file) => wanted.includes(file)))
      .map(({ process }) => process)
      .filter((process) => trusted.has(process)),
  );
  for (const one of [...found]) for (const parent of above(list, one)) if (trusted.has(parent)) found.add(parent);
  for (const one of trusted) if (above(list, one).some((parent) => found.has(parent))) found.add(one);
  return found;
}

/** Those that a reload left to end with their last connection. */
function leavingAmong(
  list: ProcessList,
  all: readonly Process[],
  workers: readonly Process[],
  candidates: readonly Candidate[],
  evidence: HaproxyEvidence,
): Set<Process> {
  const byPid = new Map(all.map((one) => [one.pid, one]));
  const ancestors = new Map(all.map((one) => [one, above(list, one).filter(({ pid }) => byPid.has(pid))]));
  const rootOf = (one: Process) => ancestors.get(one)?.at(-1) ?? one;
  const depthOf = (one: Process) => ancestors.get(one)?.length ?? 0;
  const named = pidsIn(evidence);
  const current = new Set(all.filter(({ pid }) => named.has(pid)).map(rootOf));
  const replaced = new Set(candidates.filter(({ process }) => byPid.has(process.pid)).flatMap((one) => one.replaces));
  const youngest = Math.min(...workers.map(({ age }) => age));
  const newest = new Set(workers.filter(({ age }) => age <= youngest + TOGETHER_SECONDS).map(rootOf));
  const { listening = new Set(), allNamed = false } = evidence;
  // If none does, ss did not say which process has a socket, as older ones do not of every socket.
  const someListen = workers.some(({ pid }) => listening.has(pid));
  // Then what a reload left has outlived its successor.
  const hasDied = allNamed && !someListen && named.size > 0 && !list.all.some(({ pid }) => named.has(pid));
  const isLeaving = (one: Process): boolean => {
    if (hasDied || evidence.leftovers?.has(one.pid)) return true;
    if (someListen) return !listening.has(one.pid);
    // A number may be another process's by now: what is left has a successor that is not older.
    const successors = workers.filter(({ pid, age }) => !replaced.has(pid) && age <= one.age);
    if (replaced.has(one.pid) && successors.length > 0) return true;
    return !(current.size > 0 ? current : newest).has(rootOf(one));
  };
  const leaving = new Set(workers.filter(isLeaving));
  const staying = new Set(workers.filter((one) => !leaving.has(one)).map(rootOf));
  // A process whose children all leave only waits for them, so it leaves too; but a master or wrapper stays unless another
  // has taken over.
  for (const one of [...all].sort((a, b) => depthOf(b) - depthOf(a))) {
    const children = all.filter(({ parent }) => parent === one.pid);
    const stays = (isWrapper(one) || isMaster(one)) && (staying.size === 0 || staying.has(rootOf(one)));
    if (children.length > 0 && !stays && children.every((child) => leaving.has(child))) leaving.add(one);
  }
  return leaving;
}

/** Processes of one start differ in age by no more than this. */
const TOGETHER_SECONDS = 2;

function pidsIn({ pidFile }: HaproxyEvidence): Set<number> {
  return new Set(pidFile?.match(/\d+/g)?.map(Number));
}

function isWrapper({ program }: Process): boolean {
  return program === 'haproxy-systemd-wrapper';
}

function isMaster({ words }: Process): boolean {
  return words.includes('-W') || words.includes('-Ws');
}

function kindOf(
  list: ProcessList,
  process: Process,
  files: readonly string[],
  { accounts }: HaproxyEvidence,
): ForeignHaproxy['kind'] {
  if (isContained(list, process)) return 'container';
  if (files.some((file) => file.includes('/ns-metadata-proxy/'))) return 'neutron-metadata-proxy';
  if (files.some((file) => /\/lbaas(-?v2)?\//.test(file))) return 'neutron-lbaas';
  if (files.some((file) => file.includes('/octavia/'))) return 'octavia';
  return isService(process, accounts) ? 'other' : 'ordinary-user';
}

/** What a command line of HAProxy's says. */
interface Arguments {
  /** Its files and directories, absolute if it says so. */
  readonly files: readonly string[];
  /** Where it writes its PID, absolute. */
  readonly pidFile: string | undefined;
  /** The processes that it takes over from. */
  readonly replaces: readonly number[];
  /** It only checks a configuration, or prints its version. */
  readonly onlyChecks: boolean;
}

function parseArguments([, ...words]: readonly string[]): Arguments {
  const files: string[] = [];
  const replaces: number[] = [];
  let pidFile: string | undefined;
  let directory = '';
  let option = '';
  for (const word of words) {
    if (word.startsWith('-')) option = word;
    else if (option === '-sf' || option === '-st') replaces.push(Number(word));
    else {
      if (option === '-C') directory = word;
      if (option === '-p') pidFile = word;
      if (option === '-f' || option === '--') files.push(word);
      // Others than these take one value.
      if (option !== '--') option = '';
    }
  }
  const absolute = (file: string) => normalize(isAbsolute(file) ? file : join(directory, file));
  return {
    files: files.map(absolute),
    pidFile: pidFile === undefined ? undefined : absolute(pidFile),
    replaces: replaces.filter((pid) => pid > 1),
    onlyChecks: words.some((word) => ['-c', '-v', '-vv'].includes(word)),
  };
}
