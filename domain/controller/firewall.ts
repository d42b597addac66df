import type { Node } from '../commands/node';
import type { Decision } from '../config/firewall/decide';
import { type FirewallOwner, firewallOwner } from '../config/firewall/owner';
import { parseListing, type RuleTable } from '../config/firewall/table';
import { decideRunning } from '../config/iptables';
import { ifPresent } from './if-present';

/** The firewall of a controller, as it runs. */
export interface Firewall {
  readonly owner: FirewallOwner;
  /** What `iptables -S` prints. */
  readonly listing: RuleTable;
  /** What `nft list ruleset` prints. */
  readonly nft: string;
  /** The file of persistent rules; undefined if there is none. */
  readonly file: string | undefined;
  /** What becomes, without Magnum's own rule, of new connections from the management network to the API. */
  readonly decision: Decision;
  /**
   * Whether Magnum's rule belongs into the running rules and into the file. If not, either somebody else makes the rules,
   * or there is no file and the API is open without a rule.
   */
  readonly managed: boolean;
  /** Whether ufw is installed, on or off. */
  readonly hasUfw: boolean;
}

/** Reads the firewall of a controller. */
export async function firewallOf(node: Node): Promise<Firewall> {
  const { site, controller, commands } = node;
  const [rules, nft, ufw, file] = await Promise.all([
    node.attempt(commands.rules),
    nftRulesOf(node),
    ifPresent(node, commands.ufwState),
    ifPresent(node, commands.files.rules.read),
  ]);
  if (rules.exitCode !== 0 && rules.exitCode !== NO_PROGRAM && !FOREIGN_TABLE.test(rules.stderr)) {
    throw node.failure(commands.rules, rules);
  }
  const listing = parseListing(rules.exitCode === 0 ? rules.stdout.split('\n') : []);
  const services = /^ENABLED=["']?yes/im.test(ufw ?? '') ? ['ufw'] : [];
  const owner = firewallOwner({ listing, nft, services, ...(file === undefined ? {} : { file }) }, site);
  let decided: Decision | undefined;
  /** Only Preflight asks for it if there is a file. */
  const decision = () => (decided ??= decideRunning(listing, nft, site, { controller }));
  return {
    owner,
    listing,
    nft,
    file,
    get decision() {
      return decision();
    },
    managed: owner.usesFile && (file !== undefined || decision().answer !== 'accepted'),
    hasUfw: ufw !== undefined,
  };
}

/** What `nft list ruleset` prints; empty if there is no nft, or none in the kernel. */
async function nftRulesOf({ attempt, commands }: Node): Promise<string> {
  const { exitCode, stdout } = await attempt(commands.nftRules);
  if (exitCode !== NO_PROGRAM) return exitCode === 0 ? stdout : '';
  const byPython = await attempt(commands.nftRulesByPython);
  return byPython.exitCode === 0 ? byPython.stdout : '';
}

/** What timeout(1) says if there is no such program. */
const NO_PROGRAM = 127;
/** What iptables 1.8 says of tables that were made by nft itself. */
const FOREIGN_TABLE = /is incompatible, use 'nft' tool/;
