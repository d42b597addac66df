import type { FileCommands } from '../commands/catalogue';
import type { Node } from '../commands/node';
import { describeFileChanges, describeOptionChanges, describeRuleChanges } from '../config/diff';
import { haproxyFragment } from '../config/haproxy';
import { editRules } from '../config/iptables';
import { magnumOptions, resolve } from '../config/options';
import { editOslo } from '../config/oslo';
import { MagnumHaError } from '../errors';
import type { Secrets } from '../secrets/secrets';
import { type Firewall, firewallOf } from './firewall';
import { ifPresent } from './if-present';

/** A file that the workflow edits but does not make is not there: what it belongs to is not installed. */
export class ManagedFileMissing extends MagnumHaError {
  override readonly name = 'ManagedFileMissing';
}

/** A file holds bytes that are no UTF-8: written back, they would be others. */
export class ManagedFileNotText extends MagnumHaError {
  override readonly name = 'ManagedFileNotText';
}

/** A file that the workflow keeps on every controller, as it is and as it should be. It holds secrets. */
export interface ManagedFile {
  readonly path: string;
  readonly commands: FileCommands;
  readonly found: string | undefined;
  readonly desired: string;
  /** Describes the difference, fit to be read by people without the secrets. */
  readonly diff: () => readonly string[];
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
 * @throws ManagedFileMissing, ManagedFileNotText, ConfigFileInvalid, RulesFileInvalid, UnrepresentableValue
 */
export async function managedFiles(node: Node, secrets: Secrets): Promise<ManagedFiles> {
  const { site, controller } = node;
  const { files } = node.commands;
  const read = (file: FileCommands) => ifPresent(node, file.read);
  const where = ({ path }: FileCommands) => `${path} on ${node.where}`;
  const redact = (text: string) => secrets.redact(text);
  const reveal = (ssm: string) => secrets.reveal(ssm);
  const [magnumConf, fragment, firewall] = await Promise.all([
    read(files.magnumConf)
      .then(present(where(files.magnumConf), 'Install the magnum packages first.'))
      .then(isText(where(files.magnumConf))),
    // Nothing of it is kept.
    read(files.fragment),
    firewallOf(node),
  ]);
  const options = magnumOptions(site, controller);
  const wanted = options.map((option) => ({ ...option, value: resolve(option.value, reveal) }));
  const desiredFragment = haproxyFragment(site, node.platform.haproxy);
  return {
    magnumConf: {
      path: files.magnumConf.path,
      commands: files.magnumConf,
      found: magnumConf,
      desired: editOslo(magnumConf, wanted, where(files.magnumConf)),
      diff: () => describeOptionChanges(magnumConf, options, reveal, redact),
    },
    fragment: {
      path: files.fragment.path,
      commands: files.fragment,
      found: fragment,
      desired: desiredFragment,
      diff: () => describeFileChanges(fragment ?? '', desiredFragment, redact),
    },
    rules: firewall.managed ? rulesFile(node, firewall, redact) : undefined,
    firewall,
  };
}

function rulesFile(node: Node, firewall: Firewall, redact: (text: string) => string): ManagedFile {
  const { site, commands } = node;
  const { rules } = commands.files;
  const where = `${rules.path} on ${node.where}`;
  const found = isText(where)(present(where, remedyOf(firewall, rules.path))(firewall.file));
  const desired = editRules(found, site, where, { controller: node.controller });
  const diff = () => describeRuleChanges(found, desired, redact);
  return { path: rules.path, commands: rules, found, desired, diff };
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
