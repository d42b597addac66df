import { catalogue } from '../commands/catalogue';
import { placeRule } from '../config/iptables';
import { MagnumHaError } from '../errors';
import { keyedDigest } from '../secrets/secrets';
import type { Controller, Site } from '../site/document';
import type { Command } from '../ssh/command';
import type { RemoteController } from '../ssh/session';
import { ifPresent } from './if-present';
import { ruleLines } from './inspect';
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
export async function commit(
  remote: RemoteController,
  controller: Controller,
  site: Site,
  files: readonly StagedFile[],
  key: string,
): Promise<Committed> {
  const commands = catalogue(site);
  const digestOf = async (command: Command): Promise<string | null> => {
    const line = await ifPresent(remote, command);
    return line === undefined ? null : keyedDigest(key, line.split(' ')[0] ?? '');
  };
  const changed = (path: string, target: string, what: string) =>
    new StagedFileChanged(
      `${path} on ${controller.name} of site ${site.name} is not the file that was ${what}. Somebody or something changed it; ` +
        `${target} was not touched. Start again.`,
    );
  for (const { path, digest, replaces } of files) {
    const file = Object.values(commands.files).find((one) => one.path === path);
    if (!file) throw new Error(`${path} is no managed file of site ${site.name}`);
    const inPlace = await digestOf(file.digest);
    if (inPlace === digest) continue;
    // What somebody wrote meanwhile is not in the staged file, and would be lost.
    if (inPlace !== replaces) throw changed(path, path, 'read before');
    if ((await digestOf(file.digestStaged)) !== digest) throw changed(file.stagedPath, path, 'validated');
    if (inPlace !== null) await remote.run(file.keep);
    await remote.run(file.install);
  }
  if (files.some(({ path }) => path === commands.files.fragment.path)) await remote.run(commands.clearTree);
  return {
    controller: controller.name,
    files: files.map(({ path }) => path),
    firewall: await placeFirewallRule(remote, site),
  };
}

/** @returns whether the running firewall was changed */
async function placeFirewallRule(remote: RemoteController, site: Site): Promise<boolean> {
  const commands = catalogue(site);
  const { insert, remove } = placeRule(ruleLines((await remote.run(commands.rules)).stdout), site);
  // First the new one, then the old ones away: there is no moment without a rule.
  if (insert !== undefined) await remote.run(commands.insertRule(insert));
  for (const position of remove) await remote.run(commands.deleteRule(position));
  return insert !== undefined || remove.length > 0;
}
