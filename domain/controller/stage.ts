import { basename } from 'node:path';
import { sha256 } from '../canonical';
import type { FileKind } from '../commands/catalogue';
import { type ExecutionCommands, executionId, KEPT_IN } from '../commands/execution';
import type { Node } from '../commands/node';
import { changes, placeRule, positionsOfRule } from '../config/iptables';
import { MagnumHaError } from '../errors';
import { type DigestKey, digestKeyOf } from '../secrets/digest-key';
import type { Secrets } from '../secrets/secrets';
import { placesIn } from '../commands/reason';
import { type Outcome, withInput } from '../ssh/command';
import { printAccess } from './access';
import { fingerprint, fingerprintOf } from './fingerprint';
import { differs, type ManagedFile, managedFiles } from './managed-files';

/** What arrived on the controller is not what was sent: a full or a failing disk. */
export class StagedFileDamaged extends MagnumHaError {
  override readonly name = 'StagedFileDamaged';
}

/** The controller's own program rejects a staged file. Nothing is in place yet, on any controller. */
export class StagedFileRejected extends MagnumHaError {
  override readonly name = 'StagedFileRejected';
}

/** Others than root can write where files are staged, or they could not be renamed from there into place. */
export class StagingUnsafe extends MagnumHaError {
  override readonly name = 'StagingUnsafe';
}

/** A file that lies ready, complete and valid, with what it is to replace kept beside it. */
export interface StagedFile {
  readonly kind: FileKind;
  readonly path: string;
  /** Its fingerprint, see `fingerprintOf`. */
  readonly digest: string;
  /** Likewise of the file it was made from and is to replace; null if there was no file. */
  readonly replaces: string | null;
  readonly told: ToldDigests;
  /** Whether what reads it has to read it again: not if only its owner or mode changes. */
  readonly rewritten: boolean;
}

/** Digests of a file's content, as people are told them. */
export interface ToldDigests {
  /** Of what is replaced; null if there was no file. */
  readonly before: string | null;
  /** Of what replaces it. */
  readonly after: string;
  /** Name of the key, see `DigestKey`, if the file holds passwords; null if they are its plain SHA-256. */
  readonly key: string | null;
}

/** What lies ready on one controller. */
export interface Staged {
  readonly controller: string;
  readonly files: readonly StagedFile[];
  /** Numbers of Magnum's rules in the running INPUT before; null if the firewall is not the workflow's to change. */
  readonly rulesBefore: readonly number[] | null;
}

/**
 * Puts every file that differs into the execution's own directory, checks that it arrived complete, has the controller's own
 * programs validate it, and keeps what it is to replace. What is in use is not touched.
 *
 * @param execution its ARN
 * @throws StagingUnsafe, StagedFileDamaged, StagedFileRejected
 */
export async function stage(node: Node, secrets: Secrets, execution: string): Promise<Staged> {
  const { commands, site } = node;
  const own = commands.execution(executionId(execution));
  const { magnumConf, fragment, rules, firewall } = await managedFiles(node, secrets);
  const keys = { own: secrets.reveal(site.ssh.privateKey.ssm), told: digestKeyOf(site, secrets) };
  const where = `on ${node.where}`;
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
    // One that begins late, after its execution is over, finds nothing to do, and leaves nothing.
    const isOpen = !firewall.managed || !changes(placeRule(firewall.listing, site, { controller: node.controller }));
    if (!isOpen || [rules, magnumConf, fragment].some((file) => file && differs(file))) await prepare(node, execution);
    if (rules && differs(rules)) {
      refuse(rules, await node.attempt(withInput(commands.validateRules, rules.desired)));
      files.push(await put(node, own, rules, keys));
    }
    if (differs(magnumConf)) {
      files.push(await put(node, own, magnumConf, keys));
      refuse(magnumConf, await node.attempt(own.validateMagnumConf));
    }
    if (differs(fragment)) {
      await node.run(own.makeTree);
      await node.run(own.copyTree);
      files.push(await put(node, own, fragment, keys));
      refuse(fragment, await node.attempt(own.validateTree));
    }
  } catch (error) {
    // If that fails too, the next execution does it.
    await node.run(own.forget).catch(() => undefined);
    throw error;
  }
  const rulesBefore = firewall.managed ? positionsOfRule(firewall.listing, site) : null;
  return { controller: node.name, files, rulesBefore };
}

/** Makes the execution's directory, and takes away what executions before have staged: none of them works any more. */
async function prepare(node: Node, execution: string): Promise<void> {
  const { commands, run } = node;
  const id = executionId(execution);
  const own = commands.execution(id);
  await run(own.discard);
  await run(own.make);
  const [access, mounts] = await Promise.all([run(commands.keptAccess), run(commands.mountPoints)]);
  const problem = stagingProblem(access.stdout, mounts.stdout);
  if (problem !== undefined) throw new StagingUnsafe(`${problem.evidence} on ${node.where}. ${problem.remedy}`);
  const others = (await keptOn(node)).filter((one) => one !== id);
  await Promise.all(others.map((one) => run(commands.execution(one).discard)));
}

/** IDs of the executions that have kept something on a controller, the latest first. */
export async function keptOn(node: Node): Promise<string[]> {
  const { exitCode, stdout } = await node.attempt(node.commands.kept);
  return exitCode === 0 ? stdout.split('\n').filter((name) => EXECUTION_ID.test(name)) : [];
}

/**
 * Why files cannot be staged; undefined if they can.
 *
 * @param access what stat prints of the directory; undefined if there is none yet
 * @param mounts where the file systems of it and of managed files are mounted
 */
export function stagingProblem(
  access: string | undefined,
  mounts: string,
): { readonly evidence: string; readonly remedy: string } | undefined {
  if (access !== undefined && access.trim() !== 'directory root:root 700') {
    return {
      evidence: `${KEPT_IN} is "${access.trim()}"`,
      remedy: `Files with passwords are staged there: see what lies in it, then chown root:root ${KEPT_IN}; chmod 0700 ${KEPT_IN}`,
    };
  }
  const [own, ...others] = mounts.trim().split('\n');
  if (others.every((mount) => mount === own)) return undefined;
  return {
    evidence: `${KEPT_IN} lies on the file system ${own ?? ''}, and managed files on ${[...new Set(others)].join(', ')}`,
    remedy: 'Between two file systems no file is put in place by one rename. Put all of them on that of /etc.',
  };
}

/** With what digests are made: those that this execution compares, and those that people are told. */
interface Keys {
  readonly own: string;
  readonly told: DigestKey;
}

/** Stages one file. @throws StagedFileDamaged */
async function put(node: Node, own: ExecutionCommands, file: ManagedFile, keys: Keys): Promise<StagedFile> {
  const { kind, path, found, desired, access, desiredAccess } = file;
  const { run } = node;
  const { staged, before } = own.files[kind];
  const rewritten = found !== desired;
  const isAsWanted = printAccess(access) === printAccess(desiredAccess);
  // The copy of HAProxy's files has the one that is in use.
  if (kind === 'fragment') await run(staged.clear);
  await run(withInput(staged.fill, desired));
  await Promise.all([
    run(staged.own),
    ...(access.group === desiredAccess.group ? [] : [run(own.groupMagnumConf)]),
    run(staged.mode),
    ...(isAsWanted ? [] : [run(staged.close)]),
    ...(desiredAccess.mode & ~access.mode ? [run(staged.openToGroup)] : []),
    ...(rewritten ? [] : [run(staged.sameTime)]),
  ]);
  const digest = fingerprintOf(keys.own, desired, printAccess(desiredAccess));
  const replaces = found === undefined ? null : fingerprintOf(keys.own, found, printAccess(access));
  const damaged = (what: string, which: string) =>
    new StagedFileDamaged(`${what} on ${node.where} is not ${which}. Check the disk there: df, dmesg.`);
  if ((await fingerprint(node, keys.own, staged)) !== digest) throw damaged(staged.path, 'what was sent');
  if (replaces !== null) {
    await run(before.clear);
    await run(before.fill);
    await Promise.all([run(before.own), run(before.mode)]);
    if ((await fingerprint(node, keys.own, before)) !== replaces) throw damaged(before.path, `${path} as it was read`);
  }
  const told = toldDigests(file, keys.told);
  return { kind, path, digest, replaces, told, rewritten };
}

function toldDigests({ kind, found, desired }: ManagedFile, { name, digest }: DigestKey): ToldDigests {
  const [key, of] = kind === 'magnumConf' ? [name, digest] : [null, sha256];
  return { before: found === undefined ? null : of(found), after: of(desired), key };
}

const EXECUTION_ID = /^[0-9a-f]{16}$/;

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
