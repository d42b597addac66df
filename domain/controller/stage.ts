import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { Node } from '../commands/node';
import { MagnumHaError } from '../errors';
import { keyedDigest, type Secrets } from '../secrets/secrets';
import { placesIn } from '../commands/reason';
import { type Outcome, withInput } from '../ssh/command';
import { type ManagedFile, managedFiles } from './managed-files';

/** What arrived on the controller is not what was sent: a full or a failing disk. */
export class StagedFileDamaged extends MagnumHaError {
  override readonly name = 'StagedFileDamaged';
}

/** The controller's own program rejects a staged file. Nothing is in place yet, on any controller. */
export class StagedFileRejected extends MagnumHaError {
  override readonly name = 'StagedFileRejected';
}

/** A file next to its target, complete and valid. */
export interface StagedFile {
  readonly path: string;
  /** Keyed digest of its content, see `keyedDigest`. */
  readonly digest: string;
  /** Likewise of the content it was made from and is to replace; null if there was no file. */
  readonly replaces: string | null;
}

/**
 * Puts every file that differs next to its target, checks that it arrived complete, and has the controller's own programs
 * validate it. What is in use is not touched.
 *
 * @throws StagedFileDamaged, StagedFileRejected
 */
export async function stage(node: Node, secrets: Secrets): Promise<StagedFile[]> {
  const { commands } = node;
  const { magnumConf, fragment, rules } = await managedFiles(node, secrets);
  const key = secrets.reveal(node.site.ssh.privateKey.ssm);
  const where = `on ${node.where}`;
  const put = async ({ path, found, desired, commands: file }: ManagedFile): Promise<StagedFile> => {
    // Made empty and private first: the content is never readable by more than its owner.
    await node.run(file.create);
    await node.run(withInput(file.fill, desired));
    await node.run(file.own);
    await node.run(file.mode);
    const { stdout } = await node.run(file.digestStaged);
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
    throw new StagedFileRejected(
      `The new ${file.path} ${where} is rejected by the controller's own program; the old one stays in use. It says: ` +
        (file === magnumConf
          ? `a line of it cannot be read: try \`magnum-conductor --config-file ${file.path} --version\` there`
          : secrets.redact(saidOf(file, `${stderr}\n${stdout}`))),
    );
  };

  const files: StagedFile[] = [];
  try {
    if (rules && differs(rules)) {
      refuse(rules, await node.attempt(withInput(commands.validateRules, rules.desired)));
      files.push(await put(rules));
    }
    if (differs(magnumConf)) {
      files.push(await put(magnumConf));
      refuse(magnumConf, await node.attempt(commands.validateMagnumConf));
    }
    if (differs(fragment)) {
      await node.run(commands.clearTree);
      await node.run(commands.makeTree);
      await node.run(commands.copyTree);
      files.push(await put(fragment));
      refuse(fragment, await node.attempt(commands.validateTree));
    }
  } catch (error) {
    await discard(node);
    throw error;
  }
  return files;
}

/**
 * A program may quote any line of any file, also with secrets that are none of ours: it is quoted where it speaks of the
 * fragment, in which there are none, and else only for the places that it names.
 */
function saidOf({ path }: ManagedFile, printed: string): string {
  const own = printed.split('\n').filter((line) => line.includes(`/${basename(path)}:`));
  return (
    own.join('\n').slice(0, 1000) ||
    placesIn(printed).join(', ') ||
    'nothing that can be passed on; run it there by hand'
  );
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function differs({ found, desired }: ManagedFile): boolean {
  return found !== desired;
}

/** Takes away what was staged; if that fails too, the next run overwrites it. */
async function discard({ commands, run }: Node): Promise<void> {
  const leftovers = [commands.discardMagnumConf, commands.discardRules, commands.clearTree];
  await Promise.allSettled(leftovers.map(run));
}
