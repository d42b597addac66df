import { createHash } from 'node:crypto';
import { catalogue } from '../commands/catalogue';
import { MagnumHaError } from '../errors';
import { keyedDigest, type Secrets } from '../secrets/secrets';
import type { Controller, Site } from '../site/document';
import { type Outcome, withInput } from '../ssh/command';
import type { RemoteController } from '../ssh/session';
import { type ManagedFile, managedFiles } from './managed-files';

/** What arrived on the controller is not what was sent: a full or a failing disk. */
export class StagedFileDamaged extends MagnumHaError {
  override readonly name = 'StagedFileDamaged';
}

/** The controller's own program rejects a staged file. Nothing is in place yet, on any controller. */
export class StagedFileRejected extends MagnumHaError {
  override readonly name = 'StagedFileRejected';
}

/** A file that lies beside its target, whole and valid. */
export interface StagedFile {
  readonly path: string;
  /** Keyed digest of its content, see `keyedDigest`. */
  readonly digest: string;
  /** Likewise of the content it was made from and is to replace; null where there was no file. */
  readonly replaces: string | null;
}

/**
 * Puts every file that differs beside its target, checks that it arrived whole, and has the controller's own programs
 * validate it. What is in use is not touched.
 *
 * @throws StagedFileDamaged, StagedFileRejected
 */
export async function stage(
  remote: RemoteController,
  controller: Controller,
  site: Site,
  secrets: Secrets,
): Promise<StagedFile[]> {
  const commands = catalogue(site);
  const { magnumConf, fragment, rules } = await managedFiles(remote, controller, site, secrets);
  const key = secrets.reveal(site.ssh.privateKey.ssm);
  const where = `on ${controller.name} of site ${site.name}`;
  const put = async ({ path, found, desired, commands: file }: ManagedFile): Promise<StagedFile> => {
    // Made empty and private first: the content is never readable by more than its owner.
    await remote.run(file.create);
    await remote.run(withInput(file.fill, desired));
    await remote.run(file.own);
    await remote.run(file.mode);
    const { stdout } = await remote.run(file.digestStaged);
    const [arrived] = stdout.split(' ');
    const sent = sha256(desired);
    if (arrived !== sent) {
      throw new StagedFileDamaged(`${file.stagedPath} ${where} is not what was sent. Check the disk there: df, dmesg.`);
    }
    const replaces = found === undefined ? null : keyedDigest(key, sha256(found));
    return { path, digest: keyedDigest(key, sent), replaces };
  };
  const refuse = (file: ManagedFile, { exitCode, stderr, stdout }: Outcome) => {
    if (exitCode === 0) return;
    // oslo.config quotes the line it cannot read, and that may hold a secret that is none of ours.
    const said =
      file === magnumConf
        ? `a line of it cannot be read: try \`magnum-conductor --config-file ${file.path} --version\` there`
        : secrets.redact(stderr.trim() || stdout.trim()).slice(0, 1000);
    throw new StagedFileRejected(
      `The new ${file.path} ${where} is rejected by the controller's own program; the old one stays in use. It says: ${said}`,
    );
  };

  const files: StagedFile[] = [];
  try {
    if (differs(rules)) {
      refuse(rules, await remote.run(withInput(commands.validateRules, rules.desired), [0, 1, 2]));
      files.push(await put(rules));
    }
    if (differs(magnumConf)) {
      files.push(await put(magnumConf));
      refuse(magnumConf, await remote.run(commands.validateMagnumConf, [0, 1, 2]));
    }
    if (differs(fragment)) {
      await remote.run(commands.clearTree);
      await remote.run(commands.makeTree);
      await remote.run(commands.copyTree);
      files.push(await put(fragment));
      refuse(fragment, await remote.run(commands.validateTree, [0, 1, 2]));
    }
  } catch (error) {
    await discard(remote, site);
    throw error;
  }
  return files;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function differs({ found, desired }: ManagedFile): boolean {
  return found !== desired;
}

/** Takes away what was staged; where that fails too, the next run overwrites it. */
async function discard(remote: RemoteController, site: Site): Promise<void> {
  const commands = catalogue(site);
  const leftovers = [commands.discardMagnumConf, commands.discardRules, commands.clearTree];
  await Promise.allSettled(leftovers.map((command) => remote.run(command)));
}
