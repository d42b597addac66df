import { executionId } from '../commands/execution';
import type { Node } from '../commands/node';
import { changes, placeRule } from '../config/iptables';
import { MagnumHaError } from '../errors';
import { fingerprint } from './fingerprint';
import { firewallOf } from './firewall';
import { keepPlaced } from './placed';
import type { StagedFile } from './stage';
import { asChanged } from './written';

/** A staged file, or the one that it is to replace, was changed since it was validated. */
export class StagedFileChanged extends MagnumHaError {
  override readonly name = 'StagedFileChanged';
}

/** What was put in place on one controller. */
export interface Committed {
  readonly controller: string;
  /** Paths of the files. */
  readonly files: readonly string[];
  /** Whether the running firewall was changed. */
  readonly firewall: boolean;
}

/**
 * Puts the staged files in place, each in one rename, and Magnum's rule into the running firewall. Safe to repeat: what is
 * in place already is left.
 *
 * @param execution the ARN of that which has staged them
 * @param key the site's SSH key, with which the fingerprints were made
 * @throws StagedFileChanged
 */
export async function commit(
  node: Node,
  files: readonly StagedFile[],
  execution: string,
  key: string,
): Promise<Committed> {
  const { commands, run } = node;
  const own = commands.execution(executionId(execution));
  const changed = (path: string, target: string, what: string) =>
    new StagedFileChanged(
      `${path} on ${node.where} is not the file that was ${what}. Somebody or something changed it; ` +
        `${target} was not touched. Start again.`,
    );
  for (const { kind, path, digest, replaces, rewritten } of files) {
    const { staged } = own.files[kind];
    const inPlace = await fingerprint(node, key, commands.files[kind]);
    if (inPlace === digest) continue;
    // What somebody wrote meanwhile is not in the staged file, and would be lost.
    if (inPlace !== replaces) throw changed(path, path, 'read before');
    if ((await fingerprint(node, key, staged)) !== digest) throw changed(staged.path, path, 'validated');
    // What starts between the two has read the old one, and counts as older.
    await Promise.all([...(rewritten ? asChanged(node, kind, staged) : []), run(staged.install)]);
  }
  await run(own.discard);
  const firewall = await placeFirewallRule(node);
  await keepPlaced(node, execution);
  return { controller: node.name, files: files.map(({ path }) => path), firewall };
}

/** @returns whether the running firewall was changed */
async function placeFirewallRule(node: Node): Promise<boolean> {
  const { site, controller, commands, run } = node;
  const { managed, listing } = await firewallOf(node);
  if (!managed) return false;
  const placement = placeRule(listing, site, { controller });
  // First the new one, then the old ones away: there is no moment without a rule.
  if (placement.insert !== undefined) await run(commands.insertRule(placement.insert));
  for (const position of placement.remove) await run(commands.deleteRule(position));
  return changes(placement);
}
