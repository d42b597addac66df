import type { FileCommands, FileKind } from '../commands/catalogue';
import { magnumProcesses } from '../commands/magnum-processes';
import type { Node } from '../commands/node';
import { describeFileChanges, describeOptionChanges, describeRuleChanges } from '../config/diff';
import { haproxyFragment } from '../config/haproxy';
import { editRules } from '../config/iptables';
import { magnumOptions, resolve } from '../config/options';
import { editOslo } from '../config/oslo';
import { MagnumHaError } from '../errors';
import type { Secrets } from '../secrets/secrets';
import { listProcesses } from '../commands/whose-processes';
import { type Access, isOpenToAll, isReadable, parseAccess, printAccess, wantedAccess } from './access';
import { type Firewall, firewallOf } from './firewall';
import { ifPresent } from './if-present';

/** A file that the workflow edits but does not make is not there: what it belongs to is not installed. */
export class ManagedFileMissing extends MagnumHaError {
  override readonly name = 'ManagedFileMissing';
}

/** Another path stands where a managed file should: whoever owns its directory could make root read or write any file. */
export class ManagedFileIsLink extends MagnumHaError {
  override readonly name = 'ManagedFileIsLink';
}

/** A file holds bytes that are no UTF-8: written back, they would be others. */
export class ManagedFileNotText extends MagnumHaError {
  override readonly name = 'ManagedFileNotText';
}

/** A file that the workflow keeps on every controller, as it is and as it should be. It holds secrets. */
export interface ManagedFile {
  readonly kind: FileKind;
  readonly path: string;
  readonly found: string | undefined;
  readonly desired: string;
  /** Its owner, group and mode; those that it gets if there is none. */
  readonly access: Access;
  readonly desiredAccess: Access;
  /** Describes the difference, fit to be read by people without the secrets. */
  readonly diff: () => readonly string[];
}

/** Whether it has to be made anew: its content, or its owner, group or mode are not as they should be. */
export function differs({ found, desired, access, desiredAccess }: ManagedFile): boolean {
  return found !== desired || printAccess(access) !== printAccess(desiredAccess);
}

/** The managed files of a controller. */
interface ManagedFiles {
  readonly magnumConf: ManagedFile;
  readonly fragment: ManagedFile;
  /** Undefined if the firewall is not the workflow's to change. */
  readonly rules: ManagedFile | undefined;
  readonly firewall: Firewall;
}

/**
 * Reads the managed files of a controller and makes the desired ones from them.
 *
 * @throws ManagedFileMissing, ManagedFileIsLink, ManagedFileNotText, ConfigFileInvalid, RulesFileInvalid, UnrepresentableValue
 */
export async function managedFiles(node: Node, secrets: Secrets): Promise<ManagedFiles> {
  const { site, controller } = node;
  const { files } = node.commands;
  const read = (file: FileCommands) => ifPresent(node, file.read);
  const access = async ({ access: command }: FileCommands) => {
    const printed = await ifPresent(node, command);
    return printed === undefined ? undefined : parseAccess(printed);
  };
  const where = ({ path }: FileCommands) => `${path} on ${node.where}`;
  const redact = (text: string) => secrets.redact(text);
  const reveal = (ssm: string) => secrets.reveal(ssm);
  const [magnumConf, fragment, firewall, confAccess, fragmentAccess, rulesAccess, haproxyAccess] = await Promise.all([
    readUnlessLink(node, files.magnumConf)
      .then(present(where(files.magnumConf), 'Install the magnum packages first.'))
      .then(isText(where(files.magnumConf))),
    // Nothing of it is kept.
    read(files.fragment),
    firewallOf(node),
    access(files.magnumConf),
    access(files.fragment),
    access(files.rules),
    ifPresent(node, node.commands.haproxyAccess),
  ]);
  const ofConf = confAccess ?? NO_ACCESS;
  const ofFragment = fragmentAccess ?? parseAccess(haproxyAccess ?? '');
  const desiredOfConf = await desiredAccess(node, ofConf);
  const options = magnumOptions(site, controller);
  const wanted = options.map((option) => ({ ...option, value: resolve(option.value, reveal) }));
  const desiredFragment = haproxyFragment(site, node.platform.haproxy);
  return {
    magnumConf: {
      kind: 'magnumConf',
      path: files.magnumConf.path,
      found: magnumConf,
      access: ofConf,
      desiredAccess: desiredOfConf,
      desired: editOslo(magnumConf, wanted, where(files.magnumConf)),
      diff: () => [
        ...describeOptionChanges(magnumConf, options, reveal, redact),
        ...describeAccess(ofConf, desiredOfConf),
      ],
    },
    fragment: {
      kind: 'fragment',
      path: files.fragment.path,
      found: fragment,
      access: ofFragment,
      desiredAccess: ofFragment,
      desired: desiredFragment,
      diff: () => describeFileChanges(fragment ?? '', desiredFragment, redact),
    },
    rules: firewall.managed ? rulesFile(node, firewall, rulesAccess ?? NO_ACCESS, redact) : undefined,
    firewall,
  };
}

/** Of a file that is gone since it was read. */
const NO_ACCESS: Access = { owner: 0, group: 0, mode: 0o600 };

/** @throws ManagedFileIsLink */
async function readUnlessLink(node: Node, { path, read }: FileCommands): Promise<string | undefined> {
  const outcome = await node.attempt(read);
  if (outcome.exitCode !== 0 && outcome.stderr.includes('Too many levels of symbolic links')) {
    throw new ManagedFileIsLink(
      `${path} on ${node.where} is a link. It is not followed: whoever may write in its directory could have root read, or ` +
        `write, any file. Put the file itself there, then start again.`,
    );
  }
  if (outcome.exitCode === 0) return outcome.stdout;
  if (outcome.exitCode === 1 && outcome.stderr.includes('No such file or directory')) return undefined;
  throw node.failure(read, outcome);
}

/** Who runs Magnum is asked only where that matters. */
async function desiredAccess(node: Node, found: Access): Promise<Access> {
  if (!isOpenToAll(found) && isReadable(found, [])) return found;
  const [directory, list] = await Promise.all([
    node.run(node.commands.magnumDirectoryAccess),
    listProcesses(node).catch(() => undefined),
  ]);
  const users = (['magnum-api', 'magnum-conductor'] as const).flatMap((program) =>
    list ? magnumProcesses(list, program).users : [],
  );
  return wantedAccess(found, parseAccess(directory.stdout), users);
}

function describeAccess(found: Access, desired: Access): string[] {
  const [is, should] = [printAccess(found), printAccess(desired)];
  return is === should ? [] : [`owner:group and mode: ${is} → ${should}`];
}

function rulesFile(node: Node, firewall: Firewall, access: Access, redact: (text: string) => string): ManagedFile {
  const { site, commands } = node;
  const { rules } = commands.files;
  const where = `${rules.path} on ${node.where}`;
  const found = isText(where)(present(where, remedyOf(firewall, rules.path))(firewall.file));
  const desired = editRules(found, site, where, { controller: node.controller });
  const diff = () => describeRuleChanges(found, desired, redact);
  return { kind: 'rules', path: rules.path, found, desired, access, desiredAccess: access, diff };
}

/** How the rules get a file that is loaded at boot. */
function remedyOf({ hasUfw }: Firewall, path: string): string {
  const without = 'Without it a firewall rule does not outlive a reboot. If the rules last in another file, correct';
  const remedy = path.startsWith('/etc/sysconfig/')
    ? 'else install iptables-services, then: service iptables save'
    : hasUfw
      ? 'else turn ufw on, which is installed, and open the port with it: iptables-persistent would remove it'
      : 'else install iptables-persistent, then: netfilter-persistent save';
  return `${without} persistentRules in the site document; ${remedy}.`;
}

function present(where: string, remedy: string): (content: string | undefined) => string {
  return (content) => {
    if (content === undefined) throw new ManagedFileMissing(`There is no ${where}. ${remedy}`);
    return content;
  };
}

function isText(where: string): (content: string) => string {
  return (content) => {
    const line = content.split('\n').findIndex((one) => one.includes('\uFFFD')) + 1;
    if (line === 0) return content;
    throw new ManagedFileNotText(
      `Line ${line} of ${where} holds bytes that are no UTF-8, and would be written back as others. Correct that line by ` +
        `hand, often a comment in Latin-1, then start again.`,
    );
  };
}
