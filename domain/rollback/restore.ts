import type { FileKind } from '../commands/catalogue';
import { executionId } from '../commands/execution';
import { magnumProcesses } from '../commands/magnum-processes';
import type { Node } from '../commands/node';
import { freshness } from '../commands/process-list';
import { haproxyOn } from '../commands/whose-processes';
import { parseListing } from '../config/firewall/table';
import { positionsOfRule } from '../config/iptables';
import { fingerprint, isStill } from '../controller/fingerprint';
import { ifPresent } from '../controller/if-present';
import type { Staged, StagedFile } from '../controller/stage';
import { asChanged, writtenOn } from '../controller/written';

/** How a controller's files and rules stand after what an execution did there was undone. */
export interface Restored {
  readonly controller: string;
  /** Paths of the files that are as they were before the execution. */
  readonly asBefore: readonly string[];
  /** Paths of those that somebody has changed since: they are left. */
  readonly left: readonly string[];
  /** Whether the running firewall was changed. */
  readonly firewall: boolean;
  /** Services that do not run, or have read what is not in place any more. */
  readonly stale: readonly string[];
  /** Whether HAProxy has read a fragment that is not in place any more. */
  readonly haproxyStale: boolean;
}

/** What the files of one execution are told by. */
export interface Undoing {
  /** Its ARN. */
  readonly execution: string;
  /** The site's SSH key, with which the fingerprints were made. */
  readonly key: string;
}

/**
 * Undoes what an execution did to the files of these kinds, each in one rename, and only where its own file is still in place.
 * Safe to repeat.
 *
 * @returns paths of the files as before, of those that are left, and whether HAProxy had read the fragment
 */
export async function restoreFiles(
  node: Node,
  files: readonly StagedFile[],
  kinds: readonly FileKind[],
  undoing: Undoing,
): Promise<Pick<Restored, 'asBefore' | 'left' | 'haproxyStale'>> {
  const isThere = !(await isUndone(node, undoing));
  const asBefore: string[] = [];
  const left: string[] = [];
  let haproxyStale = false;
  for (const file of files.filter(({ kind }) => kinds.includes(kind))) {
    // Afterwards nobody could tell.
    if (file.kind === 'fragment' && file.rewritten && isThere) haproxyStale = await hasReadFragment(node);
    const isAsBefore = await restoreFile(node, file, undoing, isThere);
    (isAsBefore ? asBefore : left).push(file.path);
  }
  return { asBefore, left, haproxyStale };
}

/** Whether nothing is left to undo: afterwards the directory of the execution is gone. */
async function isUndone(node: Node, { execution }: Undoing): Promise<boolean> {
  return (await ifPresent(node, node.commands.execution(executionId(execution)).present)) === undefined;
}

/** @returns whether the file is as it was before */
async function restoreFile(
  node: Node,
  file: StagedFile,
  { execution, key }: Undoing,
  isThere: boolean,
): Promise<boolean> {
  const { kind, digest, replaces, rewritten } = file;
  const { commands, run } = node;
  const inPlace = await fingerprint(node, key, commands.files[kind]);
  if (inPlace === replaces) return true;
  // Once it is undone, the same file may be another execution's.
  if (!isStill(inPlace, digest) || !isThere) return false;
  if (replaces === null) {
    await run(commands.removeFragment);
    return true;
  }
  const { before } = commands.execution(executionId(execution)).files[kind];
  if ((await fingerprint(node, key, before)) !== replaces) return false;
  // What runs with the new one is older than it: it has to read this one.
  await Promise.all([...(rewritten ? asChanged(node, kind, before) : []), run(before.install)]);
  return true;
}

async function hasReadFragment(node: Node): Promise<boolean> {
  const { commands, run } = node;
  const [{ haproxy }, modified, date, { fragment }] = await Promise.all([
    haproxyOn(node),
    ifPresent(node, commands.fragmentModified),
    run(commands.date),
    writtenOn(node),
  ]);
  const { age } = haproxy;
  return (
    modified !== undefined &&
    age !== undefined &&
    freshness(age, Number(date.stdout), Number(modified), fragment) !== 'stale'
  );
}

/** Puts Magnum's rules back to the numbers at which they were. @returns whether anything changed */
export async function restoreRules(node: Node, { rulesBefore }: Staged, undoing: Undoing): Promise<boolean> {
  if (rulesBefore === null || (await isUndone(node, undoing))) return false;
  const { site, commands, run } = node;
  const { stdout } = await run(commands.rules);
  const found = positionsOfRule(parseListing(stdout.split('\n')), site);
  if (found.join() === rulesBefore.join()) return false;
  for (const position of [...found].reverse()) await run(commands.deleteRule(position));
  for (const position of rulesBefore) await run(commands.insertRule(position));
  return true;
}

/** The services of a controller that do not run, or started before magnum.conf was put in place. */
export async function staleServices(node: Node): Promise<string[]> {
  const { commands, platform, run } = node;
  const [{ list }, date, modified, { magnumConf }] = await Promise.all([
    haproxyOn(node),
    run(commands.date),
    ifPresent(node, commands.magnumConfModified),
    writtenOn(node),
  ]);
  const services = [
    { name: platform.apiService, program: 'magnum-api' },
    { name: platform.conductorService, program: 'magnum-conductor' },
  ] as const;
  const isStale = (age: number | undefined) =>
    age === undefined || freshness(age, Number(date.stdout), Number(modified), magnumConf) === 'stale';
  return services.filter(({ program }) => isStale(magnumProcesses(list, program).age)).map(({ name }) => name);
}
