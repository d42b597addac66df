import type { Node } from '../commands/node';
import { changes, placeRule } from '../config/iptables';
import { MagnumHaError } from '../errors';
import { keyedDigest } from '../secrets/secrets';
import type { Command } from '../ssh/command';
import { firewallOf } from './firewall';
import { ifPresent } from './if-present';
import type { StagedFile } from './stage';

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
 * @param key the site's SSH key, with which the digests were made
 * @throws StagedFileChanged
 */
export async function commit(node: Node, files: readonly StagedFile[], key: string): Promise<Committed> {
  const { commands } = node;
  const digestOf = async (command: Command): Promise<string | null> => {
    const line = await ifPresent(node, command);
    return line === undefined ? null : keyedDigest(key, line.split(' ')[0] ?? '');
  };
  const changed = (path: string, target: string, what: string) =>
    new StagedFileChanged(
      `${path} on ${node.where} is not the file that was ${what}. Somebody or something changed it; ` +
        `${target} was not touched. Start again.`,
    );
  for (const { path, digest, replaces } of files) {
    const file = Object.values(commands.files).find((one) => one.path === path);
    if (!file) throw new Error(`${path} is no managed file of site ${node.site.name}`);
    const inPlace = await digestOf(file.digest);
    if (inPlace === digest) continue;
    // What somebody wrote meanwhile is not in the staged file, and would be lost.
    if (inPlace !== replaces) throw changed(path, path, 'read before');
    if ((await digestOf(file.digestStaged)) !== digest) throw changed(file.stagedPath, path, 'validated');
    // What an earlier execution kept is not what was there before this one.
    await node.run(inPlace === null ? file.forget : file.keep);
    await node.run(file.install);
  }
  if (files.some(({ path }) => path === commands.files.fragment.path)) await node.run(commands.clearTree);
  return {
    controller: node.name,
    files: files.map(({ path }) => path),
    firewall: await placeFirewallRule(node),
  };
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
