import { everywhere } from '../commands/everywhere';
import type { Node } from '../commands/node';
import { magnumProcesses } from '../commands/magnum-processes';
import { ProcessesHidden } from '../commands/process-list';
import { servingHaproxyOn } from '../commands/whose-processes';
import type { RuleTable } from '../config/firewall/table';
import { changes, placeRule } from '../config/iptables';
import { type BlastRadius, blastRadius } from '../pacemaker/blast-radius';
import { clusterStatus, ifRunning } from '../pacemaker/cluster';
import type { ClusterStatus } from '../pacemaker/status';
import { keyedDigest, type Secrets } from '../secrets/secrets';
import type { SiteConnection } from '../commands/site-connection';
import type { Command } from '../ssh/command';
import { ifPresent } from './if-present';
import { differs, type ManagedFile, managedFiles } from './managed-files';
import { placedOn } from './placed';
import { haproxyVerdict, isStale, type Runs, staleVerdict } from './running';
import { onceEach } from './same-differences';
import { type DriftVerdict, type Evidence, fileVerdicts, foreignOptions, RUNNING_RULE, ruleVerdict } from './verdicts';
import { writtenOn } from './written';

/** A managed file, as it was found. */
export interface FileState {
  readonly path: string;
  /** `access`: only its owner, group or mode differs. */
  readonly state: 'same' | 'differs' | 'absent' | 'access';
  /** What would change, redacted; cut with a count where it is long. Empty with `sameAs`. */
  readonly diff: readonly string[];
  /** The controller before it which has the same difference, with its lines. */
  readonly sameAs?: string;
}

/** What was found on one controller. It holds no secret. */
export interface ControllerState {
  readonly name: string;
  readonly files: readonly FileState[];
  /** Whether the running firewall has Magnum's rule at its place; `same` also if that is not the workflow's to change. */
  readonly firewall: 'same' | 'differs';
  /** Services that do not run, or run with an older configuration than the file's. */
  readonly stale: readonly string[];
  /**
   * `stale`: HAProxy runs with an older fragment than the file's; `down`: it does not run, and reads its fragment once it is
   * started; `disabled`: pacemaker keeps it stopped; `unknown`: pacemaker does not run there, or nobody sees what runs, which is a
   * finding.
   */
  readonly haproxy: 'current' | 'stale' | 'down' | 'disabled' | 'unknown';
  /** What is not as wanted, of which kind, and why. */
  readonly verdicts: readonly DriftVerdict[];
}

/** What was found on a site. */
export interface Inspection {
  readonly controllers: readonly ControllerState[];
  /** What would be down while HAProxy is cycled, and in which ways it cannot be updated. */
  readonly blastRadius: BlastRadius;
  /** Keyed digest of all managed files as they are and as they should be: what redacted differences may hide. */
  readonly contents: string;
}

/**
 * Compares every controller with its desired state, side by side. Nothing is changed. What goes down with HAProxy is read
 * only if HAProxy is to be cycled, and from one controller: it is the cluster's.
 */
export async function inspect({ site, nodes, secrets }: SiteConnection): Promise<Inspection> {
  const found = await everywhere(nodes, async (node) => ({ node, ...(await inspectController(node, secrets)) }));
  const states = found.map(({ state }) => state);
  const [seen] = found.flatMap(({ node, status }) => (status ? [{ node, status }] : []));
  const radius = seen && needsCycle(seen.node, states) && (await ifRunning(blastRadius(seen.node, seen.status)));
  return {
    controllers: onceEach(states, new Map(site.controllers.map((one) => [one.name, one]))),
    contents: keyedDigest(
      secrets.reveal(site.ssh.privateKey.ssm),
      JSON.stringify(found.map(({ contents }) => contents)),
    ),
    blastRadius: radius || { listeners: [], resources: [], readBy: 'ourselves' },
  };
}

/** Whether HAProxy must be cycled, so that it reads its fragment where it runs without it. */
export function needsCycle({ commands }: Pick<Node, 'commands'>, controllers: readonly ControllerState[]): boolean {
  const { path } = commands.files.fragment;
  return controllers.some(
    ({ haproxy, files }) =>
      ['stale', 'disabled'].includes(haproxy) ||
      (haproxy !== 'down' && files.some((file) => file.path === path && hasOtherContent(file))),
  );
}

/** Whether what is in a file is not what should be: what reads it must read it again. */
export function hasOtherContent({ state }: FileState): boolean {
  return state === 'differs' || state === 'absent';
}

async function inspectController(
  node: Node,
  secrets: Secrets,
): Promise<{ readonly state: ControllerState; readonly status: ClusterStatus | undefined; readonly contents: string }> {
  const { site, commands } = node;
  const [files, running, date, conf, fragment, rules, written, status] = await Promise.all([
    managedFiles(node, secrets),
    unlessHidden(servingHaproxyOn(node)),
    node.run(commands.date),
    modifiedAt(node, commands.magnumConfModified),
    modifiedAt(node, commands.fragmentModified),
    modifiedAt(node, commands.rulesModified),
    writtenOn(node),
    ifRunning(clusterStatus(node)),
  ]);
  const { managed, listing } = files.firewall;
  const now = Number(date.stdout);
  const stale = MAGNUM.map(({ service, program }): [string, Runs] => [
    node.platform[service],
    {
      ...{ now, config: files.magnumConf.path, modified: conf, written: written.magnumConf },
      age: running && magnumProcesses(running.list, program).age,
    },
  ]).filter(([, runs]) => running && isStale(runs));
  const found = {
    files: [files.rules ?? [], files.magnumConf, files.fragment].flat(),
    firewall: managed && changes(placeRule(listing, site, { controller: node.controller })) ? 'differs' : 'same',
    stale,
    haproxy: {
      ...{ now, age: running?.haproxy.age, config: files.fragment.path },
      ...{ modified: fragment, written: written.fragment },
    },
  } as const;
  const haproxy = haproxyState(running && status, found.haproxy);
  const isAsWanted =
    !found.files.some(differs) && found.firewall === 'same' && stale.length === 0 && haproxy === 'current';
  const evidence = async (): Promise<Evidence> => ({
    node,
    placed: await placedOn(node),
    modified: { magnumConf: conf, fragment, rules },
    redact: (text) => secrets.redact(text),
  });
  const state: ControllerState = {
    name: node.name,
    files: found.files.map(stateOf),
    firewall: found.firewall,
    stale: stale.map(([name]) => name),
    haproxy,
    verdicts: isAsWanted ? [] : verdictsOn({ ...found, listing, haproxyIs: haproxy }, await evidence()),
  };
  return { state, status, contents: contentsOf(files) };
}

function contentsOf({ rules, magnumConf, fragment }: Awaited<ReturnType<typeof managedFiles>>): string {
  const files = [rules ?? [], magnumConf, fragment].flat();
  return JSON.stringify(files.map(({ path, found = null, desired, access }) => [path, found, desired, access]));
}

const MAGNUM = [
  { service: 'apiService', program: 'magnum-api' },
  { service: 'conductorService', program: 'magnum-conductor' },
] as const;

async function modifiedAt(node: Node, command: Command): Promise<number | undefined> {
  const printed = await ifPresent(node, command);
  return printed === undefined ? undefined : Number(printed);
}

/** What was found of a controller on which something is not as wanted. */
interface Found {
  readonly files: readonly ManagedFile[];
  readonly firewall: ControllerState['firewall'];
  readonly listing: RuleTable;
  readonly stale: readonly [string, Runs][];
  readonly haproxy: Runs;
  readonly haproxyIs: ControllerState['haproxy'];
}

function verdictsOn(found: Found, evidence: Evidence): DriftVerdict[] {
  const { files, stale, haproxy, haproxyIs } = found;
  return [
    ...files.flatMap((file) => [
      ...fileVerdicts(file, evidence),
      ...(file.kind === 'magnumConf' && stale.length > 0 ? foreignOptions(file, evidence) : []),
    ]),
    ...(found.firewall === 'differs' ? [{ thing: RUNNING_RULE, ...ruleVerdict(found.listing, evidence) }] : []),
    ...stale.map(([service, runs]) => staleVerdict(service, runs)),
    ...(haproxyIs === 'current' ? [] : [haproxyVerdict(haproxyIs, haproxy)]),
  ];
}

function haproxyState(status: ClusterStatus | undefined, runs: Runs): ControllerState['haproxy'] {
  if (!status) return 'unknown';
  if (status.disabled) return 'disabled';
  if (runs.age === undefined) return 'down';
  return isStale(runs) ? 'stale' : 'current';
}

/** Undefined if the SSH user does not see what runs: that is a finding of Preflight. */
async function unlessHidden<T>(asking: Promise<T>): Promise<T | undefined> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof ProcessesHidden) return undefined;
    throw error;
  }
}

function stateOf(file: ManagedFile): FileState {
  const { path, found, desired } = file;
  const diff = file.diff();
  if (found === undefined) return { path, state: 'absent', diff };
  return { path, state: found !== desired ? 'differs' : differs(file) ? 'access' : 'same', diff };
}
